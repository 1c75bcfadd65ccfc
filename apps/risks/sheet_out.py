"""The list of risk points as a sheet: under the headings the import knows, so that it comes back without a difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch

from apps.org.models import Department, Person, Post, Unit
from apps.org.scope import reached
from apps.pages.exports import EXPORTS, Column, Sheet
from apps.risks.content import DICTIONARY_OF, code_text
from apps.risks.filters import RiskFilter
from apps.risks.forms import person_label
from apps.risks.models import Measure, RiskPoint
from apps.risks.papers import conditions
from apps.risks.sheets import PEOPLE, TARGETS

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.accounts.models import User

NAMED = [  # read by keys for some hundreds of rows together: the people of a unit stand in many of its points
    Prefetch("unit", Unit.objects.only("name")),
    Prefetch("department", Department.objects.only("name")),
    Prefetch("post", Post.objects.select_related("department").only("name", "department__name")),
    *(Prefetch(name, Person.objects.only("name", "title", "unit_id")) for name in PEOPLE),
    Prefetch("measures", Measure.objects.only("number", "content", "progress", "point_id")),
]
UNSAID = ("frozen", "writers", "criteria")  # what no column says
WIDTHS = {"manifestation": 40, "measure": 44, "name": 24, "number": 20, "power": 22, "basis": 24, "source": 24}
UNDER = {"department": "place", "post": "place", "measure": "measures", "manifestation": "name"}  # which column of the list shows it
PROGRESS = dict(Measure.Progress.choices)
SHORT = {"year", "level", "layer"}


def columns(rows: Any) -> Sequence[Column]:
    """Everything the import takes, and what the portal says of a point beside it."""
    shared = _shared_names(rows)
    known = [
        Column(t.label, _value(t.name, shared), WIDTHS.get(t.name, 8 if t.name in SHORT else 14), under=UNDER.get(t.name, t.name))
        for t in TARGETS
    ]
    return [
        Column("填报单位", lambda r: r.unit.name, 20, under="place"),
        *known,
        Column("风险值", lambda r: r.score, 8),
        Column("建议等级", _value("suggested", shared), 8),
        Column("状态", lambda r: r.state_label, 12, under="state"),
        Column("落实情况", lambda r: "\n".join(str(PROGRESS[m.progress]) for m in r.listed_measures), 12),
        Column("公示日期", lambda r: r.publicity_from, 12),
        Column("生效日期", lambda r: r.effective_on, 12),
        Column("复查期限", lambda r: r.review_due_on, 12, under="review_due_on"),
    ]


def _shared_names(rows: Any) -> set[tuple[int, str]]:
    """The names two people of one unit bear: these are written with their post."""
    units = rows.order_by().values("unit").distinct()
    found = Person.objects.filter(unit__in=units).values("unit_id", "name").annotate(n=Count("pk")).filter(n__gt=1)
    return {(row["unit_id"], row["name"]) for row in found}


def _value(name: str, shared: set[tuple[int, str]]) -> Any:
    """How a record gives the text of one field."""
    if name in PEOPLE:
        return lambda record: _person(getattr(record, name), shared)
    if name == "measure":
        return _measures
    if name in DICTIONARY_OF:
        return lambda record: _codes(DICTIONARY_OF[name], getattr(record, name))
    if name == "post":
        return lambda record: f"{record.post.department} {record.post.name}" if record.post else ""
    if labels := dict(RiskPoint._meta.get_field(name).flatchoices):  # type: ignore[union-attr]
        return lambda record: labels.get(getattr(record, name), "")
    return lambda record: getattr(record, name)


def _person(person: Person | None, shared: set[tuple[int, str]]) -> str:
    if person is None:
        return ""
    return person_label(person) if (person.unit_id, person.name) in shared else person.name


def _codes(dictionary: str, value: Any) -> str:
    return "、".join(code_text(dictionary, code) for code in ([value] if isinstance(value, str) else value) if code)


def _measures(record: RiskPoint) -> str:
    """Several are numbered, each on its line; the import parts them there."""
    texts = [measure.content for measure in record.listed_measures]
    return "\n".join(f"{at}. {text}" for at, text in enumerate(texts, start=1)) if len(texts) > 1 else "".join(texts)


def taken_out(user: User) -> QuerySet[RiskPoint]:
    """What this person may take out of what he sees: the rows within E or U, not those he only reads."""
    return RiskPoint.objects.visible_to(user).filter(reached(RiskPoint, user, EXPORTS))


SHEET = Sheet(
    name="risks",
    label="廉政风险点",
    function=RiskPoint.FUNCTION,
    visible=taken_out,
    filterset=RiskFilter,
    columns=columns,
    rows=lambda rows: rows.defer(*UNSAID).prefetch_related(*NAMED),
    conditions=conditions,
)
