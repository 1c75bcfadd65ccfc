"""`/healthz` and `/readyz`: alive, ready, and in Chinese why not."""
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from apps.core import health
from apps.core.models import Heartbeat
from tests.kit import roles

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def probes():
    """A registry that a test may fill."""
    before = dict(health._probes)
    yield health._probes
    health._probes.clear()
    health._probes.update(before)


def beat(ago):
    Heartbeat.objects.update_or_create(name="tick", defaults={"at": NOW - ago})


def test_alive_needs_nothing_at_all(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok", "text/plain")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405


def test_ready_with_a_fresh_tick(client, db):
    Heartbeat.objects.create(name="tick", at=timezone.now())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["reasons"]) == (200, True, [])


def test_not_ready_before_the_first_tick(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["定时任务尚未运行。"], "warnings": answer.json()["warnings"]}
    assert "定时任务" in answer.content.decode()


def test_a_tick_may_be_fifteen_minutes_old(db):
    beat(timedelta(minutes=15))
    assert health.examine(NOW).reasons == []
    beat(timedelta(minutes=15, seconds=1))
    assert health.examine(NOW).reasons == ["定时任务已超过15分钟没有运行。"]


def test_not_ready_while_migrations_are_pending(open_records):
    beat(timedelta())
    with roles.as_owner() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' RETURNING name, applied")
        rows = cursor.fetchall()
    try:
        found = health.examine(NOW)
        assert len(found.reasons) == 1
        assert "个数据库变更尚未执行" in found.reasons[0]
        assert found.warnings == []
    finally:
        with roles.as_owner() as cursor:
            for name, applied in rows:
                cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('core', %s, %s)", [name, applied])
    assert health.examine(NOW).reasons == []


@pytest.fixture
def open_records(transactional_db):
    """A committed database, whose record of migrations another role can change."""
    assert MigrationRecorder(connection).has_table()


def test_not_ready_without_a_database(transactional_db):
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "no_such_database"
    try:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": ["数据库无法连接。"], "warnings": []})
        assert Client().get("/healthz").status_code == 200
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def test_a_blocking_probe_gives_a_reason_and_another_a_warning(db, probes):
    beat(timedelta())
    probes.clear()
    asked = []
    health.register("gate", lambda at: asked.append(at) or ["甲未就绪。"], blocking=True)
    health.register("hint", lambda at: ["乙将到期。", "丙将到期。"])
    assert health.examine(NOW) == health.Health(["甲未就绪。"], ["乙将到期。", "丙将到期。"])
    assert asked == [NOW]


def test_a_probe_that_cannot_read_the_database_is_named(db, probes):
    beat(timedelta())
    probes.clear()

    def broken(at):
        raise OperationalError

    health.register("甲", broken, blocking=True)
    assert health.examine(NOW).reasons == ["检查项“甲”无法读取数据库。"]
