"""Taking files in, removing them, handing them out."""
from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.timezone import localdate

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.stored import held
from apps.core.whole import all_or_nothing
from apps.files import rules, storage
from apps.files.models import Attachment
from apps.files.queries import attachments_of
from apps.parameters import queries as parameters

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from apps.accounts.models import User

ORPHAN_AGE = datetime.timedelta(hours=24)  # an upload whose transaction is still open is never that old


@all_or_nothing
def attach(
    record: models.Model, *, upload: UploadedFile, kind: str, by: User | None, at: datetime.datetime,
    secrecy: str = Attachment.Secrecy.UNIT,
) -> Attachment:
    """Add a file to a record that can still be edited. `kind` is a code of the 字典 material_kind.

    Raises Refused (field `file`, `kind` or `secrecy`) with what to do. Bytes are on disk before the row exists.
    """
    _lock_editable(record)
    name = upload.name or ""
    _refuse(rules.fault_of_name(name))
    if kind not in parameters.labels("material_kind"):
        raise Refused("选择材料类别", field="kind")
    if secrecy not in Attachment.Secrecy.values:
        raise Refused("选择公开属性", field="secrecy")
    if attachments_of(record).count() >= rules.PER_RECORD:
        raise Refused(f"每条记录的附件不超过 {rules.PER_RECORD} 个", field="file")
    max_mb = parameters.whole("file.max_mb", on=localdate(at))
    with storage.received(upload, max_bytes=max_mb * 1024 * 1024) as incoming:
        _refuse(rules.fault_of_size(incoming.size, max_mb=max_mb))
        _refuse(rules.fault_of_content(name, incoming.content))
        attachment = Attachment.objects.create(
            content_type=ContentType.objects.get_for_model(record), object_id=record.pk, name=name, kind=kind, secrecy=secrecy,
            size=incoming.size, sha256=incoming.sha256, media_type=rules.media_type(name), stored_as=storage.keep(incoming),
            uploaded_by=by, uploaded_at=at,
        )
    _note("file.attached", attachment, record=record, by=by, at=at,
          after={"name": name, "kind": kind, "size": attachment.size, "sha256": attachment.sha256})
    return attachment


@all_or_nothing
def remove(attachment: Attachment, *, reason: str, by: User, at: datetime.datetime) -> Attachment:
    """Take a file off a record that can still be edited. The row and its bytes stay, for the audit."""
    fresh = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if fresh.removed_at is not None:
        raise Refused("附件已移除。")
    record = fresh.record
    if record is None:
        raise Refused("附件所属的记录不存在。")
    _lock_editable(record)
    fresh.removed_at, fresh.removed_by, fresh.removed_reason = at, by, reason
    fresh.save(update_fields=["removed_at", "removed_by", "removed_reason"])
    _note("file.removed", fresh, record=record, by=by, at=at, reason=reason, before={"name": fresh.name, "sha256": fresh.sha256})
    return fresh


@all_or_nothing
def hand_out(attachment: Attachment, *, by: User, at: datetime.datetime) -> Path:
    """Record that `by` downloads the file and say where its bytes lie. Raises Refused when they are gone."""
    path = storage.path_of(attachment.stored_as)
    if not path.is_file():
        raise Refused("附件的文件不在存储中，联系系统管理员从备份恢复。")
    _note("file.downloaded", attachment, record=attachment.record, by=by, at=at, after={"name": attachment.name})
    return path


def sweep_orphans(*, at: datetime.datetime) -> int:
    """Delete bytes no row points to (an upload that was rolled back), a day after they came; returns how many."""
    old = list(storage.stored_before((at - ORPHAN_AGE).timestamp()))
    known = set(Attachment.objects.filter(stored_as__in=old).values_list("stored_as", flat=True))
    orphans = [name for name in old if name not in known]
    for name in orphans:
        storage.forget(name)
    return len(orphans)


def _lock_editable(record: models.Model) -> None:
    """Hold the record's row and refuse when it can no longer be edited."""
    fresh: Any = held(type(record)._base_manager.all(), record.pk)
    if not getattr(fresh, "is_editable", False):
        raise Refused("记录已提交，不能再修改附件")


def _refuse(fault: str) -> None:
    if fault:
        raise Refused(fault, field="file")


def _note(event: str, attachment: Attachment, *, record: Any, by: User | None, at: datetime.datetime, **facts: Any) -> None:
    """One audit event in the stream of the record's unit."""
    unit = getattr(record, "unit", None)
    note(event, stream=unit.stream if unit else "sys", by=by, at=at, record=record, unit_id=unit.pk if unit else None, **facts)
