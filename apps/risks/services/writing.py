"""What the services share: locking a row, comparing versions, writing content, telling people."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from apps.core.errors import Refused
from apps.core.stored import held, refused_when_taken
from apps.flow.queries import steps_of
from apps.notices.services import notify
from apps.risks.content import MEASURE_FIELDS
from apps.risks.models import SAME_NAME, Measure, RiskPoint
from apps.risks.rules import belonging_faults

if TYPE_CHECKING:
    from apps.accounts.models import User

AT_ONCE = 500  # rows in one statement
MeasureRow = Mapping[str, Any]  # cleaned values by field; `id` of the measure it replaces, if any


def locked(record: RiskPoint, *names: str) -> RiskPoint:
    """The stored row, held until the transaction ends; read with `names`, whom the caller is going to ask for."""
    return held(RiskPoint._base_manager.select_related("unit", "department", *names), record.pk)


def refuse_if_stale(fresh: RiskPoint, version: int | None) -> None:
    """Raises Refused, naming who saved and when, unless `version` is the stored one."""
    if version is None or version == fresh.version:
        return
    last = steps_of(fresh).first()
    when = localtime(fresh.updated_at).strftime("%Y-%m-%d %H:%M")
    if last is not None and last.version == fresh.version:
        who, did = last.by, last.label
    else:
        who, did = fresh.updated_by, "修改"
    by = f"由{who.name}" if who is not None else ""
    raise Refused(f"此记录在 {when} 已{by}{did}，当前状态为“{fresh.state_label}”。刷新后再办理。")


def save_row(record: RiskPoint) -> None:
    """Save a content change. Raises Refused on the name where the same point is registered already."""
    with refused_when_taken("risk_once", SAME_NAME.get(record.layer, ""), field="name"):
        record.save()


def insert_rows(records: Sequence[RiskPoint]) -> None:
    """Store new points, all or none. Raises as save_row."""
    with refused_when_taken("risk_once", SAME_NAME.get(records[0].layer, ""), field="name"):
        RiskPoint._base_manager.bulk_create(records, batch_size=AT_ONCE)


def refuse_if_elsewhere(record: RiskPoint) -> None:
    """Even a draft names nobody and nothing of another unit."""
    for field, message in belonging_faults(record).items():
        raise Refused(message, field=field)


def write_measures(record: RiskPoint, rows: Sequence[MeasureRow]) -> list[Measure]:
    """Make the measures those of `rows`, numbered in their order; a row with a known `id` keeps its measure."""
    kept = {m.pk: m for m in record.measures.all()}
    written = []
    for at, row in enumerate(rows, start=1):
        old: Measure | None = kept.pop(row.get("id") or 0, None)
        written.append(numbered(old or Measure(point=record), row, at))
        written[-1].save()
    for gone in kept.values():
        gone.delete()
    return written


def insert_measures(each: Iterable[tuple[RiskPoint, Sequence[MeasureRow]]]) -> dict[int, list[Measure]]:
    """Store the measures of new points; gives them by the point's key."""
    found = {record.pk: [numbered(Measure(point=record), row, at) for at, row in enumerate(rows, start=1)] for record, rows in each}
    Measure.objects.bulk_create([measure for rows in found.values() for measure in rows], batch_size=AT_ONCE)
    return found


def numbered(measure: Measure, row: MeasureRow, number: int) -> Measure:
    """The measure with the values of this row, at this place."""
    set_measure(measure, row)
    measure.number = number
    return measure


def set_measure(measure: Measure, row: MeasureRow) -> None:
    """Put cleaned values onto a measure. 长期坚持 sets and leaves the progress of that name."""
    for name in (*MEASURE_FIELDS, "department_id", "person_id"):
        if name in row:
            setattr(measure, name, row[name])
    if measure.is_standing and measure.progress == Measure.Progress.NOT_STARTED:
        measure.progress = Measure.Progress.STANDING
    elif not measure.is_standing and measure.progress == Measure.Progress.STANDING:
        measure.progress = Measure.Progress.NOT_STARTED


def tell(people: Iterable[User], record: RiskPoint, *, what: str, title: str, at: datetime.datetime, mail: bool = True) -> None:
    """One notice per person about this version of the record. The title names no content: mail carries it."""
    notify(
        people,
        kind=f"risk.{what}",
        key=f"risk-{record.pk}-{record.version}-{what}",
        title=title,
        body="",
        url=record.get_absolute_url(),
        at=at,
        record=record,
        mail=mail,
    )
