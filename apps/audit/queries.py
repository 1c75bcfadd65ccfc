"""Questions to the audit: the reading page's list, and what does not fit."""
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.audit import chain
from apps.audit.events import UNATTRIBUTED
from apps.audit.models import Event

Key = tuple[datetime, str, int]


@dataclass(frozen=True)
class EventPage:
    """One page of events, newest first, and the key that the next page starts after (None on the last)."""

    events: list[Event]
    next: Key | None


def events(
    *,
    person: int | None = None,
    object_type: str = "",
    object_id: str = "",
    event: str = "",
    unit_ids: list[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Key | None = None,
    limit: int = 50,
) -> EventPage:
    """The events that fit every filter given, newest first; `until` is exclusive, `after` is a page's `next`."""
    exact = {"actor_id": person, "object_type": object_type, "object_id": object_id, "event_type": event}
    wanted = Q(**{name: value for name, value in exact.items() if value not in (None, "")})
    if unit_ids is not None:
        wanted &= Q(unit_id__in=unit_ids)
    if since is not None:
        wanted &= Q(at__gte=since)
    if until is not None:
        wanted &= Q(at__lt=until)
    if after is not None:
        at, stream, seq = after
        wanted &= Q(at__lte=at) & (Q(at__lt=at) | Q(stream__lt=stream) | Q(stream=stream, seq__lt=seq))
    found = list(Event.objects.filter(wanted).order_by("-at", "-stream", "-seq")[: limit + 1])
    page = found[:limit]
    return EventPage(page, (page[-1].at, page[-1].stream, page[-1].seq) if len(found) > limit else None)


def unattributed_since(at: datetime) -> int:
    """How many changes came through no service since `at`."""
    return Event.objects.filter(event_type=UNATTRIBUTED, at__gte=at).count()


# One statement, so that writers between two statements cannot look like faults. The last event of a chain is found by
# two index look-ups; chains without a head by jumping from stream to stream.
HEADS = """
WITH RECURSIVE streams AS (
  (SELECT stream FROM audit_event ORDER BY stream LIMIT 1)
  UNION ALL
  SELECT (SELECT e.stream FROM audit_event e WHERE e.stream > s.stream ORDER BY e.stream LIMIT 1) FROM streams s WHERE s.stream IS NOT NULL
)
SELECT stream, h.seq, h.hash, last.seq, last.hash
FROM audit_head h FULL JOIN (SELECT stream FROM streams WHERE stream IS NOT NULL) s USING (stream)
LEFT JOIN LATERAL (
  SELECT e.seq, e.hash FROM audit_event e WHERE e.stream = coalesce(h.stream, s.stream) ORDER BY e.seq DESC LIMIT 1
) last ON true
ORDER BY stream COLLATE "C"
"""


def _head_rows() -> list[tuple[str, int | None, bytes, int | None, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(HEADS)
        rows = cursor.fetchall()
    return [(stream, seq, bytes(digest or b""), last, bytes(last_digest or b"")) for stream, seq, digest, last, last_digest in rows]


def heads() -> list[chain.Head]:
    """Where every chain stands, in one moment."""
    return [chain.Head(stream, seq, digest) for stream, seq, digest, _, _ in _head_rows() if seq is not None]


def head_faults(stream: str = "") -> list[chain.Fault]:
    """The heads that do not fit their last event; milliseconds, however long the chains are."""
    faults = []
    for name, seq, digest, last, last_digest in _head_rows():
        if stream and name != stream:
            continue
        if seq is None:
            faults.append(chain.Fault(name, None, "no_head", "有事件但没有链头"))
        elif (last or 0) > seq:
            faults.append(chain.Fault(name, seq + 1, "beyond_head", "事件超出链头，系被插入或链头被改动"))
        elif (last or 0) < seq:
            faults.append(chain.Fault(name, (last or 0) + 1, "tail", f"缺少第{(last or 0) + 1}至{seq}条事件，末尾被删除或链头被改动"))
        elif seq and digest != last_digest:
            faults.append(chain.Fault(name, seq, "head", "链头与最后一条事件不符"))
    return faults


COLUMNS = ", ".join("host(ip)" if field == "ip" else field for field in chain.Link.__dataclass_fields__)
LINKS = f"SELECT {COLUMNS} FROM audit_event WHERE stream = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT %s"  # noqa: S608 -- fields of Link


def links(head: chain.Head, *, batch: int = 5000) -> Iterator[chain.Link]:
    """The events of a chain up to its head, read in batches (no server-side cursor: pgbouncer)."""
    seq = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(LINKS, [head.stream, seq, head.seq, batch])
            rows = cursor.fetchall()
        for row in rows:
            values: list[Any] = [bytes(value) if isinstance(value, memoryview) else value for value in row]
            yield chain.Link(*values)
        if len(rows) < batch:
            return
        seq = rows[-1][1]


def faults(stream: str = "") -> Iterator[chain.Fault]:
    """Everything wrong with one chain or with all: every link is hashed again."""
    rows = {name: (seq, digest) for name, seq, digest, _, _ in _head_rows() if not stream or name == stream}
    found = head_faults(stream)
    for name, (seq, digest) in rows.items():
        if seq is not None:
            head = chain.Head(name, seq, digest)
            yield from chain.check_links(links(head), head)
    yield from (fault for fault in found if fault.kind in {"no_head", "beyond_head"})


def hashes(stream: str, seqs: list[int]) -> list[tuple[int, bytes]]:
    """The hashes a chain holds at some places; a place that holds nothing is left out."""
    held = Event.objects.filter(stream=stream, seq__in=seqs).values_list("seq", "hash")
    return [(seq, bytes(digest)) for seq, digest in held]
