"""Writing events. There is one door, and it opens into the caller's transaction."""
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from apps.audit.catalogue import is_declared
from apps.core import context

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


def note(
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
) -> None:
    """Write one event into the caller's transaction; it joins its chain at COMMIT, or nothing is committed at all.

    `record` gives object_type (`app.model`), object_id, object_label and, when it has one, unit_id; each may be
    overridden. Personal values in `before`/`after` must be masked by the caller: events are never erased.
    Raises ValueError for an event nobody declared and for a result outside RESULTS; never `Refused`.
    """
    if not is_declared(event):
        raise ValueError(f"event {event!r} is not declared")
    if result not in RESULTS:
        raise ValueError(f"result {result!r} is none of {', '.join(RESULTS)}")
    if record is not None:
        object_type = object_type or record._meta.label_lower
        object_id = object_id or str(record.pk)
        object_label = object_label or str(record)
        unit_id = getattr(record, "unit_id", None) if unit_id is None else unit_id
    here = context.current()
    values = (
        stream, at, *_person(by), *_person(acting_for), here.ip or None, here.session, here.request_id, event,
        object_type, str(object_id), object_label, unit_id, result, reason, difference(before, after),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT audit_note({', '.join(['%s'] * len(values))})", values)


def _person(actor: Actor | None) -> tuple[int | None, str]:
    return (None, "") if actor is None else (actor.pk, actor.name)
