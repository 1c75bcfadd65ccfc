"""Writes of the directory: units' particulars, departments, posts and people, one record at a time."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from apps.accounts.services import disable_account
from apps.audit import streams
from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.masking import mask_id_number, mask_phone
from apps.core.stored import checked
from apps.core.whole import all_or_nothing
from apps.org.models import Department, Person, Post, Unit
from apps.org.services import create_unit, move_unit

if TYPE_CHECKING:
    from apps.accounts.models import User

M = TypeVar("M", Unit, Department, Post, Person)
MASKS = {"id_number": mask_id_number, "phone": mask_phone}
UNTOLD = {"id", "path", "id_number_index", "phone_index"}


def _told(record: models.Model) -> dict[str, Any]:
    """The content of a record for its event; personal values only masked, for events are never erased."""
    found = {field.name: getattr(record, field.attname) for field in record._meta.concrete_fields if field.name not in UNTOLD}
    return found | {name: mask(found[name]) for name, mask in MASKS.items() if name in found}


def _event(record: models.Model, what: str) -> str:
    return f"{record._meta.model_name}.{what}"


def _stored(record: M, *, what: str, before: dict[str, Any] | None, by: User | None, at: datetime.datetime) -> M:
    """Check the record by its own rules, store it, and write it down."""
    checked(record, exclude=["path"])
    record.save()
    unit = record.pk if isinstance(record, Unit) else record.unit_id
    note(_event(record, what), stream=streams.SYS, by=by, at=at, record=record, unit_id=unit, before=before, after=_told(record))
    return record


@all_or_nothing
def create(kind: type[M], /, *, by: User | None, at: datetime.datetime, **fields: Any) -> M:
    """A new unit, department, post or person. Raises Refused, with the field, for what the model's rules refuse."""
    if kind is Unit:
        return create_unit(fields.pop("parent"), by=by, at=at, **fields)  # type: ignore[return-value]
    return _stored(kind(**fields), what="created", before=None, by=by, at=at)


@all_or_nothing
def change(record: M, /, *, by: User | None, at: datetime.datetime, **fields: Any) -> M:
    """Set some fields of a record. A unit that gets another parent takes all below it along; who leaves loses his account.

    Raises Refused, with the field, for what the model's rules refuse.
    """
    before = _told(record)
    if isinstance(record, Unit) and (parent := fields.pop("parent", None)) is not None:
        assert by is not None, "the tree is only ever changed by somebody"
        move_unit(record, to=parent, by=by, at=at)
        before["parent"] = record.parent_id
    leaves = isinstance(record, Person) and record.is_active and fields.get("is_active") is False
    for name, value in fields.items():
        setattr(record, name, value)
    stored = _stored(record, what="changed", before=before, by=by, at=at) if fields else record
    if leaves and isinstance(record, Person) and record.account is not None and record.account.is_active:
        disable_account(record.account, by=by, at=at, reason="人员离职")
    return stored


@all_or_nothing
def remove(record: M, *, by: User | None, at: datetime.datetime) -> None:
    """Delete a record nothing refers to. Raises Refused where something does."""
    before, key = _told(record), record.pk
    try:
        record.delete()
    except models.ProtectedError as error:
        raise Refused(f"{record}已被引用，不能删除。") from error
    record.pk = key
    note(_event(record, "removed"), stream=streams.SYS, by=by, at=at, record=record, before=before)
