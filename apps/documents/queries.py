"""Questions about jobs."""
from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from apps.documents.models import Job

if TYPE_CHECKING:
    from apps.accounts.models import User


def jobs_of(user: User) -> QuerySet[Job]:
    """The user's own jobs, newest first; nobody sees anybody else's."""
    return Job.objects.filter(requested_by=user).order_by("-requested_at", "-pk")


def open_jobs_of(user: User) -> int:
    """How many jobs of the user are waiting or running."""
    return Job.objects.filter(requested_by=user, state__in=(Job.State.WAITING, Job.State.RUNNING)).count()


def open_jobs(user: User, kinds: Collection[str]) -> QuerySet[Job]:
    """The user's waiting and running jobs of these kinds."""
    return Job.objects.filter(requested_by=user, kind__in=kinds, state__in=(Job.State.WAITING, Job.State.RUNNING))


def place_in_line(job: Job) -> int:
    """How many jobs are taken up before a waiting one."""
    return Job.objects.filter(state=Job.State.WAITING, requested_at__lt=job.requested_at).count()


def job_about(user: User, kinds: Collection[str], **params: Any) -> Job | None:
    """The user's newest job of one of these kinds with these parameters."""
    return jobs_of(user).filter(kind__in=kinds, **{f"params__{name}": value for name, value in params.items()}).first()
