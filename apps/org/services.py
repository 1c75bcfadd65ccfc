"""Writes of the organisation. Each raises only Refused and leaves an audit event."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone

from apps.accounts.services import end_sessions, mark_administrator
from apps.audit import streams
from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.stored import checked, refused_when_taken
from apps.core.whole import all_or_nothing
from apps.org.models import PATH_WIDTH, Assignment, Body, BodyMember, Loan, Person, Recusal, Sitting, Unit, UnitRecord
from apps.org.queries import members
from apps.org.roles import ADMINISTRATORS, Role
from apps.org.rules import administrators_clash, why_not_delegable
from apps.org.scope import forget_scope, scope_of

EARLIEST = datetime.date(2000, 1, 1)  # an earlier day of a sitting is a slip of the pen

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Department


@all_or_nothing
def create_unit(parent: Unit | None, *, by: User | None, at: datetime.datetime, **fields: Any) -> Unit:
    """Put a unit into the tree. `fields` are the model's; the path follows from the parent. Raises Refused with the field."""
    unit = Unit(parent=parent, path=f"new-{fields['code']}", **fields)
    checked(unit, exclude=["path"])
    unit.save()
    unit.path = f"{parent.path if parent else ''}{unit.pk:0{PATH_WIDTH}d}/"
    unit.save(update_fields=["path"])
    note("unit.created", stream=streams.SYS, by=by, at=at, record=unit, unit_id=unit.pk, after={"name": unit.name, "path": unit.path})
    return unit


@all_or_nothing
def move_unit(unit: Unit, *, to: Unit, by: User, at: datetime.datetime) -> None:
    """Hang a unit, with all below it, under another. Readers see the old tree or the new one, nothing between."""
    if to.path.startswith(unit.path):
        raise Refused("不能移到本单位或其下级单位之下。")
    old = unit.path
    unit.parent, unit.path = to, f"{to.path}{unit.pk:0{PATH_WIDTH}d}/"
    for below in Unit.objects.select_for_update().filter(path__startswith=old).exclude(pk=unit.pk):
        below.path = unit.path + below.path[len(old) :]
        below.save(update_fields=["path"])
        note("unit.moved", stream=streams.SYS, by=by, at=at, record=below, unit_id=below.pk, after={"path": below.path})
    unit.save(update_fields=["parent", "path"])
    note("unit.moved", stream=streams.SYS, by=by, at=at, record=unit, unit_id=unit.pk, before={"path": old}, after={"path": unit.path})


def _held(user: User, *, since: datetime.date, until: datetime.date | None) -> set[str]:
    """The roles somebody holds on any day of a period: what begins later clashes as well."""
    rows = Assignment.objects.filter(Q(until__isnull=True) | Q(until__gte=since), user=user)
    if until is not None:
        rows = rows.filter(since__lte=until)
    return set(rows.values_list("role", flat=True))


@all_or_nothing
def assign(
    user: User,
    *,
    role: str,
    unit: Unit,
    by: User | None,
    at: datetime.datetime,
    since: datetime.date,
    until: datetime.date | None = None,
    department: Department | None = None,
    include_subtree: bool = False,
    reason: str = "",
) -> Assignment:
    """Give a person a role somewhere. Raises Refused when 三员 would clash (domain.md §2.2) or the giver grants himself."""
    if administrators_clash(_held(user, since=since, until=until), role):
        raise Refused("三员职责互斥，一人不能兼任，也不能兼任业务角色。")
    if by is not None and by.pk == user.pk:
        raise Refused("不能给本人授权，请由另一位安全保密管理员办理。")
    row = Assignment.objects.create(
        user=user, role=role, unit=unit, department=department, include_subtree=include_subtree, since=since, until=until,
        granted_by=by, granted_at=at, reason=reason,
    )  # fmt: skip
    if role in ADMINISTRATORS and not user.is_administrator_account:
        mark_administrator(user, is_administrator=True, by=by, at=at)
    forget_scope(user)
    end_sessions(user, reason="rights", at=at)
    note(
        "grant.given",
        stream=streams.SYS,
        by=by,
        at=at,
        record=row,
        unit_id=unit.pk,
        object_label=f"{user.name} {Role(role).label}",
        after={"user": user.pk, "role": role, "unit": unit.pk, "subtree": include_subtree, "until": until},
        reason=reason,
    )
    return row


@all_or_nothing
def end_assignment(row: Assignment, *, on: datetime.date, by: User, at: datetime.datetime, reason: str) -> None:
    """Take a role back, with what was delegated from it: `on` is the last day it holds. Takes effect on the next request.

    Raises Refused for a day before the right begins.
    """
    if on < row.since:
        raise Refused(f"收回日期不得早于授权起始日{row.since}。", field="until")
    before = {"until": row.until}
    row.until = on
    row.save(update_fields=["until"])
    forget_scope(row.user)
    end_sessions(row.user, reason="rights", at=at)
    note(
        "grant.ended", stream=streams.SYS, by=by, at=at, record=row, unit_id=row.unit_id, before=before, after={"until": on}, reason=reason
    )
    if row.delegated_by_id is None:
        _end_delegations(row, on=on, by=by, at=at, reason=reason)


def _end_delegations(row: Assignment, *, on: datetime.date, by: User, at: datetime.datetime, reason: str) -> None:
    """Whoever stands in loses the right with its holder; a delegation that has not begun yet goes altogether."""
    copies = Assignment.objects.filter(delegated_by=row.user, role=row.role, unit=row.unit, department=row.department, until__gt=on)
    for copy in copies.select_related("user", "unit").order_by("pk"):
        if copy.since <= on:
            end_assignment(copy, on=on, by=by, at=at, reason=reason)
            continue
        before = {"since": copy.since}
        note("grant.ended", stream=streams.SYS, by=by, at=at, record=copy, unit_id=copy.unit_id, before=before, reason=reason)
        copy.delete()
        forget_scope(copy.user)


@all_or_nothing
def delegate(
    row: Assignment, *, to: User, since: datetime.date, until: datetime.date, reason: str, by: User, at: datetime.datetime
) -> Assignment:
    """Let somebody act for the holder of an assignment, for at most 30 days (domain.md §2.6 rule 11)."""
    if row.user_id != by.pk:
        raise Refused("只能委托本人持有的权限。")
    if to.pk == by.pk:
        raise Refused("受托人不能是本人。")
    if why := why_not_delegable(row.role, since=since, until=until, own=row.delegated_by_id is not None):
        raise Refused(why)
    if since < row.since or (row.until is not None and until > row.until):
        raise Refused("代理期限须在本人授权期限之内。")
    if administrators_clash(_held(to, since=since, until=until), row.role):
        raise Refused("受托人是管理员账号，不能代理业务权限。")
    copy = Assignment.objects.create(
        user=to,
        role=row.role,
        unit=row.unit,
        department=row.department,
        include_subtree=row.include_subtree,
        since=since,
        until=until,
        delegated_by=by,
        granted_by=by,
        granted_at=at,
        reason=reason,
    )
    forget_scope(to)
    note(
        "grant.delegated",
        stream=streams.SYS,
        by=by,
        at=at,
        record=copy,
        unit_id=row.unit_id,
        after={"user": to.pk, "role": row.role, "since": since, "until": until},
        reason=reason,
    )
    return copy


@all_or_nothing
def lend(
    record: UnitRecord, *, to: User, until: datetime.date, reason: str, by: User | None, at: datetime.datetime, on: datetime.date
) -> Loan:
    """Let one person read one record until a date (借阅). Raises Refused without a reason or with a date gone by."""
    loans: Any = record.LOAN  # every concrete loan has a content_object, the abstract base has none
    if loans is None:
        raise Refused("此类记录不能借阅。")
    if len(reason.strip()) < 2:
        raise Refused("填写借阅事由。", field="reason")
    if until < on:
        raise Refused("到期日不得早于今天。", field="until")
    permission = Permission.objects.get(content_type=ContentType.objects.get_for_model(record), codename=f"view_{record._meta.model_name}")
    loan, _ = loans._base_manager.update_or_create(
        user=to,
        permission=permission,
        content_object=record,
        defaults={"until": until, "reason": reason, "granted_by": by, "granted_at": at},
    )
    note(
        "loan.given",
        stream=record.unit.stream,
        by=by,
        at=at,
        record=record,
        unit_id=record.unit_id,
        reason=reason,
        after={"reader": to.pk, "until": until},
    )
    return loan


@all_or_nothing
def recall(record: UnitRecord, *, user: User, by: User | None, at: datetime.datetime, reason: str) -> None:
    """End a loan at once; nothing happens when there is none."""
    loans: Any = record.LOAN
    if loans is None:
        return
    gone, _ = loans._base_manager.filter(user=user, content_object=record).delete()
    if gone:
        note(
            "loan.recalled",
            stream=record.unit.stream,
            by=by,
            at=at,
            record=record,
            unit_id=record.unit_id,
            reason=reason,
            after={"reader": user.pk},
        )


@all_or_nothing
def recuse(record: UnitRecord, *, user: User, reason: str, by: User, at: datetime.datetime) -> Recusal:
    """Keep somebody away from one record, whatever rights he holds (回避)."""
    row = Recusal(
        user=user,
        content_type=ContentType.objects.get_for_model(record),
        object_id=record.pk,
        reason=reason,
        declared_by=by,
        declared_at=at,
    )
    row.validate_constraints()
    row.save()
    note(
        "recusal.declared",
        stream=record.unit.stream,
        by=by,
        at=at,
        record=row,
        unit_id=record.unit_id,
        reason=reason,
        after={"user": user.pk, "object": f"{record._meta.label_lower}:{record.pk}"},
    )
    return row


@all_or_nothing
def lift_recusal(row: Recusal, *, stream: str, by: User, at: datetime.datetime, reason: str) -> None:
    """End a recusal; the row stays as a fact."""
    row.lifted_at = at
    row.save(update_fields=["lifted_at"])
    note("recusal.lifted", stream=stream, by=by, at=at, record=row, reason=reason)


@all_or_nothing
def seat(
    body: Body, person: Person, *, since: datetime.date, by: User | None, at: datetime.datetime, is_chair: bool = False
) -> BodyMember:
    """Give somebody a seat in a body from a day on. Raises Refused while he holds one there."""
    if members(body, on=since).filter(person=person).exists():
        raise Refused(f"{person.name}已是{body.name}成员。")
    row = BodyMember.objects.create(body=body, person=person, is_chair=is_chair, since=since)
    note("body.seated", stream=body.unit.stream, by=by, at=at, record=row, unit_id=body.unit_id,
         after={"person": person.pk, "since": since, "is_chair": is_chair})  # fmt: skip
    return row


@all_or_nothing
def record_sitting(
    body: Body, *, number: str, met_on: datetime.date, subject: str, present: int, by: User, at: datetime.datetime
) -> Sitting:
    """Register that a body met. Raises Refused for a future date or more present than members of that day."""
    if met_on > timezone.localtime(at).date():
        raise Refused("会议日期不得晚于今天。", field="met_on")
    if met_on < EARLIEST:
        raise Refused(f"会议日期不得早于{EARLIEST:%Y-%m-%d}，检查年份。", field="met_on")
    seats = members(body, on=met_on).count()
    if seats and present > seats:
        raise Refused(f"实到人数不超过应到人数{seats}人。", field="present")
    sitting = Sitting(
        body=body,
        unit=body.unit,
        number=number,
        met_on=met_on,
        subject=subject,
        present=present,
        created_by=by,
        created_at=at,
        updated_at=at,
    )
    with refused_when_taken("sitting_once", "已登记同一届次的会议。", field="number"):
        sitting.save()
    note(
        "sitting.recorded",
        stream=body.unit.stream,
        by=by,
        at=at,
        record=sitting,
        unit_id=body.unit_id,
        after={"number": number, "met_on": met_on, "present": present},
    )
    return sitting


@all_or_nothing
def confirm_sitting(sitting: Sitting, *, by: User, at: datetime.datetime) -> None:
    """Confirm a recorded sitting. Only the unit's 党组织书记 (R13, in the group R03), and not who recorded it."""
    fresh = Sitting.objects.select_for_update().get(pk=sitting.pk)
    if fresh.is_confirmed:
        raise Refused("会议已确认。")
    if fresh.created_by_id in scope_of(by).principals():
        raise Refused("登记人不能确认本人登记的会议。")
    if not scope_of(by).may_on(fresh, "A"):
        raise Refused("没有确认会议的权限。")
    fresh.confirmed_by, fresh.confirmed_at, fresh.updated_at = by, at, at
    fresh.version += 1
    fresh.save(update_fields=["confirmed_by", "confirmed_at", "updated_at", "version"])
    note("sitting.confirmed", stream=fresh.unit.stream, by=by, at=at, record=fresh, unit_id=fresh.unit_id)
