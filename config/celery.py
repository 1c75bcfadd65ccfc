"""The alarm clock and the pool. Loss of any message is healed: rows wait in the database, beat keeps the loop alive.

Web requests import nothing from here and never talk to the broker (house.md mechanism 5).
"""
import multiprocessing
import os
from uuid import UUID

from celery import Celery, Task
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("portal")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 600, "unacked_restore_interval": 5, "unacked_restore_throttle": 1,
        "socket_timeout": 5, "socket_connect_timeout": 3, "health_check_interval": 30,
    },
    visibility_timeout=600,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=120,
    task_soft_time_limit=90,
    task_ignore_result=True,
    worker_max_tasks_per_child=200,
    worker_send_task_events=False,
    timezone=settings.TIME_ZONE,
    beat_schedule_filename=str(settings.STATE_DIR / "beat-schedule"),
    # A message that finds no free worker before the next one comes is worth nothing: `expires` keeps the queue short.
    beat_schedule={
        "attend": {"task": "attend", "schedule": 5.0, "options": {"expires": 4}},
        "tick": {"task": "tick", "schedule": 60.0, "options": {"expires": 55}},
    },
)

ending = multiprocessing.Event()  # made before the pool forks: the worker's parent sets it, the children see it


@app.task(name="attend", bind=True)
def attend_outbox(self: Task, **_kwargs: object) -> None:
    """The loop that takes up mails and jobs; its successor is called at its end, beat only revives it."""
    from config.attend import attend  # noqa: PLC0415 -- tasks are leaves

    def offer(job_id: UUID) -> None:
        run_job.apply_async(kwargs={"job_id": str(job_id)}, expires=30)

    if attend(clock=timezone.now, offer=offer, pause=ending.wait) and not ending.is_set():
        self.apply_async(expires=4)


@app.task(name="run_job", time_limit=900, soft_time_limit=840)
def run_job(*, job_id: str, **_kwargs: object) -> None:
    """Run one job of the report centre, if it still waits."""
    from apps.documents.services import run_jobs  # noqa: PLC0415 -- tasks are leaves

    run_jobs(clock=timezone.now, only=UUID(job_id))


@app.task(name="tick")
def tick_once(**_kwargs: object) -> None:
    """What falls due by the clock; mails and jobs are the loop's."""
    from config.tick import tick  # noqa: PLC0415 -- tasks are leaves

    tick(clock=timezone.now, outbox=False)


@worker_shutting_down.connect
def end_the_loop(**_kwargs: object) -> None:
    """A warm shutdown waits for what runs: the loop, which runs always, would hold it for half a minute."""
    ending.set()


@worker_ready.connect
def first_tick(**_kwargs: object) -> None:
    """What fell due while nothing ran is done at once, and `/readyz` need not wait for beat's first minute."""
    tick_once.apply_async(expires=55)
