"""Sheets with many rows are checked, imported and undone by a worker, while the page shows how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from apps.documents.jobs import Denied, Progress, job_kind
from apps.documents.models import Job
from apps.documents.queries import job_about, open_jobs
from apps.documents.services import request_job
from apps.exchange import committing, services
from apps.exchange.models import Batch

if TYPE_CHECKING:
    from apps.accounts.models import User

AT_ONCE = 300  # rows that a request checks, imports or undoes by itself
CHECK, COMMIT, UNDO = "import-check", "import-commit", "import-undo"
WORDS = {CHECK: "校验导入文件", COMMIT: "批量导入", UNDO: "撤销导入"}


def start(kind: str, batch: Batch, *, by: User, url: str) -> Job:
    """Leave the work on this batch for a worker; `url` is the page that shows it. Raises Refused as request_job."""
    params = {"batch": batch.pk, "version": batch.version, "url": url}
    return request_job(kind, by=by, at=timezone.now(), title=f"{WORDS[kind]}：{batch.file_name}", params=params)


def last_job(batch: Batch, *, of: User) -> Job | None:
    """The newest work of a worker on this batch."""
    return job_about(of, tuple(WORDS), batch=batch.pk)


def is_open(batch: Batch, *, of: User) -> bool:
    """Whether a worker has the batch, or is going to take it up."""
    job = last_job(batch, of=of)
    return job is not None and job.is_open


def busy(user: User) -> set[int]:
    """The batches of this person that a worker has or is going to take up."""
    return {job.params["batch"] for job in open_jobs(user, tuple(WORDS))}


def _page(job: Job) -> str:
    return str(job.params.get("url", ""))


def _batch_of(job: Job) -> Batch:
    batch = Batch.objects.select_related("unit").filter(pk=job.params.get("batch"), owner=job.requested_by).first()
    if batch is None:
        raise Denied("上传的文件已删除或已过期，重新上传。")
    return batch


@job_kind(CHECK, label=WORDS[CHECK], page=_page)
def check_rows(job: Job, progress: Progress) -> None:
    """Hold every row that is not left out against the register's form."""
    batch = _batch_of(job)
    if batch.state == Batch.State.OPEN:
        services.check(batch, services.going(batch), by=job.requested_by, at=timezone.now(), progress=progress)


@job_kind(COMMIT, label=WORDS[COMMIT], page=_page)
def commit_batch(job: Job, progress: Progress) -> None:
    """Import the batch; nothing to do where an earlier try of this job got that far."""
    batch = _batch_of(job)
    if batch.state != Batch.State.DONE:
        if batch.version != job.params.get("version"):  # undone and taken up again meanwhile: nobody asked for this import
            raise Denied("导入期间有行被修改，核对后重新导入。")
        committing.commit(batch, by=job.requested_by, at=timezone.now(), progress=progress)


@job_kind(UNDO, label=WORDS[UNDO], page=_page)
def undo_batch(job: Job, progress: Progress) -> None:
    """Take the batch back; nothing to do where an earlier try of this job got that far."""
    batch = _batch_of(job)
    if batch.state != Batch.State.UNDONE:
        committing.undo(batch, by=job.requested_by, at=timezone.now(), progress=progress)
