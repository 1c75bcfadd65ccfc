"""Kinds of jobs, and the words between a job's function and the worker that runs it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apps.core.errors import Refused
from apps.documents.models import Job


class Denied(Refused):
    """The requester may no longer have what he asked for; said by a job's function when it checks the scope again."""


class Stopped(Exception):  # noqa: N818 -- no error: the requester changed his mind
    """The job was cancelled, or another worker has it: the function ends, nothing is kept."""


class Progress(Protocol):
    """Told by a job's function at least once a minute; raises Stopped."""

    def __call__(self, done: int, total: int) -> None: ...


Result = tuple[str, str, bytes | Path]
Run = Callable[[Job, Progress], Result | None]


@dataclass(frozen=True)
class JobKind:
    """What a worker does for one kind of job."""

    name: str
    label: str
    run: Run
    page: Callable[[Job], str] | None = None  # where to see what became of a job that makes no file


_kinds: dict[str, JobKind] = {}


def job_kind(name: str, *, label: str, page: Callable[[Job], str] | None = None) -> Callable[[Run], Run]:
    """Register `run(job, progress) -> (file name, content type, bytes or path)` for a kind; None where it makes no file.

    The function reads through `visible_to(job.requested_by)`: the scope holds at run time, not at request time. It
    may raise Denied, or Refused with a reason for the requester; any other exception is tried again.
    """

    def register(run: Run) -> Run:
        if name in _kinds:
            raise ValueError(f"job kind {name!r} is already there")
        _kinds[name] = JobKind(name, label, run, page)
        return run

    return register


def kind_of(name: str) -> JobKind:
    """The kind called `name`; KeyError when no app registered it."""
    return _kinds[name]


def page_of(job: Job) -> str:
    """The address where what became of a job is seen; "" where its file is all there is."""
    kind = _kinds.get(job.kind)
    return kind.page(job) if kind is not None and kind.page is not None else ""


def forget(name: str) -> None:
    """Take a kind away again (tests)."""
    _kinds.pop(name, None)
