"""Changes of a point in force: the adjustment and its nodes, the review that finds no change, the change of a post."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from apps.audit.services import note
from apps.calendars.queries import calendar
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.flow.models import Step
from apps.flow.services import keep_version, make_move, open_todo
from apps.parameters import queries as parameters
from apps.risks import content
from apps.risks.machine import after_node
from apps.risks.models import Adjustment, Measure, RiskPoint
from apps.risks.nodes import open_node, owners_of
from apps.risks.rules import Incomplete, is_lower, missing_for_submission, review_due
from apps.risks.services.publicity import tell_in_force
from apps.risks.services.writing import MeasureRow, locked, numbered, refuse_if_stale, save_row, tell, write_measures

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Post, Sitting


def _kind_fault(kind: str, *, old: str, new: str) -> str | None:
    if kind == Adjustment.Kind.RAISE and not is_lower(old, new):
        return "调整类型为升级，评定等级须高于现等级。"
    if kind == Adjustment.Kind.LOWER and not is_lower(new, old):
        return "调整类型为降级，评定等级须低于现等级。"
    if kind == Adjustment.Kind.CONTENT and old != new:
        return "评定等级有变化，调整类型应选升级或降级。"
    return None


def _proposal(
    record: RiskPoint, fields: Mapping[str, Any], rows: Sequence[MeasureRow], *, today: datetime.date
) -> tuple[RiskPoint, list[Measure]]:
    """The point as it would be, unsaved. Raises Incomplete where it could not be handed in like that."""
    wanted = RiskPoint._base_manager.get(pk=record.pk)
    content.write_onto(wanted, fields, names=content.ADJUSTABLE)
    wanted.regrade()
    old = {m.pk: m for m in wanted.measures.all()}
    measures = []
    for number, row in enumerate(rows, start=1):
        measure = old.get(row.get("id") or 0) or Measure(point=wanted)
        measures.append(numbered(measure, row, number))
    if faults := missing_for_submission(wanted, measures, today=today):
        raise Incomplete(faults)
    return wanted, measures


@all_or_nothing
def open_adjustment(
    record: RiskPoint,
    *,
    kind: str,
    reason: str,
    fields: Mapping[str, Any],
    measures: Sequence[MeasureRow],
    by: User,
    at: datetime.datetime,
    version: int | None = None,
    opinion: str = "",
) -> Adjustment:
    """Propose a new content of a point in force. Nothing changes until every node has agreed.

    Raises Incomplete where the proposal is not complete, Refused where it fits its kind badly or changes nothing.
    """
    if kind not in Adjustment.Kind.values:
        raise Refused("选择调整类型：升级、降级或内容修改。新增请另行登记，撤销由纪检监察室办理。", field="kind")
    if not reason.strip():
        raise Refused("填写调整原因。", field="reason")
    fresh = locked(record)
    refuse_if_stale(fresh, version)
    before = content.plain(fresh, list(fresh.measures.order_by("number", "pk")))
    wanted, rows = _proposal(fresh, fields, measures, today=localtime(at).date())
    if fault := _kind_fault(kind, old=fresh.level, new=wanted.level):
        raise Refused(fault, field="kind")
    proposed = content.plain(wanted, rows)
    if proposed == before:
        raise Refused("内容没有变化，不需要调整。")
    make_move(record, "open_adjustment", by=by, at=at, opinion=reason, version=version, starts_round=True)
    row = Adjustment.objects.create(
        point=record, kind=kind, reason=reason.strip(), before=before, proposed=proposed, node="department", opened_by=by, opened_at=at
    )
    open_node(record, "department", at=at)
    return row


def _running(record: RiskPoint) -> Adjustment | None:
    return record.adjustments.select_for_update().filter(state=Adjustment.State.OPEN).first()


@all_or_nothing
def agree_adjustment(
    record: RiskPoint,
    *,
    by: User,
    at: datetime.datetime,
    opinion: str = "",
    version: int | None = None,
    lowering_agreed: bool = False,
    sitting: Sitting | None = None,
) -> Step:
    """Agree at the adjustment's node; after the last one the proposed content is in force as a new version.

    A point that is or becomes high goes on to the party committee, where `sitting` is needed.
    """
    fresh = locked(record)
    row = _running(fresh)
    facts = _judged(row) if row is not None else {"is_last": False}
    data = facts | {"lowering_agreed": lowering_agreed, "sitting": sitting}
    step = make_move(record, "agree_adjustment", by=by, at=at, opinion=opinion, version=version, data=data)
    assert row is not None  # state 调整审核中 has its open 调整单
    row.lowering_agreed = row.lowering_agreed or lowering_agreed
    row.sitting = sitting if row.node == "party" else None
    if not facts["is_last"]:
        row.node = facts["next"]
        row.save(update_fields=["node", "lowering_agreed", "sitting"])
        open_node(record, row.node, at=at)
        return step
    row.state, row.settled_at = Adjustment.State.PASSED, at
    row.save(update_fields=["state", "settled_at", "lowering_agreed", "sitting"])
    _apply(record, row, at=at)
    _passed(record, row, by=by, at=at)
    return step


def _judged(row: Adjustment) -> dict[str, Any]:
    """What the node of an adjustment has to judge, and what follows it."""
    old, new = row.before["fields"]["level"]["value"], row.proposed["fields"]["level"]["value"]
    following = after_node(row.node, "high" if "high" in {old, new} else new)
    wanted = RiskPoint._base_manager.get(pk=row.point_id)
    content.from_plain(wanted, row.proposed)
    wanted.regrade()
    return {"is_last": following == "done", "next": following, "is_lowered": wanted.is_lowered or is_lower(new, old)}


def _apply(record: RiskPoint, row: Adjustment, *, at: datetime.datetime) -> None:
    """Write the proposed content onto the point; from now on it is looked at as often as its new level asks."""
    rows = content.from_plain(record, row.proposed)
    record.regrade()
    record.lowering_agreed = record.is_lowered and row.lowering_agreed
    record.review_due_on = review_due(record.level, after=localtime(at).date(), frozen=record.frozen, calendar=calendar())
    save_row(record)
    write_measures(record, rows)


def _passed(record: RiskPoint, row: Adjustment, *, by: User, at: datetime.datetime) -> None:
    keep_version(record, by=by, at=at, reason=f"调整：{row.get_kind_display()}")
    note(
        "risk.adjustment_passed",
        stream=record.unit.stream,
        by=by,
        at=at,
        record=record,
        unit_id=record.unit_id,
        reason=row.reason,
        before=content.facts_for_audit(row.before),
        after=content.facts_for_audit(row.proposed),
    )
    tell([row.opened_by], record, what="adjusted", title="您发起的廉政风险点调整已生效", at=at)
    was_high = row.before["fields"]["level"]["value"] == RiskPoint.Level.HIGH
    if record.level == RiskPoint.Level.HIGH and not was_high:
        tell_in_force(record, at=at)


def _end_unchanged(record: RiskPoint, move: str, state: str, *, at: datetime.datetime, **said: Any) -> tuple[Step, Adjustment]:
    """The running adjustment ends and the point stays in force as it was."""
    locked(record)
    row = _running(record)
    step = make_move(record, move, at=at, **said)
    assert row is not None  # state 调整审核中 has its open 调整单
    row.state, row.settled_at = state, at
    row.save(update_fields=["state", "settled_at"])
    return step, row


@all_or_nothing
def refuse_adjustment(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Refuse an adjustment with a reason; the point stays in force as it was."""
    step, row = _end_unchanged(record, "refuse_adjustment", Adjustment.State.REFUSED, by=by, at=at, opinion=opinion, version=version)
    tell([row.opened_by], record, what="refused", title="您发起的廉政风险点调整已驳回", at=at)
    return step


@all_or_nothing
def withdraw_adjustment(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Take an adjustment back before anybody at its node opened it; the point stays in force as it was."""
    return _end_unchanged(record, "withdraw_adjustment", Adjustment.State.WITHDRAWN, by=by, at=at, opinion=opinion, version=version)[0]


@all_or_nothing
def confirm_review(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """到期复查 that found no change: the next review is counted from today."""
    step = make_move(record, "confirm_review", by=by, at=at, opinion=opinion, version=version)
    record.review_due_on = review_due(record.level, after=localtime(at).date(), frozen=record.frozen, calendar=calendar())
    record.save(update_fields=["review_due_on"])
    return step


@all_or_nothing
def review_after_post_change(post: Post, *, by: User | None, at: datetime.datetime) -> int:
    """The holder of a post changed: its points in force are to be looked at within risk.adjust_days (S8); gives how many."""
    today = localtime(at).date()
    due = calendar().add_workdays(today, parameters.whole("risk.adjust_days", on=today))
    points = RiskPoint._base_manager.select_for_update(of=("self",)).filter(post=post, state=RiskPoint.State.IN_FORCE)
    found = list(points.select_related("unit", "department").order_by("pk"))
    for record in found:
        open_todo(record, node="review", label="岗位变动复核", owners=owners_of(record, "department"), at=at, due_on=due, decides=False)
        note("risk.post_changed", stream=record.unit.stream, by=by, at=at, record=record, unit_id=record.unit_id, after={"due_on": due})
        people = [p.account for p in (record.responsible, record.head) if p is not None and p.account is not None]
        days = parameters.whole("risk.adjust_days", on=today)
        tell(people, record, what="post-changed", title=f"岗位变动，请在{days}个工作日内复核并重签承诺书", at=at)
    return len(found)
