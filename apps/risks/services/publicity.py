"""Publicity: its start and end, objections and their answers."""

from __future__ import annotations

import datetime
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from apps.calendars.queries import calendar
from apps.core.context import Context, request_context
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.flow.models import Step, Todo
from apps.flow.queries import involved_ids, open_todos
from apps.flow.services import Owner, become, copy_to, eligible, make_move, send_back
from apps.org.models import Unit
from apps.org.roles import Role
from apps.risks.models import Objection, RiskPoint
from apps.risks.nodes import group_of, open_node
from apps.risks.queries import members_to_tell, publicity_over
from apps.risks.rules import LEAST_OBJECTION, review_due
from apps.risks.services.writing import locked, tell

if TYPE_CHECKING:
    from apps.accounts.models import User


def start_publicity(record: RiskPoint, *, at: datetime.datetime) -> None:
    """Count the days of publicity from tomorrow (domain.md §4.5) and tell the unit's people inside the portal."""
    today = localtime(at).date()
    record.publicity_from = today
    record.publicity_until = calendar().add_workdays(today, int(record.frozen["risk.publicity_days"]))
    record.save(update_fields=["publicity_from", "publicity_until"])
    title = f"廉政风险点公示，至{record.publicity_until:%Y-%m-%d}止，有异议可在期内提出"
    tell(members_to_tell(record, on=today), record, what="publicity", title=title, at=at, mail=False)


@all_or_nothing
def end_publicity(record: RiskPoint, *, today: datetime.date, at: datetime.datetime) -> Step:
    """The system puts a point into force the day after its publicity ended without objection.

    Raises Refused while the period runs or in any other state.
    """
    fresh = locked(record)
    if fresh.state == RiskPoint.State.PUBLICITY:  # the dates first: the database wants them on every row in force
        fresh.effective_on = today
        fresh.review_due_on = review_due(fresh.level, after=today, frozen=fresh.frozen, calendar=calendar())
        fresh.save(update_fields=["effective_on", "review_due_on"])
    step = make_move(record, "end_publicity", by=None, at=at, data={"today": today})
    tell_in_force(record, at=at)
    return step


def tell_in_force(record: RiskPoint, *, at: datetime.datetime) -> None:
    """The author hears of it; a high point is filed with the discipline office above (上级纪委备案, domain.md §1.2 C)."""
    if record.created_by is not None:
        tell([record.created_by], record, what="in-force", title="您登记的廉政风险点已生效", at=at)
    if record.level == RiskPoint.Level.HIGH:
        copy_to(record, owners=offices_above(record.unit), label="高风险点备案", at=at)


def offices_above(unit: Unit) -> list[Owner]:
    """The discipline office of the unit above: its own 纪委书记, in the group the office of 纪检监察室."""
    parent = unit.parent
    if parent is None or parent.kind == Unit.Kind.REGULATOR:
        return [Owner(Role.R04, unit)]
    role = Role.R07 if parent == group_of(unit) else Role.R14
    return [Owner(role, parent)]


def end_publicities(*, today: datetime.date, at: datetime.datetime) -> int:
    """Put into force everything whose publicity is over, each point in its own transaction; gives how many. Safe to run twice."""
    done = 0
    for record in publicity_over(today):
        try:
            end_publicity(record, today=today, at=at)
        except Refused:  # somebody objected a moment ago
            continue
        done += 1
    return done


@all_or_nothing
def object_to(
    record: RiskPoint,
    *,
    content: str,
    by: User,
    at: datetime.datetime,
    is_anonymous: bool = False,
    version: int | None = None,
    opinion: str = "",
) -> Objection:
    """Object to a point in publicity; the first objection stops the period, later ones join it.

    An anonymous objection keeps neither name nor address nor session, not even in the audit. `opinion` is not used.
    """
    length = len(content.strip())
    if length < LEAST_OBJECTION:
        raise Refused(f"异议内容不少于{LEAST_OBJECTION}字，现有{length}字。", field="content")
    become(record, locked(record))  # objections of one moment all count: the later ones join the first
    joins = record.state == RiskPoint.State.OBJECTION
    move = "object_again" if joins else "object_to"
    moved: dict[str, Any] = {"by": by, "at": at, "version": version, "starts_round": not joins, "anonymous": is_anonymous}
    # Everything an anonymous objection sets off happens without address and session: each of its events would carry them.
    with request_context(Context()) if is_anonymous else nullcontext():
        make_move(record, move, **moved)
        author = None if is_anonymous else by
        row = Objection.objects.create(point=record, content=content.strip(), is_anonymous=is_anonymous, by=author, at=at)
        if joins and not is_anonymous:
            _pass_on(record, at=at)
        elif not joins:
            open_node(record, "objection", at=at)
    return row


def _pass_on(record: RiskPoint, *, at: datetime.datetime) -> None:
    """Whoever was to answer may have objected himself: then the next office does, or it would wait for nobody."""
    todo = open_todos(record).filter(kind=Todo.Kind.HANDLE).select_related("unit", "department", "user").get()
    owner = Owner(todo.role, todo.unit, todo.department, todo.user)
    if not eligible(owner, barred=involved_ids(record), on=localtime(at).date()):
        open_todos(record).filter(pk=todo.pk).update(done_at=at)
        open_node(record, "objection", at=at)


@all_or_nothing
def answer_objection(
    record: RiskPoint, *, accepted: bool, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None
) -> Step:
    """Answer every open objection with the opinion: 不采纳 starts the publicity anew, 采纳修改 sends the point back to its author."""
    step = make_move(record, "answer_objection", by=by, at=at, opinion=opinion, version=version, data={"accepted": accepted})
    answer_all(record, opinion, accepted=accepted, by=by, at=at)
    if accepted:
        record.publicity_from = record.publicity_until = None  # the period was broken off
        record.save(update_fields=["publicity_from", "publicity_until"])
        send_back(record, step, back_to="department", by=by, at=at)
    else:
        start_publicity(record, at=at)
    return step


def answer_all(record: RiskPoint, answer: str, *, accepted: bool, by: User, at: datetime.datetime) -> None:
    """Give every open objection its answer, and tell whoever signed one."""
    open_ones = list(record.objections.filter(answered_at__isnull=True).select_related("by").order_by("pk"))
    for row in open_ones:
        row.answer, row.accepted, row.answered_by, row.answered_at = answer.strip(), accepted, by, at
        row.save(update_fields=["answer", "accepted", "answered_by", "answered_at"])
    tell([row.by for row in open_ones if row.by is not None], record, what="answered", title="您对廉政风险点提出的异议已答复", at=at)
