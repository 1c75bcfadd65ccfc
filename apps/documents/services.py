"""Asking for a job, changing one's mind, taking the file."""
from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.documents import results, rules
from apps.documents.jobs import kind_of
from apps.documents.models import Job
from apps.documents.queries import open_jobs_of
from apps.documents.running import run_jobs
from apps.org.scope import scope_of

if TYPE_CHECKING:
    from apps.accounts.models import User

__all__ = ["cancel_job", "hand_out", "request_job", "retry_job", "run_jobs", "sweep_results"]
State = Job.State


@all_or_nothing
def request_job(
    kind: str, *, by: User, at: datetime.datetime, title: str, params: Mapping[str, Any], stream: str = "sys",
    told: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    """Leave a job for the workers in the caller's transaction; one takes it up within two seconds of the commit.

    `params` are JSON-ready; `told` stands for them in the audit where they may hold personal data or much text. `stream` is the
    audit stream of what is exported.
    KeyError for an unknown kind; Refused when the person has too many open jobs.
    """
    kind_of(kind)
    if open_jobs_of(by) >= rules.OPEN_PER_PERSON:
        raise Refused(f"您已有 {rules.OPEN_PER_PERSON} 项任务尚未完成。等待完成或取消其中一项后再提交。")
    job = Job.objects.create(
        kind=kind, title=title[:200], params=dict(params), stream=stream, requested_by=by, requested_at=at, not_before=at
    )
    _note("job.requested", job, by=by, at=at, after={"kind": kind, "params": job.params if told is None else dict(told)})
    return job


@all_or_nothing
def cancel_job(job: Job, *, by: User, at: datetime.datetime) -> Job:
    """Give up one's own waiting or running job; a running worker stops at its next report."""
    fresh = _own(job, by=by)
    if not fresh.is_open:
        raise Refused(f"任务{fresh.get_state_display()}，不能取消。")
    before = fresh.state
    fresh.state, fresh.finished_at, fresh.lease_until = State.CANCELLED, at, None
    fresh.save(update_fields=["state", "finished_at", "lease_until"])
    _note("job.cancelled", fresh, by=by, at=at, before={"state": before}, after={"state": fresh.state})
    return fresh


@all_or_nothing
def retry_job(job: Job, *, by: User, at: datetime.datetime) -> Job:
    """Start one's own failed or cancelled job again, with three fresh attempts."""
    fresh = _own(job, by=by)
    if not fresh.can_retry:
        raise Refused(f"任务{fresh.get_state_display()}，不能重试。")
    if open_jobs_of(by) >= rules.OPEN_PER_PERSON:
        raise Refused(f"您已有 {rules.OPEN_PER_PERSON} 项任务尚未完成。等待完成或取消其中一项后再重试。")
    before = fresh.state
    fresh.state, fresh.attempts, fresh.error, fresh.done, fresh.total = State.WAITING, 0, "", 0, 0
    fresh.not_before, fresh.finished_at = at, None
    fresh.save(update_fields=["state", "attempts", "error", "done", "total", "not_before", "finished_at"])
    _note("job.retried", fresh, by=by, at=at, before={"state": before}, after={"state": fresh.state})
    return fresh


@all_or_nothing
def hand_out(job: Job, *, by: User, at: datetime.datetime) -> Path:
    """Record that the requester takes the file and say where it lies. Refused when it is gone, or his rights are others now."""
    fresh = _own(job, by=by)
    if fresh.has_file and fresh.rights != scope_of(by).digest:
        raise Refused("您的权限已调整，此文件不再提供，重新导出后下载。")
    path = results.path_of(fresh.file_path) if fresh.has_file else None
    if path is None or not path.is_file():
        raise Refused("文件已超过保留期，重新导出后下载。")
    _note("job.downloaded", fresh, by=by, at=at, after={"file": fresh.file_name, "sha256": fresh.file_sha256})
    return path


@all_or_nothing
def sweep_results(*, at: datetime.datetime) -> int:
    """Remove files past their week, files no job points to, and lines past three months; returns how many files."""
    expired = Job.objects.filter(expires_at__lte=at).exclude(file_path="")
    names = list(expired.values_list("file_path", flat=True))
    expired.update(file_path="")
    Job.objects.filter(requested_at__lt=at - rules.KEEP_ROW).exclude(state__in=(State.WAITING, State.RUNNING)).delete()
    old = set(results.older_than((at - datetime.timedelta(days=1)).timestamp()))
    orphans = old - set(Job.objects.filter(file_path__in=old).values_list("file_path", flat=True))
    gone = {*names, *orphans}
    for name in gone:
        results.drop(name)
    return len(gone)


def _own(job: Job, *, by: User) -> Job:
    """The job's row, locked; Refused for anybody but its requester."""
    fresh = Job.objects.select_for_update().get(pk=job.pk)
    if fresh.requested_by_id != by.pk:
        raise Refused("只能处理自己的任务。")
    return fresh


def _note(event: str, job: Job, *, by: User | None, at: datetime.datetime, **facts: Any) -> None:
    note(event, stream=job.stream, by=by, at=at, record=job, **facts)
