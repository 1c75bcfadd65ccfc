"""The worker's side: take a job up, run its function under a lease, keep the result only if the lease still holds."""
from __future__ import annotations

import datetime
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.documents import results, rules
from apps.documents.jobs import Denied, Progress, Stopped, kind_of, page_of
from apps.documents.models import Job
from apps.notices.services import notify
from apps.org.scope import scope_of

log = logging.getLogger(__name__)
State = Job.State
Clock = Callable[[], datetime.datetime]
WORTH_A_NOTICE = datetime.timedelta(seconds=30)  # whoever waited longer has left the page


class TimeUp(BaseException):
    """A job gave no sign for too long. Not an Exception, so that no library swallows it."""


def run_jobs(*, clock: Clock, limit: int = 1, only: Any = None) -> int:
    """Take up and run up to `limit` jobs that wait or whose worker died (or `only` the one with this id).

    Returns how many were taken up. Any number of workers may run this at once.
    """
    taken = 0
    while taken < limit and (job := _take_up(clock(), only=only)) is not None:
        taken += 1
        if job.state == State.RUNNING:
            _run(job, clock=clock)
    return taken


def waiting_ids(*, at: datetime.datetime) -> list[Any]:
    """The jobs to be taken up now, oldest first."""
    return list(Job.objects.filter(_ready(at)).order_by("requested_at", "pk").values_list("pk", flat=True))


def _ready(at: datetime.datetime) -> Q:
    return Q(state=State.WAITING, not_before__lte=at) | Q(state=State.RUNNING, lease_until__lt=at)


@all_or_nothing
def _take_up(at: datetime.datetime, *, only: Any) -> Job | None:
    """Lock the oldest ready job, count the attempt and commit that before any risk is taken (AV-16)."""
    rows = Job.objects.select_for_update(skip_locked=True, of=("self",)).select_related("requested_by").filter(_ready(at))
    job = (rows.filter(pk=only) if only else rows).order_by("requested_at", "pk").first()
    if job is None:
        return None
    job.fencing += 1
    if not rules.may_try_again(job.attempts):
        _settle(job, State.FAILED, f"已尝试 {job.attempts} 次，生成进程均异常退出。缩小范围后重试。", at=at)
    elif not job.requested_by.is_active:
        _settle(job, State.DENIED, "申请人账号已停用。", at=at)
    else:
        job.state, job.attempts, job.lease_until = State.RUNNING, job.attempts + 1, at + rules.LEASE
        job.started_at = job.started_at or at
        job.save(update_fields=["state", "attempts", "fencing", "lease_until", "started_at"])
    return job


def _run(job: Job, *, clock: Clock) -> None:
    """Run the job's function and settle the job by its outcome."""
    try:
        with _time_limit() as rearm:
            made = kind_of(job.kind).run(job, _progress(job, clock=clock, rearm=rearm))
        _keep(job, *made, at=clock()) if made is not None else _end(job, State.DONE, "", at=clock())
    except Stopped:
        log.info("job %s stopped", job.pk)
    except TimeUp:
        _end(job, State.FAILED, f"生成超时：{rules.SILENCE:.0f} 秒内没有进展。缩小范围后重试。", at=clock())
    except Denied as no:
        _end(job, State.DENIED, no.message, at=clock())
    except Refused as no:
        _end(job, State.FAILED, no.message, at=clock())
    except Exception:
        log.exception("job %s (%s), attempt %s", job.pk, job.kind, job.attempts)
        _fault(job, at=clock())


def _progress(job: Job, *, clock: Clock, rearm: Callable[[], None]) -> Progress:
    """The function a job reports through: stores n of total, prolongs the lease, and stops a job that is no longer ours."""

    def report(done: int, total: int) -> None:
        rearm()
        ours = Job.objects.filter(pk=job.pk, fencing=job.fencing, state=State.RUNNING)
        if not ours.update(done=done, total=total, lease_until=clock() + rules.LEASE):
            raise Stopped

    return report


@contextmanager
def _time_limit() -> Iterator[Callable[[], None]]:
    """Raise TimeUp in this block after rules.SILENCE seconds without a call of the yielded function.

    Works in a process's main thread, where Celery and `tick` run jobs; elsewhere the lease alone limits a job.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    def ring(number: int, frame: Any) -> None:
        raise TimeUp

    def rearm() -> None:
        signal.setitimer(signal.ITIMER_REAL, rules.SILENCE, 1)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        rearm()
        yield rearm
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _keep(job: Job, name: str, media: str, content: Any, *, at: datetime.datetime) -> None:
    """Store the file and finish the job, unless the lease was lost meanwhile."""
    stored = results.store(content)
    with transaction.atomic():
        ours = _ours(job)
        if ours is not None:
            ours.file_name, ours.file_type, ours.file_path = name[-200:], media, stored.path
            ours.file_size, ours.file_sha256, ours.expires_at = stored.size, stored.sha256, at + rules.KEEP
            ours.rights = scope_of(job.requested_by).digest
            ours.done = ours.total = max(ours.total, ours.done, 1)
            file = ["file_name", "file_type", "file_path", "file_size", "file_sha256", "expires_at", "rights"]
            ours.save(update_fields=[*file, "done", "total"])
            _settle(ours, State.DONE, "", at=at, after={"file": ours.file_name, "size": stored.size, "sha256": stored.sha256})
    if ours is None:
        results.drop(stored.path)


@all_or_nothing
def _end(job: Job, state: str, reason: str, *, at: datetime.datetime) -> None:
    """Settle a job that made no file, if it is still ours."""
    ours = _ours(job)
    if ours is not None:
        _settle(ours, state, reason, at=at)


@all_or_nothing
def _fault(job: Job, *, at: datetime.datetime) -> None:
    """Put a job that broke back into the line, or give it up after the third time."""
    ours = _ours(job)
    if ours is None:
        return
    if rules.may_try_again(ours.attempts):
        ours.state, ours.not_before, ours.lease_until = State.WAITING, at + rules.PAUSE * ours.attempts, None
        ours.save(update_fields=["state", "not_before", "lease_until"])
    else:
        _settle(ours, State.FAILED, f"生成出错，已尝试 {ours.attempts} 次。把任务编号 {str(ours.pk)[:8]} 告知系统管理员。", at=at)


def _ours(job: Job) -> Job | None:
    """The job's row, locked, while this worker's lease number still stands and nobody cancelled it."""
    return (
        Job.objects.select_for_update(of=("self",)).select_related("requested_by")
        .filter(pk=job.pk, fencing=job.fencing, state=State.RUNNING).first()
    )


def _settle(job: Job, state: str, reason: str, *, at: datetime.datetime, after: dict[str, Any] | None = None) -> None:
    """Write a job's end with its audit event; a requester who waited long is told."""
    job.state, job.error, job.finished_at, job.lease_until = state, reason[:500], at, None
    job.save(update_fields=["state", "error", "finished_at", "lease_until", "fencing"])
    event = {State.DONE: "job.done", State.DENIED: "job.denied"}.get(State(state), "job.failed")
    note(event, stream=job.stream, by=None, at=at, record=job, reason=reason, after=after,
         result={State.DONE: "ok", State.DENIED: "refused"}.get(State(state), "failed"))
    if at - job.requested_at > WORTH_A_NOTICE:
        done = "已完成，可下载文件" if job.has_file else "已完成"
        notify([job.requested_by], kind="documents.job", key=f"job-{job.pk}-{job.fencing}", at=at, url=page_of(job) or "/jobs/",
               body=reason, title="您提交的任务" + (done if state == State.DONE else "未完成，请查看原因"))
