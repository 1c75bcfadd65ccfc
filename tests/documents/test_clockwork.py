"""The loop, the tick and a real worker (house.md mechanism 5; security.md AV-02, AV-07)."""
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.core.models import Heartbeat
from apps.documents.models import Job
from apps.documents.services import request_job
from apps.notices.models import Delivery
from apps.notices.services import notify
from config import tick as ticking
from config.attend import LEASE, attend
from config.tick import tick
from tests.kit.smtp import running_sink, smtp, wait_until  # noqa: F401 -- a fixture


def leave(person, kind=None):
    """A notice with a mail, and a job, left now."""
    now = timezone.now()
    notify([person], kind="test", key=f"k{now}", title="题", body="", url="", at=now)
    if kind:
        kind(lambda job, progress: ("x.pdf", "application/pdf", b"x"))
        request_job("test-kind", by=person, at=now, title="账", params={})


@pytest.mark.django_db
def test_the_loop_sends_mail_and_offers_each_job_once(person, smtp, kind):  # noqa: F811
    leave(person(), kind)
    offered = []
    assert attend(clock=timezone.now, offer=offered.append, seconds=1.2)
    assert offered == [Job.objects.get().pk]
    assert len(smtp.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_loops_one_ends_at_once(person, smtp):  # noqa: F811
    first = threading.Thread(target=lambda: (attend(clock=timezone.now, offer=print, seconds=2), connection.close()))
    first.start()
    assert wait_until(lambda: Heartbeat.objects.filter(name="attend").exists(), seconds=2)
    assert not attend(clock=timezone.now, offer=print, seconds=600)  # it would not come back in time if it stayed
    first.join()
    assert attend(clock=timezone.now, offer=print, seconds=0.1)


@pytest.mark.django_db
def test_a_loop_that_died_is_replaced_after_its_lease(person):
    now = timezone.now()
    Heartbeat.objects.create(name="attend", at=now)
    assert not attend(clock=lambda: now + LEASE / 2, offer=print, seconds=0.1)
    assert attend(clock=lambda: now + LEASE, offer=print, seconds=0.1)


@pytest.mark.django_db
def test_a_loop_taken_for_dead_gives_way(person):
    moments = iter([timezone.now() + LEASE * n for n in range(20)])

    def clock():
        moment = next(moments)
        Heartbeat.objects.filter(name="attend").update(at=moment)  # another one has taken over
        return moment

    began = time.monotonic()
    attend(clock=clock, offer=print, seconds=30)
    assert time.monotonic() - began < 15  # of the 30 s it was given


@pytest.mark.django_db
def test_a_worker_told_to_end_does_not_wait_for_the_loop(person):
    pauses = []
    assert attend(clock=timezone.now, offer=print, seconds=600, pause=lambda seconds: pauses.append(seconds) or True)
    assert len(pauses) == 1
    assert attend(clock=timezone.now, offer=print, seconds=0.1)  # and the next worker's loop begins at once


@pytest.mark.django_db
def test_one_tick_does_all_without_redis(person, smtp, kind, settings):  # noqa: F811
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"
    leave(person(), kind)
    call_command("tick")
    assert Job.objects.get().state == "done"
    assert len(smtp.mails) == 1
    assert Heartbeat.objects.get(name="tick").at <= timezone.now()
    call_command("tick")
    assert len(smtp.mails) == 1


@pytest.mark.django_db
def test_beside_the_loop_a_tick_leaves_mails_and_jobs_alone(person, smtp, kind):  # noqa: F811
    leave(person(), kind)
    assert tick(clock=timezone.now, outbox=False) == []
    assert (Job.objects.get().state, Delivery.objects.get().state) == ("waiting", "pending")


@pytest.mark.django_db
def test_cleaning_is_done_once_a_day(person):
    tick(clock=timezone.now)
    first = Heartbeat.objects.get(name="clean").at
    tick(clock=timezone.now)
    assert Heartbeat.objects.get(name="clean").at == first
    tomorrow = timezone.now() + timezone.timedelta(days=1)
    tick(clock=lambda: tomorrow)
    assert Heartbeat.objects.get(name="clean").at == tomorrow


@pytest.mark.django_db
def test_a_step_that_breaks_is_named_and_the_others_go_on(person, smtp, settings, monkeypatch):  # noqa: F811
    leave(person())

    def broken(**facts):
        raise RuntimeError

    monkeypatch.setattr(ticking, "sweep_results", broken)
    with pytest.raises(CommandError, match="clean"):
        call_command("tick")
    assert len(smtp.mails) == 1
    assert Heartbeat.objects.filter(name="tick").exists()


@contextlib.contextmanager
def celery(*words, settings, tmp_path, **env):
    """A Celery process of ours on the test database and its own broker database."""
    name = connection.settings_dict["NAME"]
    env = os.environ | env | {
        "DATABASE_URL": os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + name, "PORTAL_STATE": str(tmp_path),
        "REDIS_URL": os.environ["REDIS_URL"] + "?virtual_host=5", "C_FORCE_ROOT": "1", "PYTHONPATH": f"{tmp_path}:{settings.BASE_DIR}",
    }
    with (tmp_path / f"{words[0]}.log").open("w") as log:
        command = [sys.executable, "-m", "celery", "-A", "config", *words]
        process = subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


KINDS = """
from config.celery import app
from apps.documents.jobs import job_kind

@job_kind("live", label="活")
def live(job, progress):
    progress(1, 1)
    return "x.pdf", "application/pdf", b"x"
"""


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_takes_rows_up_within_two_seconds(person, kind, settings, tmp_path):
    (tmp_path / "livekinds.py").write_text(KINDS)
    kind(lambda job, progress: None, name="live")
    zhou = person()
    with running_sink() as sink:
        mail = {"PORTAL_SMTP_HOST": sink.host, "PORTAL_SMTP_PORT": str(sink.port)}
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
        options = {"settings": settings, "tmp_path": tmp_path, **mail}
        with (
            celery("worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle", "--include", "livekinds", **options),
            celery("beat", "-l", "INFO", "-s", str(tmp_path / "schedule"), "--pidfile=", **options),
        ):
            log = tmp_path / "worker.log"
            assert wait_until(lambda: Heartbeat.objects.filter(name="attend").exists(), seconds=60), log.read_text()[-3000:]
            # Long before beat's first minute: `/readyz` is not kept waiting.
            assert wait_until(lambda: Heartbeat.objects.filter(name="tick").exists(), seconds=30), log.read_text()[-3000:]
            for _ in range(3):
                now = timezone.now()
                notify([zhou], kind="test", key=f"k{now}", title="题", body="", url="", at=now)
                job = request_job("live", by=zhou, at=now, title="账", params={})
                assert wait_until(lambda job=job: Job.objects.get(pk=job.pk).started_at is not None, seconds=10), log.read_text()[-3000:]
                assert (Job.objects.get(pk=job.pk).started_at - now).total_seconds() < 2
                assert wait_until(lambda: not Delivery.objects.exclude(state="sent").exists(), seconds=5)
                assert (Delivery.objects.latest("sent_at").sent_at - now).total_seconds() < 2
                assert wait_until(lambda job=job: Job.objects.get(pk=job.pk).state == "done", seconds=10), log.read_text()[-3000:]
                time.sleep(1)
        assert len(sink.mails) == 3
