"""Writing events. There is one door, and it opens into the caller's transaction."""
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from apps.audit.catalogue import is_declared
from apps.core import context

AT_ONCE = 50  # events in one statement
RESULTS = {"ok": "成功", "refused": "拒绝", "failed": "失败"}


class Actor(Protocol):
    """Who acts: a User, of whom the audit knows only the number and the name."""

    pk: Any
    name: str


class _CanonicalEncoder(DjangoJSONEncoder):
    """Dates, decimals and UUIDs as text, rows as their key: nothing depends on a locale or on microsecond rounding."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime):
            return o.isoformat()
        if isinstance(o, models.Model):
            return o.pk
        if isinstance(o, set | frozenset):
            return sorted(o)
        return super().default(o)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; refuses NaN (ValueError) and what JSON cannot say (TypeError)."""
    return json.dumps(value, cls=_CanonicalEncoder, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """The body of an event: `before` and `after` without the fields that are equal in both."""
    old, new = dict(before or {}), dict(after or {})
    for field in old.keys() & new.keys():
        if canonical(old[field]) == canonical(new[field]):
            del old[field], new[field]
    return canonical({"before": old, "after": new})


def note(event: str, *, stream: str, by: Actor | None, at: datetime, **facts: Any) -> None:
    """Write one event into the caller's transaction; it joins its chain at COMMIT, or nothing is committed at all.

    `facts`: record, unit_id, before, after, reason, result ("ok"), acting_for, object_type, object_id, object_label.
    `record` gives object_type (`app.model`), object_id, object_label and, when it has one, unit_id; each may be
    overridden. Personal values in `before`/`after` must be masked by the caller: events are never erased.
    Raises ValueError for an event nobody declared and for a result outside RESULTS; never `Refused`.
    """
    note_all(event, [facts], stream=stream, by=by, at=at)


def note_all(event: str, each: Iterable[Mapping[str, Any]], *, stream: str, by: Actor | None, at: datetime) -> None:
    """Write the same event about several things, in their order, in few statements; `each` as the facts of `note`."""
    if not is_declared(event):
        raise ValueError(f"event {event!r} is not declared")
    rows = [_values(event, stream=stream, by=by, at=at, **facts) for facts in each]
    with connection.cursor() as cursor:
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            calls = ", ".join([f"audit_note({', '.join(['%s'] * len(some[0]))})"] * len(some))
            cursor.execute(f"SELECT {calls}", [value for row in some for value in row])


def _values(
    event: str,
    *,
    stream: str,
    by: Actor | None,
    at: datetime,
    record: models.Model | None = None,
    unit_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    result: str = "ok",
    acting_for: Actor | None = None,
    object_type: str = "",
    object_id: str | int = "",
    object_label: str = "",
) -> tuple[Any, ...]:
    """What audit_note() in the database takes."""
    if result not in RESULTS:
        raise ValueError(f"result {result!r} is none of {', '.join(RESULTS)}")
    if record is not None:
        object_type = object_type or record._meta.label_lower
        object_id = object_id or str(record.pk)
        object_label = object_label or str(record)
        unit_id = getattr(record, "unit_id", None) if unit_id is None else unit_id
    here = context.current()
    return (
        stream, at, *_person(by), *_person(acting_for), here.ip or None, here.session, here.request_id, event,
        object_type, str(object_id), object_label, unit_id, result, reason, difference(before, after),
    )  # fmt: skip


def _person(actor: Actor | None) -> tuple[int | None, str]:
    return (None, "") if actor is None else (actor.pk, actor.name)
