import datetime
import hashlib
import os
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.files import rules, storage
from apps.files.models import Attachment
from apps.files.queries import attachment_for, attachments_of
from apps.files.services import attach, hand_out, remove, sweep_orphans
from tests.files.conftest import GOOD
from tests.kit.audit import event, flushed
from tests.kit.risks import FILED, point_in

LATER = FILED + datetime.timedelta(days=2)


def on_disk(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_is_kept_under_a_random_name_with_its_fingerprint(upload, record, storage):
    kept = upload("会议纪要.pdf")
    assert (kept.name, kept.size, kept.media_type, kept.secrecy) == ("会议纪要.pdf", len(GOOD["pdf"]), "application/pdf", "unit")
    assert kept.sha256 == hashlib.sha256(GOOD["pdf"]).hexdigest()
    assert on_disk(storage) == [kept.stored_as]
    assert "纪要" not in kept.stored_as
    assert kept.record == record
    assert list(attachments_of(record)) == [kept]
    assert str(kept) == "会议纪要.pdf"
    assert (kept.kind_label, kept.url) == ("会议纪要", f"/files/{kept.pk}/")


def test_taking_in_and_removing_are_events_of_the_record(upload, record, world):
    kept = upload()
    remove(kept, reason="传错", by=world.people["author"], at=LATER)
    flushed()
    added, gone = event(event_type="file.attached"), event(event_type="file.removed")
    assert (added.object_type, added.object_id, added.stream) == ("risks.riskpoint", str(record.pk), record.unit.stream)
    assert kept.sha256 in added.body
    assert gone.reason == "传错"


def test_a_removed_file_is_listed_no_more_and_its_bytes_stay(upload, record, world, storage):
    kept = upload()
    remove(kept, reason="传错", by=world.people["author"], at=LATER)
    assert list(attachments_of(record)) == []
    assert on_disk(storage) == [kept.stored_as]
    with pytest.raises(Refused, match="附件已移除"):
        remove(kept, reason="再传错", by=world.people["author"], at=LATER)


@pytest.mark.parametrize(("facts", "field", "words"), [
    ({"name": "绝密.pdf"}, "file", rules.STATE_SECRETS), ({"name": "a.exe"}, "file", "格式的文件"),
    ({"content": b""}, "file", "文件是空的"),
    ({"content": b"MZ"}, "file", "不是 pdf"), ({"kind": "no-such"}, "kind", "选择材料类别"),
    ({"secrecy": "secret"}, "secrecy", "选择公开属性"),
])
def test_a_refusal_names_its_field_and_leaves_nothing_behind(upload, storage, facts, field, words):
    with pytest.raises(Refused, match=words) as no:
        upload(**facts)
    assert no.value.field == field
    assert Attachment.objects.count() == 0
    assert on_disk(storage) == []


def test_a_record_handed_in_takes_and_loses_no_files(upload, record, world):
    kept = upload()
    from apps.risks import services

    services.submit(record, by=world.people["author"], at=FILED)
    with pytest.raises(Refused, match="记录已提交，不能再修改附件"):
        upload(to=record)
    with pytest.raises(Refused, match="记录已提交，不能再修改附件"):
        remove(kept, reason="", by=world.people["author"], at=LATER)


def test_a_row_that_knows_no_editing_takes_no_files(world):
    with pytest.raises(Refused, match="记录已提交"):
        attach(world.people["author"], upload=SimpleUploadedFile("a.pdf", GOOD["pdf"]), kind="other", by=None, at=FILED)


def test_a_file_whose_record_is_gone_is_not_removed(upload, record, world):
    kept = upload()
    Attachment.objects.filter(pk=kept.pk).update(object_id=10**9)
    with pytest.raises(Refused, match="所属的记录不存在"):
        remove(kept, reason="", by=world.people["author"], at=LATER)


def test_a_record_has_a_limit_of_files(upload, monkeypatch):
    monkeypatch.setattr(rules, "PER_RECORD", 1)
    upload()
    with pytest.raises(Refused, match="不超过 1 个"):
        upload()


class Endless:
    """An upload that claims to be small and never ends."""

    name, size = "大.zip", 10

    def __init__(self):
        self.sent = 0

    def chunks(self, size):
        while True:
            self.sent += size
            yield GOOD["zip"][:4] + b"\0" * (size - 4)


def test_an_upload_is_cut_off_at_the_limit_whatever_its_header_says(record, world, storage):
    endless = Endless()
    with pytest.raises(Refused, match="单个文件不超过 50 MB"):
        attach(record, upload=endless, kind="other", by=world.people["author"], at=FILED)
    assert endless.sent < 51 * 1024 * 1024
    assert on_disk(storage) == []


def test_a_full_disk_is_said_and_leaves_no_row(upload, settings, tmp_path):
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(Refused, match="附件没有保存"):
        upload()
    assert Attachment.objects.count() == 0


def test_who_may_see_the_record_may_see_its_files(upload, world):
    kept = upload()
    assert attachment_for(world.people["author"], kept.pk) == kept
    for outsider in ("stranger", "below", "system_admin", "nobody"):
        assert attachment_for(User.objects.get(pk=world.people[outsider].pk), kept.pk) is None


def test_files_of_rows_without_a_scope_are_nobodys(upload, world):
    from django.contrib.contenttypes.models import ContentType

    kept = upload()
    Attachment.objects.filter(pk=kept.pk).update(content_type=ContentType.objects.get_for_model(User), object_id=world.people["author"].pk)
    assert attachment_for(world.people["author"], kept.pk) is None


def test_bytes_that_are_gone_are_said(upload, world, storage):
    kept = upload()
    (storage / kept.stored_as).unlink()
    with pytest.raises(Refused, match="从备份恢复"):
        hand_out(kept, by=world.people["author"], at=LATER)


def test_only_old_bytes_without_a_row_are_swept(upload, storage):
    kept = upload()
    with transaction.atomic():
        upload("回滚.pdf")
        transaction.set_rollback(True)
    (storage / "incoming" / "half").write_bytes(b"half")
    assert len(on_disk(storage)) == 3
    now = datetime.datetime.now(datetime.UTC)
    assert sweep_orphans(at=now) == 0
    old = time.time() - 90000
    for name in on_disk(storage):
        os.utime(storage / name, (old, old))
    assert sweep_orphans(at=now) == 2
    assert on_disk(storage) == [kept.stored_as]


def test_sweeping_an_empty_store_finds_nothing(db):
    assert sweep_orphans(at=FILED) == 0
    assert not storage.root().exists()


def test_a_handed_in_point_keeps_what_it_has(world, upload):
    assert list(attachments_of(point_in("department", world))) == []
