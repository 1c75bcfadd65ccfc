"""Questions about risk points. Every one that shows rows to a person starts from `visible_to`."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.core.counts import TALLIED, CountOf
from apps.core.keys import among
from apps.core.masking import mask_phone
from apps.core.search import matching
from apps.flow.queries import is_returned, open_todos, todos_of
from apps.flow.services import owner_names
from apps.org.models import Assignment, Department, Post
from apps.org.queries import departments_of, in_force
from apps.org.roles import Role
from apps.org.scope import scope_of
from apps.risks.content import code_text
from apps.risks.machine import may_edit
from apps.risks.models import GONE, LEVEL_RANK, SEARCHED, Measure, RiskPoint

if TYPE_CHECKING:
    from apps.org.models import Unit

State = RiskPoint.State
LISTED = ("unit", "department", "post", "responsible")
TOLD = (Role.R15, Role.R16, Role.R19, Role.R20)  # who hears of a publicity in the unit


@dataclass(frozen=True)
class Figure:
    """One number of an overview, and the list behind it: same rows, so they agree."""

    key: str
    label: str
    count: int
    url: str


def quarter_end(day: datetime.date) -> datetime.date:
    """The last day of the quarter of a day."""
    last_month = (day.month + 2) // 3 * 3
    return datetime.date(day.year, last_month, 31 if last_month in {3, 12} else 30)


def _measures(condition: Q) -> Coalesce:
    counted = Measure.objects.filter(condition, point=OuterRef("pk")).order_by().values("point").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


def for_list(rows: QuerySet[RiskPoint]) -> QuerySet[RiskPoint]:
    """The rows with what one line of the list shows, `measures_total` and `measures_done` counted in the database."""
    counted = rows.annotate(
        measures_total=_measures(Q()), measures_done=_measures(Q(progress__in=Measure.SETTLED)), is_returned=is_returned(RiskPoint)
    )
    return counted.select_related(*LISTED)


def for_detail(rows: QuerySet[RiskPoint]) -> QuerySet[RiskPoint]:
    """The rows with everything the detail page names."""
    people = ("leader", "head", "secretary", "created_by", "updated_by", "sitting__body")
    return rows.select_related(*LISTED, *people).prefetch_related(named_measures())


def named_measures() -> Prefetch:
    """The measures with whom they name, for `RiskPoint.listed_measures`."""
    return Prefetch("measures", queryset=Measure.objects.select_related("department", "person"))


# What a list may be sorted by. Every order ends in the key, so that pages never repeat a row, and an index holds both, so that
# a page is read from it in either direction.
ORDERS: dict[str, Any] = {
    "number": "number", "name": "name", "unit": "unit__sort_no", "level": LEVEL_RANK, "state": "state", "year": "year",
    "updated_at": "updated_at", "review_due_on": "review_due_on",
}  # fmt: skip


def sorted_by(rows: QuerySet[RiskPoint], order: str) -> QuerySet[RiskPoint]:
    """The rows in an order of ORDERS (`-` before it turns it round, the key with it), newest first otherwise."""
    name, falling = order.removeprefix("-"), order.startswith("-")
    if name not in ORDERS:
        return rows.order_by("-updated_at", "-pk")
    key = F(ORDERS[name]) if isinstance(ORDERS[name], str) else ORDERS[name]
    return rows.order_by(key.desc() if falling else key.asc(), "pk" if falling else "-pk")


# -- conditions that lists, counts and reminders share ------------------------------------------------------------------


def containing(text: str) -> Q:
    """Points with every word in name, content and number together, or in the name of their post.

    The posts are asked for first: as plain keys they leave the index over the text in use, which a join would not.
    """
    posts = list(Post.objects.filter(matching("name", text)).values_list("pk", flat=True))
    found = matching(SEARCHED, text)
    return found | among("post_id", posts) if posts else found


def waiting_for(user: User) -> Q:
    """Points with an open to-do for this user."""
    kind = ContentType.objects.get_for_model(RiskPoint)
    return Q(pk__in=todos_of(user).filter(content_type=kind).order_by().values("object_id"))


def review_due_by(last: datetime.date) -> Q:
    """Points in force whose review falls due up to a day, late ones with them."""
    return Q(state=State.IN_FORCE, review_due_on__lte=last)


def unmet() -> Q:
    """Points in force with a measure not carried out yet."""
    open_ones = Measure.objects.filter(progress__in=Measure.OPEN)
    return Q(pk__in=open_ones.values("point"), state__in=[State.IN_FORCE, State.ADJUSTING])


def overdue_measures(today: datetime.date) -> Q:
    """Points in force with a measure whose date is past."""
    late = Measure.objects.filter(due_on__lt=today, progress__in=Measure.OPEN)
    return Q(pk__in=late.values("point"), state__in=[State.IN_FORCE, State.ADJUSTING])


def condition_of(view: str, user: User, *, today: datetime.date) -> Q:
    """The condition of a system view of the list; everything for an unknown one."""
    conditions = {
        "high": lambda: Q(level=RiskPoint.Level.HIGH) & ~Q(state__in=GONE),
        "todo": lambda: waiting_for(user),
        "review": lambda: review_due_by(quarter_end(today)),
        "unmet": unmet,
        "mine": lambda: Q(created_by=user),
    }
    return conditions[view]() if view in conditions else Q()


VIEWS = (
    ("all", "全部", "/risks/"),
    ("high", "高风险", "/risks/?view=high"),
    ("todo", "待我办理", "/risks/?view=todo"),
    ("review", "本季度待复查", "/risks/?view=review"),
    ("unmet", "措施未落实", "/risks/?view=unmet"),
    ("mine", "我登记的", "/risks/?view=mine"),
)


def view_counts(user: User, *, today: datetime.date, rows: QuerySet[RiskPoint] | None = None) -> list[Figure]:
    """The system views of the list with their numbers, in one query; none is counted beyond TALLIED.

    `rows` are the user's visible points where the caller has them already.
    """
    seen = RiskPoint.objects.visible_to(user) if rows is None else rows
    counts = [CountOf(seen.filter(condition_of(key, user, today=today)), most=TALLIED) for key, _, _ in VIEWS]
    found = User.objects.filter(pk=user.pk).values_list(*counts).first() or (0,) * len(VIEWS)
    return [Figure(key, label, count, url) for (key, label, url), count in zip(VIEWS, found, strict=True)]


# -- for the workbench ---------------------------------------------------------------------------------------------------


def _grouped(rows: QuerySet[RiskPoint], name: str) -> dict[str, int]:
    return dict(rows.order_by(name).values_list(name).annotate(n=Count("pk")))


def overview(user: User) -> dict[str, list[Figure]]:
    """What the workbench shows of the points the user may see: by level, by state, by 业务领域, each with its list."""
    rows = RiskPoint.objects.visible_to(user)
    standing = rows.exclude(state__in=GONE)
    levels, states, domains = _grouped(standing, "level"), _grouped(rows, "state"), _grouped(standing, "domain")
    names = {code: code_text("business_area", code) for code in domains if code}
    return {
        "level": [Figure(c, str(text), levels.get(c, 0), f"/risks/?level={c}&standing=1") for c, text in RiskPoint.Level.choices],
        "state": [Figure(c, str(text), states[c], f"/risks/?state={c}") for c, text in State.choices if c in states],
        "domain": [
            Figure(c, names[c], n, f"/risks/?domain={c}&standing=1")
            for c, n in sorted(domains.items(), key=lambda pair: (-pair[1], pair[0])) if c
        ],
    }  # fmt: skip


def measure_rate(user: User, *, points: QuerySet[RiskPoint] | None = None) -> tuple[int, int]:
    """措施落实率 as numerator and denominator over points in force (Appendix E); a zero denominator is shown as 「—」.

    `points` are the user's visible points where the caller has them already: one query then.
    """
    seen = RiskPoint.objects.visible_to(user) if points is None else points
    points = seen.filter(state__in=[State.IN_FORCE, State.ADJUSTING])
    found = Measure.objects.filter(Q(point_id__in=points.values("pk"))).aggregate(
        done=Count("pk", filter=Q(progress__in=Measure.SETTLED)), total=Count("pk")
    )
    return found["done"], found["total"]


# -- for forms and imports -----------------------------------------------------------------------------------------------


def duplicates_of(
    name: str, *, unit: Unit, year: int, layer: str, department_id: int | None = None, post_id: int | None = None, but: int | None = None
) -> QuerySet[RiskPoint]:
    """Points of the same name at the same place in the same year, void and struck ones left out."""
    place = {"post": Q(post=post_id), "department": Q(department=department_id), "unit": Q(unit=unit)}.get(layer, Q(unit=unit))
    rows = RiskPoint._base_manager.filter(place, name=name, year=year, layer=layer, unit=unit).exclude(state__in=GONE)
    return (rows.exclude(pk=but) if but is not None else rows).order_by("pk")


def by_number(user: User, numbers: Collection[str], *, unit: Unit) -> dict[str, RiskPoint]:
    """The points of these numbers in this unit that the person sees, with their measures and whom they name."""
    if not numbers:
        return {}
    rows = RiskPoint.objects.visible_to(user).select_related("unit", "department").filter(number__in=numbers, unit=unit)
    return {record.number: record for record in rows.prefetch_related(named_measures())}


def namesakes_of(names: Collection[str], user: User, *, unit: Unit) -> dict[str, str]:
    """The number of a point of each of these names in this unit, of those the person sees; void and struck ones left out."""
    rows = RiskPoint.objects.visible_to(user).filter(unit=unit, name__in=names).exclude(state__in=GONE)
    return dict(rows.order_by("-pk").values_list("name", "number"))


def may_change(user: User, record: RiskPoint) -> bool:
    """Whether the person may write this point as it stands now."""
    return record.is_editable and may_edit(user, record)


def writable_departments(user: User, unit: Unit) -> QuerySet[Department]:
    """The departments for which a person may register points: all of the unit, or only his own where his right names one."""
    found = departments_of([unit.pk])
    grips = [g for g in scope_of(user)._holding(RiskPoint.FUNCTION, "C") if unit.pk in g.unit_ids]
    if any(g.department_id is None for g in grips):
        return found
    return found.filter(pk__in=[g.department_id for g in grips])


# -- for tasks and notices -----------------------------------------------------------------------------------------------


def publicity_over(today: datetime.date) -> QuerySet[RiskPoint]:
    """Points whose last day of publicity is past, oldest first."""
    return RiskPoint._base_manager.filter(state=State.PUBLICITY, publicity_until__lt=today).order_by("publicity_until", "pk")


def due_for_review(today: datetime.date) -> QuerySet[RiskPoint]:
    """Points in force whose review is due today or late, the latest first."""
    rows = RiskPoint._base_manager.filter(state=State.IN_FORCE, review_due_on__lte=today)
    return rows.select_related("unit", "department").order_by(F("review_due_on").asc(), "pk")


def members_to_tell(record: RiskPoint, *, on: datetime.date) -> QuerySet[User]:
    """The unit's people who hear of a publicity; nobody where the point is 内部 or 限定人员."""
    if record.secrecy not in {record.Secrecy.PUBLIC, record.Secrecy.UNIT}:
        return User.objects.none()
    held = Assignment.objects.filter(in_force(on), role__in=TOLD, unit=record.unit_id)
    return User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("pk")


def phone_for(user: Any, record: RiskPoint) -> str:
    """The author's telephone number: whole for himself and for whoever may change or judge the point, masked for others."""
    scope = scope_of(user)
    may = record.created_by_id == scope.user_id or scope.may_on(record, "U") or scope.may_on(record, "A")
    return record.phone if may else mask_phone(record.phone)


def waiting_line(record: RiskPoint, *, on: datetime.date) -> str:
    """「部门负责人 赵静部门审核，11月25日前办结」: whom the point waits for; empty when for nobody."""
    todo = open_todos(record).select_related("unit", "department", "user").first()
    if todo is None:
        return ""
    due = f"，{todo.due_on.month}月{todo.due_on.day}日前办结" if todo.due_on else ""
    return f"{owner_names(todo, on=on)}办理“{todo.label}”{due}"
