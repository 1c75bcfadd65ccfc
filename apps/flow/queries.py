"""Questions about steps and to-dos."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.flow.models import FlowRecord, RecordVersion, Return, Step, Todo
from apps.org.models import Recusal
from apps.org.scope import kept_for_others, scope_of

if TYPE_CHECKING:
    from apps.accounts.models import User

GIVE_BACK_ONE = "give_back_one"  # 退回上一环节: what was decided at the node it goes to no longer counts
ACTED_ON = (Todo.Kind.HANDLE, Todo.Kind.SIGN)


def about(record: FlowRecord) -> dict[str, Any]:
    """The filter that finds rows about this record."""
    return {"content_type": ContentType.objects.get_for_model(record), "object_id": record.pk}


def steps_of(record: FlowRecord) -> QuerySet[Step]:
    """Everything that happened to a record, newest first."""
    return Step.objects.filter(**about(record)).select_related("by", "acting_for").order_by("-pk")


def _addressed_to(user: User) -> Q:
    """To-dos for the person, or for a role he holds at the very unit the to-do names (not: at a unit above)."""
    wanted = [Q(user=user)]
    for grip in scope_of(user).grips:
        here = Q(user__isnull=True, role=grip.role, unit_id=grip.unit_id)
        if grip.department_id is not None:
            here &= Q(department_id=grip.department_id) | Q(department__isnull=True)
        wanted.append(here)
    return reduce(or_, wanted)


def _is_recused(user: User) -> Exists:
    return Exists(
        Recusal.objects.filter(user=user, lifted_at__isnull=True, content_type=OuterRef("content_type"), object_id=OuterRef("object_id"))
    )


def _is_kept_from(user: User) -> Q:
    """To-dos about 限定人员 records that nobody lent this user."""
    kept = Q(pk__in=[])
    for model in apps.get_models():
        if issubclass(model, FlowRecord):
            of_kind = Q(content_type=ContentType.objects.get_for_model(model))
            kept |= of_kind & Q(Exists(kept_for_others(model, user).filter(pk=OuterRef("object_id"))))
    return kept


def _todos(user: User, *kinds: str) -> QuerySet[Todo]:
    if scope_of(user).user_id is None:
        return Todo.objects.none()
    rows = Todo.objects.filter(_addressed_to(user), kind__in=kinds, done_at__isnull=True)
    return rows.filter(~_is_recused(user)).exclude(_is_kept_from(user)).select_related("from_unit", "content_type")


def todos_of(user: User) -> QuerySet[Todo]:
    """我的待办: open, addressed to this user today, most urgent first. What he is recused from is not there."""
    return _todos(user, *ACTED_ON).order_by(F("due_on").asc(nulls_last=True), "opened_at", "pk")


def copied_to(user: User) -> QuerySet[Todo]:
    """抄送我的, newest first."""
    return _todos(user, Todo.Kind.COPY).order_by("-opened_at", "-pk")


def open_count(user: User) -> int:
    """How many things wait for this user: the number in the top bar, equal to the list behind it."""
    return todos_of(user).count()


def done_by(user: User) -> QuerySet[Todo]:
    """我的已办: to-dos this user closed, newest first."""
    return Todo.objects.filter(done_by=user, kind__in=ACTED_ON).select_related("from_unit", "content_type").order_by("-done_at", "-pk")


def started_by(user: User) -> QuerySet[Step]:
    """我发起的: the latest submit of every record this user handed in, newest first."""
    latest = Step.objects.filter(by=user, move="submit").order_by("content_type", "object_id", "-pk").distinct("content_type", "object_id")
    return Step.objects.filter(pk__in=latest.values("pk")).select_related("content_type").order_by("-pk")


def open_todos(record: FlowRecord) -> QuerySet[Todo]:
    """The open to-dos of a record, whoever has them."""
    return Todo.objects.filter(**about(record), kind__in=ACTED_ON, done_at__isnull=True).order_by("pk")


def handles(user: User, record: FlowRecord) -> bool:
    """Whether the record waits for this user's act: an open to-do of it is addressed to him. Being asked (加签) is none."""
    return _kept(record, "handles", user, lambda: _waits_for(user, record))


def _waits_for(user: User, record: FlowRecord) -> bool:
    """Asks `has_open_signs` in the same query: of a locked row both answers are of now, not of when the lock was asked for."""
    asked = Todo.objects.filter(**about(record), kind=Todo.Kind.SIGN, done_at__isnull=True)
    row = _todos(user, Todo.Kind.HANDLE).filter(**about(record)).annotate(asked=Exists(asked)).values_list("asked", flat=True).first()
    if row is not None:
        _kept(record, "signs", None, lambda: row)
    return row is not None


def is_his_turn(user: User, record: FlowRecord) -> bool:
    """Whether an open to-do is addressed to the user, and he neither filed nor decided what is to be judged.

    Asked for every button of a page; the answer is kept on the row object for this version of the record.
    """
    return _kept(record, "turn", user, lambda: handles(user, record) and not scope_of(user).principals() & involved_ids(record))


def is_asked(user: User, record: FlowRecord) -> bool:
    """Whether this user's own opinion was asked for (加签) and is still open."""
    return _kept(record, "asked", user, lambda: _todos(user, Todo.Kind.SIGN).filter(**about(record), user=user).exists())


def has_open_signs(record: FlowRecord) -> bool:
    """Whether somebody's opinion (加签) is still waited for."""
    return _kept(record, "signs", None, lambda: open_todos(record).filter(kind=Todo.Kind.SIGN).exists())


def _kept(record: FlowRecord, question: str, user: User | None, answer: Callable[[], bool]) -> bool:
    kept: dict[tuple[Any, ...], bool] = record.__dict__.setdefault("_answers", {})
    key = (question, user.pk if user else None, record.version, record.state)
    if key not in kept:
        kept[key] = answer()
    return kept[key]


def may_urge(user: User, record: FlowRecord, *, waiting: Iterable[Todo] | None = None) -> bool:
    """Whether this user may press for it (催办): it waits for others, and he filed it or changes or approves his unit's records.

    `waiting`: the open to-dos, where the caller has them already.
    """
    filed = record.created_by_id == user.pk or scope_of(user).may_on(record, "U") or scope_of(user).may_on(record, "A")
    if not filed or record.state == "draft":
        return False
    todos = list(open_todos(record) if waiting is None else waiting)
    return bool(todos) and all(todo.user_id != user.pk for todo in todos) and not handles(user, record)


def decider_at(record: FlowRecord, node: str) -> User | None:
    """Who decided last at a node."""
    last = Step.objects.filter(**about(record), source=node, decides=True).order_by("-pk").select_related("by").first()
    return last.by if last is not None else None


def had_turn(user: User, record: FlowRecord) -> bool:
    """Whether a to-do of the record was addressed to this user and somebody else did it."""
    done = Todo.objects.filter(_addressed_to(user), **about(record), kind=Todo.Kind.HANDLE, done_at__isnull=False)
    return done.exclude(done_by=user).exists()


def open_return(record: FlowRecord) -> Return | None:
    """The return that still waits for a new submit, or None."""
    return Return.objects.filter(**about(record), settled_at__isnull=True).select_related("by", "step").first()


def is_returned(model: type[FlowRecord]) -> Exists:
    """For a list of records: whether a return waits for a new submit."""
    kind = ContentType.objects.get_for_model(model)
    return Exists(Return.objects.filter(content_type=kind, object_id=OuterRef("pk"), settled_at__isnull=True))


def versions_of(record: FlowRecord) -> QuerySet[RecordVersion]:
    """The content versions of a record, newest first."""
    return RecordVersion.objects.filter(**about(record)).select_related("made_by").order_by("-number")


def with_content(steps: Iterable[Step], versions: Iterable[RecordVersion]) -> list[Step]:
    """The steps, each with the number of the content it handed in or judged; 0 while there are not two to tell apart."""
    numbered = sorted(versions, key=lambda version: version.number)
    rows = list(steps)
    for step in rows if len(numbered) > 1 else ():
        step.content_version = max((version.number for version in numbered if version.made_at <= step.at), default=0)
    return rows


def passed(steps: Iterable[Step], states: Iterable[str]) -> dict[str, Step]:
    """For each state the latest step (of steps newest first) that led on from it: neither a return nor a withdrawal."""
    order = {state: place for place, state in enumerate(states)}
    found: dict[str, Step] = {}
    for step in steps:
        if step.source in order and order.get(step.target, len(order)) > order[step.source]:
            found.setdefault(step.source, step)
    return found


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields whose text differs between two snapshots: [{field, label, old, new}], in the order of the form."""
    changed = []
    for name in [*new, *(n for n in old if n not in new)]:
        before, after = old.get(name), new.get(name)
        if (before or {}).get("value") != (after or {}).get("value"):
            label = (after or before or {}).get("label", name)
            changed.append({"field": name, "label": label, "old": (before or {}).get("text", ""), "new": (after or {}).get("text", "")})
    return changed


def involved_ids(record: FlowRecord) -> set[int]:
    """Who filed or wrote this record, or decided on it in the running round: none of them decides it (again)."""
    return _made_steps(record) | record.filers() | set(record.writers) | ({record.created_by_id} if record.created_by_id else set())


def _made_steps(record: FlowRecord) -> set[int]:
    """Who handed it in, and who judged since the round began. Kept on the row object: every step raises the version."""
    kept: dict[int, set[int]] = record.__dict__.setdefault("_made_steps", {})
    if record.version not in kept:
        rows = Step.objects.filter(Q(move__in=["submit", GIVE_BACK_ONE]) | Q(decides=True) | Q(starts_round=True), **about(record))
        kept[record.version] = _still_counting(rows.order_by("pk").values_list(*JUDGED))
    return kept[record.version]


JUDGED = ("move", "source", "target", "decides", "starts_round", "by_id", "acting_for_id")


def _still_counting(rows: Iterable[tuple[Any, ...]]) -> set[int]:
    """Everybody who handed in, and who judged in the running round and was not asked to judge again."""
    filed: set[int] = set()
    judged: dict[str, set[int]] = {}
    for move, source, target, decides, starts_round, *ids in rows:
        people = {i for i in ids if i is not None}
        if starts_round:
            judged.clear()
        if move == "submit":
            filed |= people
        if decides:
            judged.setdefault(source, set()).update(people)
        if move == GIVE_BACK_ONE:
            judged.pop(target, None)
    return filed.union(*judged.values())


def facts(step: Step) -> dict[str, Any]:
    """One step as plain facts for papers and the API."""
    return {
        "label": step.label, "by": step.who, "title": step.by_title, "at": timezone.localtime(step.at), "opinion": step.opinion,
        "to": step.to_names, "source": step.source, "target": step.target,
    }  # fmt: skip


def last_move(record: FlowRecord) -> str:
    """Who did what to it last, when, and where it stands; empty where the last change was no step of a person."""
    last = steps_of(record).first()
    if last is None or last.by is None or last.version != record.version:
        return ""
    when = timezone.localtime(last.at).strftime("%H:%M")
    return f"此记录在 {when} 已由{last.by.name}{last.label}，当前状态为“{record.state_label}”。"
