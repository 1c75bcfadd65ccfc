"""What the 工作台 and the 待办中心 show. Every number comes from the queryset of the list it links to."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.calendars.queries import calendar
from apps.calendars.rules import Lamp, lamp
from apps.core.counts import CountOf
from apps.core.search import matching
from apps.dashboards.rules import weekday
from apps.flow.models import FlowRecord, Return, Step, Todo
from apps.flow.queries import copied_to, done_by, started_by, todos_of
from apps.org.roles import Role
from apps.org.scope import scope_of
from apps.parameters.queries import value

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

TABS = {"mine": "我的待办", "done": "我的已办", "started": "我发起的", "copied": "抄送我的"}
WEEK = datetime.timedelta(days=7)
SOON_LINES = 5


@dataclass(frozen=True)
class Numbers:
    """The strip of the 工作台. `longest` is in natural days."""

    mine: int
    today: int
    overdue: int
    longest: int
    week: int
    started: int
    returned: int
    done: int
    copied: int


@dataclass(frozen=True)
class Row:
    """One line of a list of to-dos, whatever it is about."""

    kind: str
    title: str
    url: str
    unit: str
    node: str
    at: datetime.datetime
    lamp: Lamp | None = None
    can_urge: bool = False


@dataclass(frozen=True)
class Chip:
    """One kind of record that a list can be narrowed to."""

    code: str
    label: str
    count: int


@dataclass(frozen=True)
class Soon:
    """What falls due on one day of the coming week, with the address of exactly these to-dos."""

    day: datetime.date
    weekday: str
    text: str
    note: str
    url: str


def kinds() -> list[type[FlowRecord]]:
    """The kinds of records that have a flow."""
    return [model for model in apps.get_models() if issubclass(model, FlowRecord)]


def kind_label(content_type_id: int) -> str:
    """What a kind of record is called."""
    model = ContentType.objects.get_for_id(content_type_id).model_class()
    return str(model._meta.verbose_name) if model else ""


def address(content_type_id: int, pk: int) -> str:
    """The page of a record, without fetching it: records name their page by their id alone."""
    model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
    return str(model(pk=pk).get_absolute_url())


def todo_url(tab: str, **conditions: str) -> str:
    """The 待办中心 with these conditions."""
    return f"{reverse('todo')}?{urlencode({'tab': tab} | {k: v for k, v in conditions.items() if v})}"


def _same_record() -> dict[str, Combinable]:
    return {"content_type": OuterRef("content_type"), "object_id": OuterRef("object_id")}


class Desk:
    """One person's to-dos on one day. What he may see is worked out once for all numbers and lists of a page."""

    def __init__(self, user: User, *, today: datetime.date) -> None:
        self.user, self.today = user, today
        self.counted_at: datetime.datetime | None = None  # when the bars were counted, where that was not just now

    @cached_property
    def visible(self) -> dict[type[FlowRecord], QuerySet[Any]]:
        """The records the user may see today, by kind."""
        return {model: model.objects.visible_to(self.user) for model in kinds()}

    @cached_property
    def seen(self) -> Q:
        """The condition that keeps rows about records the user may see today."""
        wanted = Q(pk__in=[])
        for model, rows in self.visible.items():
            of_kind = Q(content_type=ContentType.objects.get_for_model(model))
            wanted |= of_kind & Q(Exists(rows.order_by().filter(pk=OuterRef("object_id"))))
        return wanted

    @property
    def running(self) -> Q:
        """The condition for rows about records that are on their way: neither settled nor taken back by their author."""
        wanted = Exists(Return.objects.filter(**_same_record(), settled_at__isnull=True)) | Q(pk__in=[])
        for model in kinds():
            resting = {*model.MACHINE.final, *model.DRAFT_STATES, *(state for state, _ in model.MACHINE.line[-1:])}
            rows = model._base_manager.exclude(state__in=resting).filter(pk=OuterRef("object_id"))
            wanted |= Q(content_type=ContentType.objects.get_for_model(model)) & Q(Exists(rows))
        return wanted

    # -- lists ---------------------------------------------------------------------------------------------------

    def rows(self, tab: str, *, due: str = "", kind: str = "", text: str = "") -> QuerySet[Any]:
        """The rows of a tab, in its order. `due`: overdue, week or a date for mine, month for done, all for started."""
        rows = {"mine": self.mine, "done": self.done, "started": self.started, "copied": self.copied}[tab](due)
        if kind:
            rows = rows.filter(content_type__model=kind)
        return rows.filter(matching("title", text)) if text.strip() else rows

    def mine(self, due: str = "") -> QuerySet[Todo]:
        """What waits for the user; the most urgent first."""
        rows = todos_of(self.user)
        if due == "overdue":
            return rows.filter(due_on__lt=self.today)
        if due == "week":
            return rows.filter(due_on__gte=self.today, due_on__lte=self.today + WEEK)
        day = _day(due)
        return rows.filter(due_on=day) if day else rows

    def done(self, due: str = "") -> QuerySet[Todo]:
        """What the user closed himself; `month` keeps this month's."""
        rows = done_by(self.user).filter(self.seen)
        return rows.filter(done_at__gte=_midnight(self.today.replace(day=1))) if due == "month" else rows

    def done_today(self) -> QuerySet[Todo]:
        """What the user closed today."""
        return self.done().filter(done_at__gte=_midnight(self.today))

    def started(self, due: str = "") -> QuerySet[Step]:
        """What the user handed in and is still on its way, whoever has it; `all` adds what is settled."""
        rows = started_by(self.user).filter(self.seen)
        if due == "returned":
            rows = rows.filter(Exists(Return.objects.filter(**_same_record(), settled_at__isnull=True)))
        elif due != "all":
            rows = rows.filter(self.running)
        told = Todo.objects.filter(**_same_record(), kind=Todo.Kind.HANDLE)
        last, waiting = told.order_by("-pk"), told.filter(done_at__isnull=True).order_by("pk")
        return rows.annotate(
            title=Subquery(last.values("title")[:1]),
            unit_name=Subquery(last.values("from_unit__short_name")[:1]),
            node=Subquery(waiting.values("label")[:1]),
            waits_at=Subquery(waiting.values("node")[:1]),
            since=Subquery(waiting.values("opened_at")[:1]),
            due_on=Subquery(waiting.values("due_on")[:1]),
        )

    def copied(self, due: str = "") -> QuerySet[Todo]:
        """What the user should know."""
        return copied_to(self.user).filter(self.seen)

    def shown(self, tab: str, rows: Iterable[Any]) -> list[Row]:
        """Rows of a tab as lines."""
        if tab != "started":
            return [self._todo_row(tab, row) for row in rows]
        steps = list(rows)
        states = self._states(step for step in steps if not step.node)
        return [self._step_row(step, states.get((step.content_type_id, step.object_id), "")) for step in steps]

    def _states(self, steps: Iterable[Any]) -> dict[tuple[int, int], str]:
        """How records stand that wait for nobody: 公示中, 已生效 … One query per kind."""
        wanted: dict[int, list[int]] = {}
        for step in steps:
            wanted.setdefault(step.content_type_id, []).append(step.object_id)
        found = {}
        for kind, ids in wanted.items():
            model: Any = ContentType.objects.get_for_id(kind).model_class()
            for record in model._base_manager.filter(pk__in=ids).only("state"):
                found[kind, record.pk] = record.state_label
        return found

    def _todo_row(self, tab: str, todo: Todo) -> Row:
        return Row(
            kind=kind_label(todo.content_type_id),
            title=todo.title,
            url=address(todo.content_type_id, todo.object_id),
            unit=todo.from_unit.short_name,
            node=todo.label,
            at=todo.done_at if tab == "done" and todo.done_at else todo.opened_at,
            lamp=self.lamp(todo.due_on, todo.opened_at) if tab == "mine" else None,
        )

    def _step_row(self, step: Any, state: str) -> Row:
        return Row(
            kind=kind_label(step.content_type_id),
            title=step.title or "",
            url=address(step.content_type_id, step.object_id),
            unit=step.unit_name or "",
            node=step.node or state,
            at=step.at,
            lamp=self.lamp(step.due_on, step.since) if step.since else None,
            can_urge=bool(step.node) and step.waits_at != "draft",
        )

    @cached_property
    def _measure(self) -> tuple[Any, Decimal]:
        return calendar(), Decimal(str(value("db.yellow_ratio", on=self.today)))

    def lamp(self, due_on: datetime.date | None, since: datetime.datetime) -> Lamp | None:
        """The lamp of a to-do today; None without a limit."""
        days, ratio = self._measure
        return lamp(due_on, since=timezone.localtime(since).date(), today=self.today, calendar=days, ratio=ratio)

    # -- numbers -------------------------------------------------------------------------------------------------

    @cached_property
    def _groups(self) -> list[dict[str, Any]]:
        """Everything that waits, counted by kind and last day: strip, chips and 即将到期 in one query."""
        rows = todos_of(self.user).order_by("due_on", "content_type").values("content_type_id", "due_on")
        named = {"title": Min("title"), "unit": Min("from_unit__short_name"), "units": Count("from_unit", distinct=True)}
        groups: Any = rows.annotate(n=Count("pk"), **named)
        return list(groups)

    @cached_property
    def _person(self) -> tuple[Any, ...]:
        returned = self.started("returned")
        rows = User.objects.filter(pk=self.user.pk).values_list(
            "person__title",
            "person__unit__short_name",
            CountOf(self.started()),
            CountOf(returned),
            CountOf(self.done("month")),
            CountOf(self.copied()),
        )
        return rows.get()

    @cached_property
    def numbers(self) -> Numbers:
        """The counts of the strip and of the tabs."""
        late = [g["due_on"] for g in self._groups if self._falls(g["due_on"], "overdue")]
        _, _, started, returned, done, copied = self._person
        return Numbers(
            mine=self._count(),
            today=self._count(due=self.today.isoformat()),
            overdue=self._count(due="overdue"),
            longest=max(((self.today - day).days for day in late), default=0),
            week=self._count(due="week"),
            started=started,
            returned=returned,
            done=done,
            copied=copied,
        )

    def count_of_mine(self, *, due: str = "", kind: str = "", text: str = "") -> int | None:
        """How many rows the tab 我的待办 has under these conditions, without a query; None when a text is searched."""
        return None if text.strip() else self._count(due=due, kind=kind)

    def _count(self, *, due: str = "", kind: str = "") -> int:
        wanted = [g for g in self._groups if not kind or ContentType.objects.get_for_id(g["content_type_id"]).model == kind]
        return sum(g["n"] for g in wanted if self._falls(g["due_on"], due))

    def _falls(self, on: datetime.date | None, due: str) -> bool:
        """Whether a last day meets a condition of `mine`."""
        if due == "overdue":
            return on is not None and on < self.today
        if due == "week":
            return on is not None and self.today <= on <= self.today + WEEK
        day = _day(due)
        return day is None or on == day

    @property
    def post(self) -> str:
        """Where the user works and as what; the name of the first role when nobody recorded a post."""
        title, unit, *_ = self._person
        if unit:
            return f"{unit} {title}".strip()
        grips = scope_of(self.user).grips
        return str(Role(grips[0].role).label) if grips else ""

    @property
    def chips(self) -> list[Chip]:
        """The kinds of records among what waits for the user, each with its count."""
        found: dict[int, int] = {}
        for group in self._groups:
            found[group["content_type_id"]] = found.get(group["content_type_id"], 0) + group["n"]
        return [Chip(ContentType.objects.get_for_id(pk).model, kind_label(pk), n) for pk, n in sorted(found.items())]

    def chips_of(self, tab: str) -> list[Chip]:
        """The same for any tab; one query for the other tabs."""
        if tab == "mine":
            return self.chips
        rows = self.rows(tab).order_by().values_list("content_type_id").annotate(n=Count("pk")).order_by("content_type_id")
        return [Chip(ContentType.objects.get_for_id(row[0]).model, kind_label(row[0]), row[-1]) for row in rows]

    @property
    def soon(self) -> list[Soon]:
        """What falls due from today to the seventh day, by day."""
        lines = [g for g in self._groups if self._falls(g["due_on"], "week")]
        return [self._soon(group) for group in lines[:SOON_LINES]]

    def _soon(self, group: dict[str, Any]) -> Soon:
        content_type = ContentType.objects.get_for_id(group["content_type_id"])
        text = group["title"] if group["n"] == 1 else f"{group['n']} 件{kind_label(content_type.pk)}到期"
        note = group["unit"] if group["units"] == 1 else f"{group['unit']}等 {group['units']} 家单位"
        url = todo_url("mine", due=group["due_on"].isoformat(), type=content_type.model)
        return Soon(group["due_on"], weekday(group["due_on"], today=self.today), text, note, url)


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
