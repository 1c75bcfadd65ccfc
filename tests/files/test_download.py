"""The guarded download (security.md IN-01, AL-02)."""
import uuid

import pytest

from apps.files.services import remove
from tests.files.conftest import GOOD
from tests.kit.audit import events, flushed
from tests.kit.risks import FILED


@pytest.fixture
def get(client):
    def as_(person, address):
        client.force_login(person)
        return client.get(address)

    return as_


def test_a_file_comes_inert_and_is_written_down(upload, world, get, record):
    kept = upload("会议 纪要.pdf")
    answer = get(world.people["author"], kept.url)
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, GOOD["pdf"])
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E4%BC%9A")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]
    flushed()
    (taken,) = events(event_type="file.downloaded")
    assert (taken.actor_id, taken.object_id) == (world.people["author"].pk, str(record.pk))


@pytest.mark.parametrize("who", ["stranger", "below", "system_admin", "nobody"])
def test_outside_the_scope_there_is_no_such_file(upload, world, get, who):
    kept = upload()
    assert get(world.people[who], kept.url).status_code == 404
    assert get(world.people[who], f"/files/{uuid.uuid4()}/").status_code == 404
    flushed()
    assert list(events(event_type="file.downloaded")) == []


def test_a_removed_file_is_not_handed_out(upload, world, get):
    kept = upload()
    remove(kept, reason="传错", by=world.people["author"], at=FILED)
    assert get(world.people["author"], kept.url).status_code == 404


def test_lost_bytes_are_not_found(upload, world, get, storage):
    kept = upload()
    (storage / kept.stored_as).unlink()
    assert get(world.people["author"], kept.url).status_code == 404


def test_without_a_login_nothing_is_handed_out(upload, client):
    assert client.get(upload().url).status_code == 302
