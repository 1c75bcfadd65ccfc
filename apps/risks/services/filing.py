"""The author's side: draft, content, hand-in, withdrawal; and the progress of measures."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects
from django.utils.timezone import localtime

from apps.audit.services import note, note_all
from apps.core.errors import Refused
from apps.core.numbering import take_many
from apps.core.whole import all_or_nothing
from apps.flow.models import Step
from apps.flow.services import keep_version, make_move, settle_return, shortcut
from apps.org.scope import scope_of
from apps.parameters import queries as parameters
from apps.risks.content import FIELDS, facts_for_audit, from_plain, plain, write_onto
from apps.risks.machine import may_edit
from apps.risks.models import Measure, RiskPoint
from apps.risks.nodes import open_node
from apps.risks.queries import named_measures
from apps.risks.rules import FROZEN_KEYS, Incomplete, missing_for_submission
from apps.risks.services.writing import (
    MeasureRow,
    insert_measures,
    insert_rows,
    locked,
    refuse_if_elsewhere,
    refuse_if_stale,
    save_row,
    write_measures,
)

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True)
class NewPoint:
    """A point to be registered: cleaned values of the model's fields (`name`, `unit` and `year` must be there), and its measures."""

    fields: Mapping[str, Any]
    measures: Sequence[MeasureRow] = ()
    level_source: str = ""


@all_or_nothing
def create_draft(fields: Mapping[str, Any], *, measures: Sequence[MeasureRow] = (), by: User | None, at: datetime.datetime) -> RiskPoint:
    """A new point in state 草稿, numbered, with the parameters of its day frozen on it; as `create_drafts`."""
    return create_drafts([NewPoint(fields, measures)], by=by, at=at)[0]


@all_or_nothing
def create_drafts(points: Sequence[NewPoint], *, by: User | None, at: datetime.datetime) -> list[RiskPoint]:
    """New points of one unit, in state 草稿, numbered in their order, all of them or none.

    `by` may be None only for the system. Raises Refused outside the units in which the person may register points, and
    for a point registered already.
    """
    unit = points[0].fields["unit"]
    if by is not None and unit.pk not in scope_of(by).writable_unit_ids(RiskPoint.FUNCTION):
        raise Refused("没有在此单位登记风险点的权限。", field="unit")
    frozen = parameters.frozen(FROZEN_KEYS, on=localtime(at).date())
    records = [_written(point, by=by, at=at, frozen=frozen) for point in points]
    _number(records)
    insert_rows(records)
    rows = insert_measures([(record, point.measures) for record, point in zip(records, points, strict=True)])
    each = ({"record": r, "unit_id": unit.pk, "after": facts_for_audit(plain(r, rows[r.pk]))} for r in records)
    note_all("risk.created", each, stream=unit.stream, by=by, at=at)
    return records


def _written(point: NewPoint, *, by: User | None, at: datetime.datetime, frozen: dict[str, Any]) -> RiskPoint:
    """The row of a new point, not stored yet."""
    record = RiskPoint(created_by=by, created_at=at, updated_at=at, updated_by=by, frozen=frozen, method=str(frozen["risk.method"]))
    record.level_source = point.level_source
    write_onto(record, point.fields, names=(*FIELDS, "phone"))
    refuse_if_elsewhere(record)
    record.regrade()
    return record


def _number(records: Sequence[RiskPoint]) -> None:
    """Each year has its own numbers, given in the order of the points."""
    for year in dict.fromkeys(record.year for record in records):
        theirs = [record for record in records if record.year == year]
        numbers = take_many("FX", unit_code=theirs[0].unit.code, year=year, count=len(theirs))
        for record, number in zip(theirs, numbers, strict=True):
            record.number = number


@all_or_nothing
def update_point(
    record: RiskPoint,
    *,
    fields: Mapping[str, Any],
    measures: Sequence[MeasureRow] | None = None,
    by: User,
    at: datetime.datetime,
    version: int | None = None,
) -> RiskPoint:
    """Change the content of a draft; with `measures` these replace the old ones. The version goes up by one.

    Raises Refused when somebody saved first, when the state allows no change, and where the person may not edit.
    """
    fresh = _to_change(record, by=by, version=version)
    if fields.get("unit", fresh.unit) != fresh.unit:
        raise Refused("填报单位登记后不能更改，请作废后在另一单位登记。", field="unit")

    def write() -> Sequence[MeasureRow] | None:
        write_onto(fresh, fields, names=(*FIELDS, "phone"))
        return measures

    _change(fresh, write, by=by, at=at)
    record.refresh_from_db()
    return record


@all_or_nothing
def bring_back(record: RiskPoint, content: Mapping[str, Any], *, by: User, at: datetime.datetime) -> RiskPoint:
    """Give a draft the content it had (as `content.plain` keeps it): the undo of an import. Raises Refused as update_point."""
    fresh = _to_change(record, by=by, version=None)
    _change(fresh, lambda: from_plain(fresh, dict(content)), by=by, at=at)
    record.refresh_from_db()
    return record


def _to_change(record: RiskPoint, *, by: User, version: int | None) -> RiskPoint:
    """The locked row whose content this person may change now."""
    fresh = locked(record)
    refuse_if_stale(fresh, version)
    if not fresh.is_editable:
        raise Refused(f"当前状态为“{fresh.state_label}”，不能修改。")
    if not may_edit(by, fresh):
        raise Refused("没有修改此风险点的权限。")
    return fresh


def _change(fresh: RiskPoint, write: Callable[[], Sequence[MeasureRow] | None], *, by: User, at: datetime.datetime) -> None:
    """Store what `write` puts onto the row and the measures it gives (None: as they were), with the event."""
    old = facts_for_audit(plain(fresh, fresh.measures.order_by("number", "pk")))
    old_phone, old_level = fresh.phone, fresh.level
    measures = write()
    refuse_if_elsewhere(fresh)
    fresh.regrade()
    fresh.level_source = fresh.level_source if fresh.level == old_level else ""
    fresh.lowering_agreed = False
    fresh.written_by(by)
    fresh.version, fresh.updated_at, fresh.updated_by = fresh.version + 1, at, by
    save_row(fresh)
    if measures is not None:
        write_measures(fresh, measures)
    new = facts_for_audit(plain(fresh, fresh.measures.order_by("number", "pk")))
    new |= {"phone_changed": True} if fresh.phone != old_phone else {}
    note("risk.changed", stream=fresh.unit.stream, by=by, at=at, record=fresh, unit_id=fresh.unit_id, before=old, after=new)


@all_or_nothing
def submit(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Hand the point in: to 部门审核, or straight back to whoever returned it when only the named fields changed.

    Raises Incomplete with every fault at once.
    """
    fresh = locked(record, "post", "responsible", "head", "leader", "secretary")
    refuse_if_stale(fresh, version)
    prefetch_related_objects([fresh], named_measures())
    back = shortcut(fresh)
    node = back.back_to if back is not None else "department"
    if fresh.is_editable and (faults := missing_for_submission(fresh, fresh.listed_measures, today=localtime(at).date())):
        raise Incomplete(faults)
    step = make_move(record, "submit", by=by, at=at, opinion=opinion, version=version, data={"target": node}, starts_round=back is None)
    keep_version(record, by=by, at=at, reason="提交" if back is None else "退回后提交", read=fresh)
    settle_return(record, at=at)
    open_node(record, node, at=at)
    return step


@all_or_nothing
def withdraw(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Take the point back before anybody at the node opened it."""
    return make_move(record, "withdraw", by=by, at=at, opinion=opinion, version=version)


@all_or_nothing
def report_progress(
    measure: Measure, *, progress: str, remark: str, by: User, at: datetime.datetime, version: int | None = None
) -> Measure:
    """Say how far a measure has come: its 责任人, or whoever may change the unit's points.

    Allowed while the point is in force. Raises Refused for an unknown progress, and for 已落实 without a remark.
    """
    fresh = locked(measure.point)
    refuse_if_stale(fresh, version)
    if fresh.state != RiskPoint.State.IN_FORCE:
        raise Refused(f"当前状态为“{fresh.state_label}”，不能更新落实状态。")
    measure.refresh_from_db()
    is_responsible = measure.person is not None and measure.person.account_id == by.pk
    if not (is_responsible or scope_of(by).may_on(fresh, "U")):
        raise Refused("没有更新此措施落实状态的权限。")
    if progress not in Measure.Progress.values or measure.is_standing != (progress == Measure.Progress.STANDING):
        raise Refused("落实状态与措施不符，长期坚持的措施只填长期坚持。", field="progress")
    if progress == Measure.Progress.DONE and not remark.strip():
        raise Refused("已落实的措施须填写落实说明。", field="progress_note")
    before = {"progress": measure.progress, "progress_note": measure.progress_note}
    measure.progress, measure.progress_note = progress, remark.strip()
    measure.save(update_fields=["progress", "progress_note"])
    fresh.version, fresh.updated_at, fresh.updated_by = fresh.version + 1, at, by
    fresh.save(update_fields=["version", "updated_at", "updated_by"])
    note(
        "risk.measure_progress",
        stream=fresh.unit.stream,
        by=by,
        at=at,
        record=fresh,
        unit_id=fresh.unit_id,
        before=before,
        after={"measure": measure.number, "progress": progress, "progress_note": measure.progress_note},
    )
    return measure
