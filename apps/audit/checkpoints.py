"""Signed checkpoints over all heads, in the database and in a file outside it (security.md §1.9, §5.4).

A chain alone proves nothing against someone who owns the whole database; one old copy of a checkpoint elsewhere does.
"""
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from apps.audit import chain, keys, queries
from apps.audit.models import Checkpoint
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing

LOCK = 0x61756469  # "audi": two checkpoints at once would want the same number


@all_or_nothing
def make_checkpoint(key_file: Path, *, at: datetime) -> Checkpoint | None:
    """Sign where all chains stand; None when nothing happened since the last one, or another process is at it.

    Writes no event: the checkpoint is itself the record, and an event would make the next one necessary.
    Raises Refused when the key cannot be read.
    """
    try:
        key = keys.load_key(key_file)
    except (OSError, ValueError) as fault:
        raise Refused("审计签名密钥无法读取，请运行 manage.py audit_key 生成，或检查 AUDIT_KEY_FILE 的权限。") from fault
    if not _locked():
        return None
    last = Checkpoint.objects.order_by("-number").first()
    heads = chain.heads_text(queries.heads())
    if heads == (last.heads if last else "[]"):
        return None
    number, prev_hash = (last.number + 1, bytes(last.hash)) if last else (1, chain.GENESIS)
    root, key_id = chain.heads_root(heads), keys.fingerprint(key.public_key())
    payload = chain.checkpoint_payload(
        number=number, at=at, root=root, prev_hash=prev_hash, alg=chain.CHECKPOINT_ALG, key_id=key_id
    )
    values = (number, at, heads, root, prev_hash, hashlib.sha256(payload).digest(), chain.CHECKPOINT_ALG, key_id, key.sign(payload))
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_checkpoint_add(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
    return Checkpoint.objects.get(number=number)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def as_line(one: Checkpoint) -> dict[str, Any]:
    """A checkpoint as a line of the outside file keeps it."""
    return {
        "number": one.number,
        "at": chain.moment(one.at),
        "heads": one.heads,
        "root": bytes(one.root).hex(),
        "prev_hash": bytes(one.prev_hash).hex(),
        "hash": bytes(one.hash).hex(),
        "alg": one.alg,
        "key_id": one.key_id,
        "signature": bytes(one.signature).hex(),
    }


def copy_out(file: Path) -> int:
    """Append the checkpoints that `file` does not hold yet; how many. Safe to repeat: a line lost in a crash comes next time."""
    held = [line["number"] for line in read_lines(file)] if file.exists() else []
    missing = Checkpoint.objects.filter(number__gt=max(held, default=0)).order_by("number")
    lines = [json.dumps(as_line(one), ensure_ascii=False, sort_keys=True) + "\n" for one in missing]
    if lines:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.writelines(lines)
            out.flush()
            os.fsync(out.fileno())
    return len(lines)


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The checkpoints of an outside file, in its order; ValueError for a file of something else."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def faults(lines: list[dict[str, Any]], public_key_file: Path) -> Iterator[chain.Fault]:
    """What is wrong with checkpoints, and where the chains no longer hold what they signed."""
    yield from chain.checkpoint_faults(lines, keys.verifier(keys.load_public(public_key_file)))
    for stream, wanted in sorted(chain.promised(lines).items()):
        yield from chain.broken_promises(queries.hashes(stream, list(wanted)), stream, wanted)


def stored() -> list[dict[str, Any]]:
    """The database's own checkpoints as lines."""
    return [as_line(one) for one in Checkpoint.objects.order_by("number").iterator(chunk_size=500)]
