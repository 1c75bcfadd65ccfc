"""Bytes on disk: written to a temporary name, synced, renamed; found again by a random name."""
from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.core.files.storage import default_storage

from apps.core.errors import Refused

if TYPE_CHECKING:
    from django.core.files.base import File

INCOMING = "incoming"


@dataclass
class Incoming:
    """A file that has arrived and not been taken in yet."""

    content: BinaryIO
    size: int
    sha256: str


def root() -> Path:
    """The folder of all attachments."""
    return Path(default_storage.path(""))


@contextmanager
def received(upload: File, *, max_bytes: int) -> Iterator[Incoming]:
    """Stream an upload into a temporary file, counting and hashing; stops at `max_bytes` + 1 whatever the header said.

    The temporary file is gone after the block, whether `keep` took it or not. Raises Refused when the disk is full.
    """
    path = root() / INCOMING / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb+") as content:
            for chunk in upload.chunks(64 * 1024):
                digest.update(chunk)
                size += len(chunk)
                content.write(chunk)
                if size > max_bytes:
                    break
            content.flush()
            os.fsync(content.fileno())
            yield Incoming(content, size, digest.hexdigest())
    except OSError as error:
        raise Refused("存储空间不足或不可写，附件没有保存。联系系统管理员处理后重新上传。") from error
    finally:
        if path.parent.is_dir():
            path.unlink(missing_ok=True)


def keep(incoming: Incoming) -> str:
    """Give the bytes their final random name, durably; returns it."""
    name = secrets.token_hex(16)
    stored_as = f"{name[:2]}/{name}"
    target = root() / stored_as
    target.parent.mkdir(exist_ok=True)
    os.rename(incoming.content.name, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return stored_as


def path_of(stored_as: str) -> Path:
    """Where the bytes of a stored name lie."""
    return root() / stored_as


def forget(stored_as: str) -> None:
    """Remove bytes nobody points to."""
    path_of(stored_as).unlink(missing_ok=True)


def stored_before(moment: float) -> Iterator[str]:
    """Stored names whose bytes are older than `moment` (seconds since 1970); temporary ones included."""
    if not root().is_dir():
        return
    for folder in root().iterdir():
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime < moment:
                yield f"{folder.name}/{path.name}"
