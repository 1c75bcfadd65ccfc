"""The launcher from outside: start, stop, death, busy port, own servers. Run by `make test-launcher`."""
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import portal as launcher
from tests.launcher.conftest import ROOT, Portal, alive, descendants, plain_environment, until

pytestmark = pytest.mark.launcher


def page(port):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", "/healthz")
    try:
        return link.getresponse().status
    finally:
        link.close()


def command(*args, **env):
    line = [sys.executable, "portal.py", *args]
    return subprocess.run(line, cwd=ROOT, env=plain_environment(**env), capture_output=True, text=True, timeout=120, check=False)


def test_second_start_is_quick_and_stops_in_order(state):
    with Portal(state) as portal:
        assert f"READY http://127.0.0.1:{portal.port}/" in portal.text()
        assert page(portal.port) == 200
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert portal.seconds <= 3 * busy
        family = descendants(portal.process.pid)
    assert portal.process.returncode == 0
    assert not [pid for pid in family if alive(pid)]
    assert portal.text().rstrip().endswith("已全部停止")


def test_kill_9_leaves_nothing_and_the_next_start_is_clean(state):
    with Portal(state) as portal:
        until(lambda: len(descendants(portal.process.pid)) >= 12, 10)  # the worker's pool is there
        family = descendants(portal.process.pid)
        portal.process.kill()
        assert until(lambda: not [pid for pid in family if alive(pid)], 5)
    with Portal(state, PORT=portal.port) as again:
        assert f"READY http://127.0.0.1:{portal.port}/" in again.text()
    assert "was interrupted" not in (state / "logs/postgres.log").read_text()


def test_busy_port_moves_on_and_says_so(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with Portal(state, PORT=port) as portal:
            assert f"端口 {port} 已被占用" in portal.text()
            assert f"READY http://127.0.0.1:{port}/" not in portal.text()
            assert "READY http://127.0.0.1:" in portal.text()


def test_second_run_on_the_same_state_is_refused_and_manage_joins(state):
    with Portal(state) as portal:
        second = command("run", PORTAL_STATE=state)
        assert second.returncode == 1
        assert "已经在运行" in second.stdout
        assert page(portal.port) == 200
        sql = "select current_user::text, rolsuper, rolcreatedb from pg_roles where rolname = current_user"
        code = f"from django.db import connection as c; k = c.cursor(); k.execute({sql!r}); print(k.fetchone())"
        shown = command("manage", "shell", "-v", "0", "-c", code, PORTAL_STATE=state)
        assert "('portal_app', False, False)" in shown.stdout, shown.stdout + shown.stderr


def test_manage_alone_brings_the_servers_for_the_moment(state):
    done = command("manage", "migrate", "--check", PORTAL_STATE=state)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (state / "pg/PG_VERSION").exists()
    assert not (state / "pg/postmaster.pid").exists()


def test_a_dead_worker_is_started_again(state):
    with Portal(state) as portal:
        os.kill(portal.child("worker"), signal.SIGKILL)
        assert until(lambda: "worker 意外退出" in portal.text(), 5)
        time.sleep(1)
        assert portal.child("worker")
        assert page(portal.port) == 200


@pytest.mark.parametrize(("word", "name"), [("gunicorn", "web"), ("redis", "Redis")])
def test_a_dead_server_ends_the_run(state, word, name):
    with Portal(state) as portal:
        family = descendants(portal.process.pid)
        os.kill(portal.child(word), signal.SIGKILL)
        assert portal.process.wait(60) == 1
        assert f"{name} 意外退出" in portal.text()
        assert not [pid for pid in family if alive(pid)]


def test_own_servers_are_used_and_nothing_is_embedded(state, place):
    with Portal(state) as first:
        env = launcher.Servers(state).environment()
        urls = {name: env[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CACHE_URL", "SECRET_KEY", "FIELD_KEY")}
        with Portal(place / "other", **urls) as second:
            assert "READY" in second.text(), second.text()
            assert "PostgreSQL" not in second.text()
            assert not (place / "other/pg").exists()
        assert page(first.port) == 200


def test_secrets_are_private_and_the_superuser_is_not_handed_out(state):
    for name in ("secrets", "field-key", "demo-password"):
        assert (state / name).stat().st_mode & 0o777 == 0o600
    assert "DATABASE_ADMIN_URL" not in launcher.Servers(state).environment()


@pytest.mark.parametrize("lost", ["secrets", "field-key"])
def test_a_database_whose_keys_are_lost_is_left_alone_and_said(state, lost):
    key = state / lost
    words = key.read_text()
    key.unlink()
    try:
        for _ in range(2):  # the first try made no new key either
            done = command("run", PORTAL_STATE=state)
            assert done.returncode == 1
            assert f"缺少它的密钥 {lost}" in done.stdout
            assert not key.exists()
    finally:
        key.touch(mode=0o600)
        key.write_text(words)
    with Portal(state) as portal:
        assert "READY" in portal.text()
