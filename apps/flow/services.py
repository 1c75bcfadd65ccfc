"""The only code that changes a state, and the to-dos that follow from it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Case, Max, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.stored import held
from apps.core.whole import all_or_nothing
from apps.flow.machine import Data, Move
from apps.flow.models import FlowRecord, RecordVersion, Return, Step, Todo
from apps.flow.queries import (
    about,
    compare,
    had_turn,
    has_open_signs,
    involved_ids,
    last_move,
    open_return,
    open_todos,
    steps_of,
    todos_of,
)
from apps.flow.rules import RETURNED, opinion_fault
from apps.notices.services import notify
from apps.org.models import Assignment, Recusal
from apps.org.queries import in_force, title_of
from apps.org.roles import Role
from apps.org.scope import scope_of
from apps.org.services import lend

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Department, Unit
    from apps.org.scope import Grip


HANDLING_DAYS = 30  # how long a handler may read a 限定人员 record that waits for him


@dataclass(frozen=True)
class Owner:
    """Who may get a to-do: one person, or whoever holds a role at a unit (and department)."""

    role: str = ""
    unit: Unit | None = None
    department: Department | None = None
    user: User | None = None


def moved_on(record: FlowRecord) -> Refused:
    """What happened meanwhile, for whoever comes too late to decide."""
    said = last_move(record)
    return Refused(f"{said}刷新查看。" if said else "此记录刚被修改，刷新后再办理。")


def _came_late(record: FlowRecord, *, then: str = "不再由您办理") -> str:
    """Who acted first and what became of the record: for whoever sends no version, as programs do, and so cannot be told by it."""
    last = steps_of(record).first()
    done = f"此记录已由{last.by.name}于{timezone.localtime(last.at):%Y-%m-%d %H:%M}{last.label}。" if last and last.by else ""
    return f"{done}当前状态为“{record.state_label}”，{then}。"


def _refuse_if_barred(record: FlowRecord, move: Move, *, by: User | None) -> None:
    if move.system:
        if by is not None:
            raise Refused(f"{move.label}由系统办理。")
        return
    if by is None:
        raise Refused(f"没有{move.label}的权限。")
    if move.decides and scope_of(by).principals() & involved_ids(record):
        raise Refused("不能审核本人填报或已办理过的记录，请由其他有权人员办理。")
    if not move.may(by, record):
        raise Refused(_came_late(record) if had_turn(by, record) else f"没有{move.label}的权限。")
    if move.decides and has_open_signs(record):
        raise Refused(f"加签意见还没有办结，办结或撤销加签后再{move.label}。")


def _acting_for(by: User | None, record: FlowRecord) -> int | None:
    """Whom the actor stands in for, when the right he uses came by delegation."""
    if by is None:
        return None
    grips = scope_of(by).grips
    if all(g.delegated_by_id is None for g in grips):
        return None
    waiting = list(open_todos(record))
    if any(todo.user_id == by.pk for todo in waiting):
        return None
    called = [g for g in grips if any(_calls(todo, g) for todo in waiting)]
    own = called or [g for g in grips if record.unit_id in g.unit_ids]
    if not own or any(g.delegated_by_id is None for g in own):
        return None
    return own[0].delegated_by_id


def _calls(todo: Todo, grip: Grip) -> bool:
    """Whether a to-do is addressed to this right: the same role at the same unit, and no other department."""
    elsewhere = None not in {todo.department_id, grip.department_id} and todo.department_id != grip.department_id
    return todo.role == grip.role and todo.unit_id == grip.unit_id and not elsewhere


@all_or_nothing
def make_move(
    record: FlowRecord,
    name: str,
    *,
    by: User | None,
    at: datetime.datetime,
    opinion: str = "",
    version: int | None = None,
    data: Data | None = None,
    starts_round: bool = False,
    anonymous: bool = False,
    to: Iterable[User] = (),
) -> Step:
    """Take one arrow of the record's machine, write the step and the audit event, close the open to-dos.

    Raises Refused when somebody acted first (`version` is the one the actor saw; without one, `record` as it was read, so
    that nobody decides at a node he has not seen; an opinion that decides nothing is taken all the same), when the state
    does not allow it,
    when the actor filed or already decided it, holds no right, gave no opinion, or a precondition fails.
    Afterwards `record` is the stored row, as after refresh_from_db(): what was set on it and not saved is gone.
    An `anonymous` move is checked against `by` and then written without a name anywhere. `to`: whom the step passes it to.
    """
    data = data or {}
    fresh: FlowRecord = held(type(record)._base_manager.select_related(*record.NAMED), record.pk)
    move = record.MACHINE.by_name[name]
    seen = record.version if version is None and not move.speaks else version
    if seen not in {None, fresh.version}:
        raise moved_on(fresh)
    if fresh.state not in move.sources:
        raise moved_on(fresh) if fresh.state != record.state else Refused(_came_late(fresh, then=f"不能{move.label}"))
    _refuse_if_barred(fresh, move, by=by)
    if fault := opinion_fault(move.opinion == "required", opinion, move.asked, least=move.least):
        raise Refused(fault, field="opinion")
    if reason := move.needs(fresh, data):
        raise reason if isinstance(reason, Refused) else Refused(reason)
    facts = {"opinion": opinion.strip(), "starts_round": starts_round, "to_names": "、".join(person.name for person in to)[:200]}
    step = _write_step(fresh, move, by=None if anonymous else by, at=at, data=data, facts=facts)
    become(record, fresh)
    return step


def become(record: FlowRecord, fresh: FlowRecord) -> None:
    """The caller goes on with `fresh`, the row as it is stored now, without reading it again."""
    for field in record._meta.concrete_fields:
        record.__dict__[field.attname] = fresh.__dict__[field.attname]
    record._state.fields_cache = dict(fresh._state.fields_cache)
    record.__dict__.pop("_prefetched_objects_cache", None)


def _write_step(
    fresh: FlowRecord, move: Move, *, by: User | None, at: datetime.datetime, data: Data, facts: dict[str, Any]
) -> Step:
    source, target = fresh.state, move.target_for(fresh, data)
    fresh.state, fresh.version, fresh.updated_at = target, fresh.version + 1, at
    fresh.save(update_fields=["state", "version", "updated_at"])
    step = Step.objects.create(
        **about(fresh),
        move=move.name,
        label=move.label,
        source=source,
        target=target,
        by=by,
        by_title=title_of(by) if by else "",
        acting_for_id=_acting_for(by, fresh),
        at=at,
        decides=move.decides,
        version=fresh.version,
        **facts,
    )
    if not move.keeps_todos:
        close_todos(fresh, by=by, at=at)
    note(
        move.event,
        stream=fresh.unit.stream,
        by=by,
        at=at,
        record=fresh,
        unit_id=fresh.unit_id,
        reason=step.opinion,
        before={"state": source},
        after={"state": target, "version": fresh.version} | ({"to": step.to_names} if step.to_names else {}),
        acting_for=step.acting_for,
    )
    return step


def close_todos(record: FlowRecord, *, by: User | None, at: datetime.datetime) -> None:
    """End the open to-dos of a record; they become 已办 of the one who acted. Opinions nobody gave become nobody's."""
    who = Cast(Value(by.pk if by else None), BigIntegerField())  # a bare parameter inside CASE is text to PostgreSQL
    acted = Case(When(kind=Todo.Kind.HANDLE, then=who), output_field=BigIntegerField())
    open_todos(record).update(done_at=at, done_by=acted)


def _refused(barred: set[int], *, on: datetime.date) -> set[int]:
    """The barred, and whoever stands in for one of them in whatever role: `make_move` would refuse him too."""
    return barred | set(Assignment.objects.filter(in_force(on), delegated_by__in=barred).values_list("user_id", flat=True))


def eligible(owner: Owner, *, barred: set[int], on: datetime.date) -> list[User]:
    """The active people behind an owner who may act: not barred themselves, nor standing in for somebody barred."""
    return _behind(owner, refused=_refused(barred, on=on), on=on)


def _behind(owner: Owner, *, refused: set[int], on: datetime.date) -> list[User]:
    if owner.user is not None:
        return [owner.user] if owner.user.is_active and owner.user.pk not in refused else []
    rows = Assignment.objects.filter(in_force(on), role=owner.role, unit=owner.unit, user__is_active=True).select_related("user")
    people: dict[int, User] = {}
    for row in rows.order_by("pk"):
        if owner.department is not None and row.department_id not in {None, owner.department.pk}:
            continue
        if row.user_id not in refused:
            people[row.user_id] = row.user
    return list(people.values())


@all_or_nothing
def open_todo(
    record: FlowRecord,
    *,
    node: str,
    label: str,
    owners: Iterable[Owner],
    at: datetime.datetime,
    due_on: datetime.date | None = None,
    decides: bool = True,
    asked_by: User | None = None,
) -> Todo:
    """Open the next to-do for the first owner with somebody who may act; whoever filed or decided is passed over.

    `owners` may be a generator: it is asked for the next one only when nobody could act.
    So the same person at two nodes means the second goes one level up (house.md mechanism 2). Raises Refused when
    nobody at all can act, before anything is written.
    """
    on = timezone.localtime(at).date()
    refused = _refused(involved_ids(record) | recused_ids(record), on=on) if decides else set()
    for owner in owners:
        people = _behind(owner, refused=refused, on=on)
        if people:
            todo = Todo.objects.create(
                **about(record),
                node=node,
                label=label,
                title=record.flow_title()[:200],
                role=owner.role,
                unit=owner.unit,
                department=owner.department,
                user=owner.user,
                from_unit_id=record.unit_id,
                opened_at=at,
                due_on=due_on,
                asked_by=asked_by,
            )
            _let_read(record, people, label=label, on=on, at=at)
            tell_todo(record, people, todo=todo, at=at)
            return todo
    raise Refused(f"没有可以办理“{label}”的人员，请联系安全保密管理员授权后再提交。")


def _let_read(record: FlowRecord, people: Iterable[User], *, label: str, on: datetime.date, at: datetime.datetime) -> None:
    """Whoever has to act on a 限定人员 record is lent it for as long as an act may take."""
    loans: Any = record.LOAN
    if record.secrecy != record.Secrecy.LIMITED or loans is None:
        return
    until = on + datetime.timedelta(days=HANDLING_DAYS)
    longer = set(loans._base_manager.filter(content_object=record, until__gte=until).values_list("user_id", flat=True))
    for person in people:
        if person.pk not in longer:  # a loan that runs longer keeps its end and its reason
            lend(record, to=person, until=until, reason=f"办理{label}", by=None, at=at, on=on)


def recused_ids(record: FlowRecord) -> set[int]:
    """Who is kept away from this record."""
    return set(Recusal.objects.filter(**about(record), lifted_at__isnull=True).values_list("user_id", flat=True))


def tell_todo(record: FlowRecord, people: Iterable[User], *, todo: Todo, at: datetime.datetime) -> None:
    """One notice per person about a to-do that was opened for him."""
    due = f"，{todo.due_on:%Y-%m-%d} 前办结" if todo.due_on else ""
    notify(
        people,
        kind="flow.todo",
        key=f"todo-{todo.pk}",
        title=f"待办：{record._meta.verbose_name}{todo.label}{due}",
        body="",
        url=record.get_absolute_url(),
        at=at,
        record=record,
    )


@all_or_nothing
def give_back(
    record: FlowRecord, name: str, *, by: User, at: datetime.datetime, opinion: str, fields: Sequence[str] = (), version: int | None = None
) -> Step:
    """Return a record to its author. Remembers who did it, at which node, and which fields are to be changed."""
    step = make_move(record, name, by=by, at=at, opinion=opinion, version=version)
    send_back(record, step, back_to=step.source, by=by, at=at, fields=fields)
    return step


def send_back(
    record: FlowRecord, step: Step, *, back_to: str, by: User, at: datetime.datetime, fields: Sequence[str] = ()
) -> Todo | None:
    """The author is to correct the record, for the reason the step gives: it counts as returned until it is handed in again."""
    Return.objects.create(**about(record), step=step, back_to=back_to, by=by, fields=list(fields), version=_last_version(record))
    return hand_to_author(record, at=at)


def hand_to_author(record: FlowRecord, *, at: datetime.datetime) -> Todo | None:
    """退回修改: the record waits for whoever handed it in last; for nobody when he left or the system made it."""
    last = Step.objects.filter(**about(record), move="submit").order_by("-pk").select_related("by").first()
    author = (last.by if last else None) or record.created_by
    if author is None or not author.is_active:
        return None
    return open_todo(record, node="draft", label=RETURNED, owners=[Owner(user=author)], at=at, decides=False)


def shortcut(record: FlowRecord) -> Return | None:
    """The open return, when only the fields it named were changed: then the next submit goes straight back there."""
    back = open_return(record)
    if back is None or not back.fields:
        return None
    old = RecordVersion.objects.filter(**about(record), number=back.version).first()
    if old is None:
        return None
    changed = {row["field"] for row in compare(old.data, record.snapshot())}
    return back if changed <= set(back.fields) else None


def settle_return(record: FlowRecord, *, at: datetime.datetime) -> None:
    """The record was handed in again."""
    Return.objects.filter(**about(record), settled_at__isnull=True).update(settled_at=at)


def keep_version(
    record: FlowRecord, *, by: User | None, at: datetime.datetime, reason: str, read: FlowRecord | None = None
) -> RecordVersion:
    """Freeze the content as the next version; `read` is the stored row with whom it names, where the caller holds it already."""
    if read is None:
        named = [field.name for field in record._meta.concrete_fields if field.many_to_one]
        read = type(record)._base_manager.select_related(*named).get(pk=record.pk)  # all it names in one query
    data = read.snapshot()
    number = _last_version(record) + 1
    return RecordVersion.objects.create(**about(record), number=number, data=data, made_by=by, made_at=at, reason=reason)


def _last_version(record: FlowRecord) -> int:
    number: int | None = RecordVersion.objects.filter(**about(record)).aggregate(n=Max("number"))["n"]
    return number or 0


def mark_seen(record: FlowRecord, *, user: User, at: datetime.datetime) -> None:
    """The handler opened the record: from now on its author cannot withdraw it."""
    ids = list(todos_of(user).filter(**about(record), seen_at__isnull=True).values_list("pk", flat=True))
    if ids:
        Todo.objects.filter(pk__in=ids, seen_at__isnull=True).update(seen_at=at)


@all_or_nothing
def copy_to(record: FlowRecord, *, owners: Sequence[Owner], label: str, at: datetime.datetime) -> None:
    """抄送: let owners know; nothing waits for them."""
    for owner in owners:
        Todo.objects.create(
            **about(record),
            kind=Todo.Kind.COPY,
            node="copy",
            label=label,
            title=record.flow_title()[:200],
            role=owner.role,
            unit=owner.unit,
            department=owner.department,
            user=owner.user,
            from_unit_id=record.unit_id,
            opened_at=at,
        )


def owner_people(todo: Todo, *, on: datetime.date) -> list[User]:
    """Everybody a to-do waits for."""
    return eligible(Owner(todo.role, todo.unit, todo.department, todo.user), barred=set(), on=on)


def owner_names(todo: Todo, *, on: datetime.date) -> str:
    """Who a to-do waits for, as shown on the page: 「张三」 or 「部门负责人 张三、李四」."""
    names = "、".join(p.name for p in owner_people(todo, on=on))
    return names if todo.user_id else f"{Role(todo.role).label} {names}".strip()
