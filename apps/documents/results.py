"""The files jobs made: written beside, synced, renamed; kept in the state folder for a week."""
from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Stored:
    """A result on disk."""

    path: str
    size: int
    sha256: str


def folder() -> Path:
    """Where results lie."""
    return Path(settings.STATE_DIR) / "results"


def empty() -> Path:
    """A place for a job to write its file to; left behind by a job that died, it is swept like every file no job points to."""
    folder().mkdir(parents=True, exist_ok=True)
    return folder() / f"{secrets.token_hex(16)}.new"


def store(content: bytes | Path) -> Stored:
    """Put a result on disk under a random name; a path is moved. Raises OSError when the disk is full."""
    folder().mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    target, part = folder() / name, folder() / f"{name}.part"
    try:
        if isinstance(content, Path):
            shutil.move(content, part)
        else:
            part.write_bytes(content)
        with part.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return Stored(name, target.stat().st_size, digest)


def path_of(name: str) -> Path:
    """Where a result lies."""
    return folder() / name


def drop(name: str) -> None:
    """Remove a result; gone already is as good."""
    path_of(name).unlink(missing_ok=True)


def older_than(moment: float) -> Iterator[str]:
    """Names of files on disk last written before `moment` (seconds since 1970)."""
    for path in folder().iterdir() if folder().is_dir() else ():
        if path.stat().st_mtime < moment:
            yield path.name
