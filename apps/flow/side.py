"""What people do with a record beside its own arrows: pass it to a colleague, ask for an opinion, press for it, throw a draft away."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from apps.audit.services import note, note_all
from apps.core.errors import Refused
from apps.core.keys import among
from apps.core.stored import held
from apps.core.whole import all_or_nothing
from apps.files.queries import attachments_of
from apps.files.services import remove
from apps.flow.models import FlowRecord, Step, Todo
from apps.flow.queries import about, involved_ids, may_urge, open_todos
from apps.flow.services import Owner, eligible, make_move, open_todo, owner_people, recused_ids, tell_todo
from apps.notices.services import notify
from apps.org.queries import insiders_over

if TYPE_CHECKING:
    from apps.accounts.models import User

NOT_HIS = "所选人员不能办理此环节，重新选择。"
NOT_ASKABLE = "所选人员看不到此记录或不能提意见，重新选择。"


def stand_ins(record: FlowRecord, owners: Iterable[Owner], *, by: User, on: datetime.date) -> list[User]:
    """To whom the user may pass his to-do: everybody entitled to this node, who has neither filed nor decided, but himself."""
    barred = involved_ids(record) | recused_ids(record) | {by.pk}
    people: dict[int, User] = {}
    for owner in owners:
        people |= {person.pk: person for person in eligible(owner, barred=barred, on=on)}
    return list(people.values())


@all_or_nothing
def hand_over(
    record: FlowRecord, *, to: User, owners: Iterable[Owner], by: User, at: datetime.datetime, opinion: str = "", version: int | None = None
) -> Step:
    """转办: the to-do of this node goes to another person entitled to it, with the same time limit.

    `owners`: who is entitled to the node. Raises Refused (field `to`) for anybody else.
    """
    if to not in stand_ins(record, owners, by=by, on=timezone.localtime(at).date()):
        raise Refused(NOT_HIS, field="to")
    step = make_move(record, "hand_over", by=by, at=at, opinion=opinion, version=version, to=[to])
    old = open_todos(record).filter(kind=Todo.Kind.HANDLE).get()  # it was his turn
    open_todos(record).filter(pk=old.pk).update(done_at=at, done_by=by)
    open_todo(record, node=old.node, label=old.label, owners=[Owner(user=to)], at=at, due_on=old.due_on, asked_by=by)
    return step


def signers(record: FlowRecord, *, by: User, on: datetime.date) -> list[User]:
    """Whose opinion may be asked for: who reads the record by his office, is not kept away from it and did not file it."""
    barred = recused_ids(record) | record.filers() | {by.pk, record.created_by_id or 0}
    asked = set(open_todos(record).filter(kind=Todo.Kind.SIGN).values_list("user_id", flat=True))
    return [person for person in insiders_over(record, on=on) if person.pk not in barred | asked]


@all_or_nothing
def add_signers(
    record: FlowRecord, *, people: Sequence[User], by: User, at: datetime.datetime, opinion: str = "", version: int | None = None
) -> Step:
    """加签: ask people for their opinion. Until they gave it, or it is withdrawn, nobody decides.

    Raises Refused (field `people`) for somebody who does not see the record.
    """
    known = {person.pk for person in signers(record, by=by, on=timezone.localtime(at).date())}
    model: Any = type(record)
    if not people or any(p.pk not in known or not model.objects.visible_to(p).filter(pk=record.pk).exists() for p in people):
        raise Refused(NOT_ASKABLE, field="people")
    due_on = open_todos(record).filter(kind=Todo.Kind.HANDLE).values_list("due_on", flat=True).first()
    step = make_move(record, "add_signers", by=by, at=at, opinion=opinion, version=version, to=people)
    for person in people:
        todo = Todo.objects.create(
            **about(record), kind=Todo.Kind.SIGN, node="sign", label="加签意见", title=record.flow_title()[:200], user=person,
            from_unit_id=record.unit_id, opened_at=at, due_on=due_on, asked_by=by,
        )  # fmt: skip
        tell_todo(record, [person], todo=todo, at=at)
    return step


@all_or_nothing
def sign(record: FlowRecord, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Give the opinion that was asked for; who waits for it hears of it."""
    step = make_move(record, "sign", by=by, at=at, opinion=opinion, version=version)
    open_todos(record).filter(kind=Todo.Kind.SIGN, user=by).update(done_at=at, done_by=by)
    for todo in open_todos(record).filter(kind=Todo.Kind.HANDLE).select_related("unit", "department", "user"):
        people = owner_people(todo, on=timezone.localtime(at).date())
        _tell(record, people, kind="flow.signed", key=f"signed-{step.pk}", title=f"{by.name}已提交加签意见", at=at)
    return step


@all_or_nothing
def drop_signers(record: FlowRecord, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """撤销加签: whoever has not given his opinion yet is no longer asked."""
    step = make_move(record, "drop_signers", by=by, at=at, opinion=opinion, version=version)
    open_todos(record).filter(kind=Todo.Kind.SIGN).update(done_at=at)
    return step


@all_or_nothing
def urge(record: FlowRecord, *, by: User, at: datetime.datetime) -> int:
    """催办: remind everybody the record waits for, once a day and to-do; gives how many people. Changes nothing else.

    Raises Refused where there is nobody to remind, or the user may not, or it was done today.
    """
    fresh: FlowRecord = held(type(record)._base_manager.select_related("unit"), record.pk)
    if not may_urge(by, fresh):
        raise Refused("此记录当前没有可以催办的人员。")
    today = timezone.localtime(at).date()
    due = [t for t in open_todos(fresh).select_related("unit", "department", "user") if not _urged_on(t, today)]
    if not due:
        raise Refused("今天已催办过，明天可再次催办。")
    told = 0
    for todo in due:
        people = owner_people(todo, on=today)
        title = f"催办：{fresh._meta.verbose_name}{todo.label}"
        _tell(fresh, people, kind="flow.urged", key=f"urged-{todo.pk}-{today:%Y%m%d}", title=title, at=at)
        told += len(people)
    Todo.objects.filter(pk__in=[todo.pk for todo in due]).update(urged_at=at)
    labels = [todo.label for todo in due]
    note("flow.urged", stream=fresh.unit.stream, by=by, at=at, record=fresh, unit_id=fresh.unit_id, after={"labels": labels})
    return told


def _urged_on(todo: Todo, day: datetime.date) -> bool:
    return todo.urged_at is not None and timezone.localtime(todo.urged_at).date() == day


def _tell(record: FlowRecord, people: Iterable[User], *, kind: str, key: str, title: str, at: datetime.datetime) -> None:
    notify(people, kind=kind, key=key, title=title, body="", url=record.get_absolute_url(), at=at, record=record)


@all_or_nothing
def delete_drafts(records: Sequence[FlowRecord], *, event: str, by: User, at: datetime.datetime, before: Mapping[int, Any]) -> None:
    """Delete drafts of one register that were never handed in (house.md): their numbers are not used again, their files stay.

    The caller holds the rows and has checked that the user may; `before` is what the audit keeps of each, by key. Raises Refused
    for everything else; that is 作废.
    """
    kind, keys = type(records[0]), [record.pk for record in records]
    handed_in = Step.objects.filter(among("object_id", keys), content_type=ContentType.objects.get_for_model(kind))
    if any(record.state != "draft" for record in records) or handed_in.exists():
        raise Refused("提交过的记录不能删除，可以作废。")
    for file in attachments_of(*records):
        remove(file, reason="删除草稿", by=by, at=at)
    for stream in dict.fromkeys(record.unit.stream for record in records):
        theirs = [record for record in records if record.unit.stream == stream]
        note_all(event, [{"record": r, "unit_id": r.unit_id, "before": before[r.pk]} for r in theirs], stream=stream, by=by, at=at)
    kind._base_manager.filter(among("pk", keys)).delete()
