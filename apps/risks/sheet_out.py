"""The list of risk points as a sheet: under the headings the import knows, so that it comes back without a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count

from apps.core.keys import Named, among
from apps.flow.queries import is_returned
from apps.flow.rules import RETURNED
from apps.org.models import Department, Person, Post, Unit
from apps.org.scope import reached
from apps.pages.exports import EXPORTS, Column, Sheet
from apps.risks.content import DICTIONARY_OF, code_text, until
from apps.risks.filters import RiskFilter
from apps.risks.forms import person_label
from apps.risks.models import Measure, RiskPoint
from apps.risks.papers import conditions
from apps.risks.sheets import PEOPLE, TARGETS

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.accounts.models import User

LOOKED_UP = ("unit", "department", "post", *PEOPLE)
OF_MEASURES = {"measure", "due"}
BESIDE = ("unit", "score", "suggested", "state", "publicity_from", "effective_on", "review_due_on")  # what no sheet brings in
NAMES = ("pk", *BESIDE, *(target.name for target in TARGETS if target.name not in OF_MEASURES))
READ = tuple(f"{name}_id" if name in LOOKED_UP else name for name in NAMES)
WIDTHS = {"manifestation": 40, "measure": 44, "due": 16, "name": 24, "number": 20, "power": 22, "basis": 24, "source": 24}
# Which column of the list shows it.
UNDER = {"department": "place", "post": "place", "measure": "measures", "due": "measures", "manifestation": "name"}
OF_MEASURE = ("content", "kind", "department_id", "person_id", "progress", "due_on", "is_standing")
KINDS = {code: str(label) for code, label in Measure.Kind.choices}
PROGRESS = {code: str(label) for code, label in Measure.Progress.choices}
STATES = {code: str(label) for code, label in RiskPoint.State.choices}
SHORT = {"year", "level", "layer"}


class Line(NamedTuple):
    """A point as plain values, and each of its measures: OF_MEASURE."""

    point: Any
    measures: list[Any]


class Lines:
    """Points for a sheet, as plain values: what many of them name is read once, and nothing becomes a record."""

    def __init__(self, rows: QuerySet[RiskPoint]) -> None:
        self.rows = rows.order_by()
        self.units, self.departments = Named(Unit, "name"), Named(Department, "name")
        self.posts, self.people = Named(Post, "name", "department__name"), Named(Person, "name", "title", "unit_id")
        self.shared = _shared_names(rows)
        self.returned: set[int] = set()
        self.labels: dict[tuple[str, str], str] = {}
        self.columns = _columns(self)

    def read(self, keys: Sequence[int]) -> dict[int, Line]:
        """The points of these keys with their measures."""
        found = {row.pk: Line(row, []) for row in self.rows.filter(among("pk", keys)).values_list(*READ, named=True)}
        points = [line.point for line in found.values()]
        drafts = self.rows.filter(among("pk", [point.pk for point in points if point.state in RiskPoint.DRAFT_STATES]))
        self.returned |= set(drafts.filter(is_returned(RiskPoint)).values_list("pk", flat=True))
        for names, fields in ((self.units, ("unit",)), (self.departments, ("department",)), (self.posts, ("post",)), (self.people, PEOPLE)):
            names.learn(getattr(point, f"{field}_id") for point in points for field in fields)
        told = Measure.objects.filter(among("point_id", found.keys())).order_by("number", "pk")
        for measure in told.values_list("point_id", *OF_MEASURE, named=True):
            found[measure.point_id].measures.append(measure)
        self.departments.learn(m.department_id for line in found.values() for m in line.measures)
        self.people.learn(m.person_id for line in found.values() for m in line.measures)
        return found

    def person(self, key: int | None) -> str:
        """Two of one name in a unit are told apart by their post."""
        if key is None:
            return ""
        person = self.people[key]
        return person_label(person) if (person.unit_id, person.name) in self.shared else person.name

    def department(self, key: int | None) -> str:
        """Its name."""
        return "" if key is None else str(self.departments[key].name)

    def post(self, key: int | None) -> str:
        """A post stands behind its department."""
        if key is None:
            return ""
        post = self.posts[key]
        return f"{post.department__name} {post.name}"

    def codes(self, dictionary: str, value: str | list[str]) -> str:
        """The labels of codes, each looked up once."""
        return "、".join(self._label(dictionary, code) for code in ([value] if isinstance(value, str) else value) if code)

    def _label(self, dictionary: str, code: str) -> str:
        if (dictionary, code) not in self.labels:
            self.labels[dictionary, code] = code_text(dictionary, code)
        return self.labels[dictionary, code]


def _columns(lines: Lines) -> list[Column]:
    """Everything the import takes, and what the portal says of a point beside it."""
    known = [
        Column(t.label, _value(t.name, lines), WIDTHS.get(t.name, 8 if t.name in SHORT else 14), under=UNDER.get(t.name, t.name))
        for t in TARGETS
    ]
    return [
        Column("填报单位", lambda line: lines.units[line.point.unit_id].name, 20, under="place"),
        *known,
        Column("风险值", lambda line: line.point.score, 8),
        Column("建议等级", _value("suggested", lines), 8),
        Column("状态", lambda line: RETURNED if line.point.pk in lines.returned else STATES[line.point.state], 12, under="state"),
        Column("措施类型", _each(lambda m: KINDS.get(m.kind, "")), 14),
        Column("措施责任部门", _each(lambda m: lines.department(m.department_id)), 16),
        Column("措施责任人", _each(lambda m: lines.person(m.person_id)), 14),
        Column("落实情况", lambda line: "\n".join(PROGRESS[m.progress] for m in line.measures), 12),
        Column("公示日期", lambda line: line.point.publicity_from, 12),
        Column("生效日期", lambda line: line.point.effective_on, 12),
        Column("复查期限", lambda line: line.point.review_due_on, 12, under="review_due_on"),
    ]


def _shared_names(rows: Any) -> set[tuple[int, str]]:
    """The names two people of one unit bear: these are written with their post."""
    units = rows.order_by().values("unit").distinct()
    found = Person.objects.filter(unit__in=units).values("unit_id", "name").annotate(n=Count("pk")).filter(n__gt=1)
    return {(row["unit_id"], row["name"]) for row in found}


def _value(name: str, lines: Lines) -> Callable[[Line], Any]:
    """How a line gives the text of one field."""
    if name == "measure":
        return lambda line: _numbered([measure.content for measure in line.measures])
    if name == "due":
        return _each(lambda measure: until(measure.due_on, is_standing=measure.is_standing))
    take = attrgetter(f"{name}_id" if name in LOOKED_UP else name)
    say: Callable[[Any], Any] | None = lines.person if name in PEOPLE else {"post": lines.post, "department": lines.department}.get(name)
    if name in DICTIONARY_OF:
        say = partial(lines.codes, DICTIONARY_OF[name])
    elif labels := {code: str(label) for code, label in RiskPoint._meta.get_field(name).flatchoices}:  # type: ignore[union-attr]
        say = lambda code: labels.get(code, "")  # noqa: E731 -- one per column
    return (lambda line: say(take(line.point))) if say is not None else (lambda line: take(line.point))


def _numbered(texts: Sequence[str]) -> str:
    """Several are numbered, each on its line; the import parts them there."""
    return "\n".join(f"{at}. {text}" for at, text in enumerate(texts, start=1)) if len(texts) > 1 else "".join(texts)


def _each(say: Callable[[Any], str]) -> Callable[[Line], str]:
    """What is said of each measure, numbered like them; nothing where there is nothing to say of any."""

    def told(line: Line) -> str:
        texts = [say(measure) for measure in line.measures]
        return _numbered([text or "—" for text in texts]) if any(texts) else ""

    return told


def taken_out(user: User) -> QuerySet[RiskPoint]:
    """What this person may take out of what he sees: the rows within E or U, not those he only reads."""
    return RiskPoint.objects.visible_to(user).filter(reached(RiskPoint, user, EXPORTS))


SHEET = Sheet(
    name="risks",
    label="廉政风险点",
    function=RiskPoint.FUNCTION,
    visible=taken_out,
    filterset=RiskFilter,
    lines=Lines,
    conditions=conditions,
)
