"""The demo risk points: 137 of them with a history that every rule of the portal allowed."""
from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.flow.queries import involved_ids, open_todos
from apps.flow.services import Owner, eligible, recused_ids
from apps.flow.sittings import register_sitting
from apps.org.models import Body, Person, Sitting
from apps.org.scope import forget_scope
from apps.org.services import confirm_sitting, recuse
from apps.parameters.dictionaries import DICTIONARIES
from apps.parameters.queries import frozen
from apps.risks import services
from apps.risks.models import Measure, RiskPoint
from apps.risks.rules import FROZEN_KEYS
from config.demo.groundwork import Ground
from config.demo.risk_points import RISK_POINTS

LAYERS = {"单位级": "unit", "部门级": "department", "岗位级": "post"}
KINDS = {str(label): code for code, label in Measure.Kind.choices}
PROGRESS = {str(label): code for code, label in Measure.Progress.choices}

# How far the points of each unit are, in the order of the file; whatever is left over is in force.
PLANS = {
    "CJ": ["draft"] * 3 + ["returned:department"] * 2 + ["returned:leader", "returned:staff"] + ["department"] * 4 + ["leader"] * 3
    + ["leader:recused"] + ["discipline"] * 4 + ["party"] * 3 + ["publicity"] * 4 + ["objection", "adjusting", "adjusting", "struck", "void"],
    "JT": ["draft", "returned:finance", "department", "department", "leader", "leader:recused", "leader"] + ["discipline"] * 2
    + ["discipline:recused", "party", "party", "publicity", "publicity", "objection", "adjusting"],
    "ZC": ["draft", "department", "leader", "discipline", "party", "publicity"],
    "JY": ["draft", "returned:department", "department", "leader", "discipline", "publicity"],
    "SW": ["draft", "department", "leader", "discipline", "party", "publicity", "struck"],
    "WY": ["draft", "department", "discipline"],
}  # fmt: skip
NEEDS_HIGH = ("party",)
RETURNS = {
    "department": ("表现形式写得过于笼统，请补充发生在哪个环节、由谁实施。", ["manifestation"]),
    "leader": ("防控措施缺少频次和责任人，请逐条补充。", ["measures"]),
}


def code_of(dictionary: str, label: str) -> str:
    """The code of a dictionary's label; the labels may carry an explanation in brackets."""
    items = DICTIONARIES[dictionary].items
    return next((code for code, text in items if text == label), None) or next(
        code for code, text in items if text.split("（")[0] == label.split("（", maxsplit=1)[0]
    )


class Clock:
    """Days of work one after the other, at nine in the morning and later."""

    def __init__(self, start: datetime.date) -> None:
        self.day = start
        self.minute = 0

    def next(self, days: int = 1) -> datetime.datetime:
        """The same hour some working days on, a little later in the day each time."""
        for _ in range(days):
            self.day += datetime.timedelta(days=1)
            while self.day.weekday() > 4:
                self.day += datetime.timedelta(days=1)
        self.minute = (self.minute + 37) % 420
        hour = datetime.datetime.combine(self.day, datetime.time(9)) + datetime.timedelta(minutes=self.minute)
        return min(timezone.make_aware(hour), timezone.now())  # the demo has a past, never a future


class Sower:
    """Makes the points of the demo group one by one, each as far as its plan says."""

    def __init__(self, ground: Ground, *, today: datetime.date) -> None:
        self.ground = ground
        self.today = today
        self.sittings: dict[tuple[int, datetime.date], Sitting] = {}
        self.met: Counter[int] = Counter()

    def sow(self) -> None:
        """All of them."""
        for code, plan in PLANS.items():
            points = [p for p in RISK_POINTS if p["unit"] == code]
            for point, target in zip(points, self._spread(points, list(plan)), strict=True):
                self._grow(point, target)

    def _spread(self, points: list[dict[str, Any]], plan: list[str]) -> list[str]:
        """The targets in a mixed order; those for the party committee go to points that are high."""
        targets: list[str] = ["in_force"] * len(points)
        high = [i for i, p in enumerate(points) if p["L"] * p["C"] >= 9 and i != 16]
        rest = [i for i in range(len(points)) if i not in high and i != 16]
        pools = {True: high[::-1], False: rest[1::2] + rest[::2]}
        for target in plan:
            pool = pools[target.split(":")[0] in NEEDS_HIGH] or pools[False]
            targets[pool.pop()] = target
        return targets

    # -- one point ---------------------------------------------------------------------------------------------

    def _grow(self, point: dict[str, Any], target: str) -> None:
        kind, _, detail = target.partition(":")
        clock = Clock(self.today - datetime.timedelta(days=self._days_back(point, kind)))
        author = self._author(point["unit"], detail)
        record = services.create_draft(self._fields(point), measures=self._measures(point, clock.day), by=author, at=clock.next())
        if kind == "draft":
            return
        services.submit(record, by=author, at=clock.next())
        if kind == "void":
            services.withdraw(record, by=author, at=clock.next(0), opinion="")
            services.void(record, by=author, at=clock.next(), opinion="与已登记的风险点重复，作废。")
            return
        if kind == "returned":
            self._send_back(record, detail, clock)
        elif kind != "department":
            self._walk(record, kind, detail, clock)

    def _days_back(self, point: dict[str, Any], kind: str) -> int:
        """How long ago a point was registered, so that it can have come as far as it is, and not all on one day."""
        days = {"draft": 3, "returned": 6, "department": 5, "leader": 6, "discipline": 8, "party": 9, "void": 20, "in_force": 60,
                "publicity": 10, "objection": 11, "adjusting": 32, "struck": 90}[kind]  # fmt: skip
        if point["L"] * point["C"] >= 9 and kind in {"publicity", "objection", "adjusting"}:
            days += 4  # the party committee sat in between
        return days + len(point["manifestation"]) % (70 if kind == "in_force" else 4)

    def _author(self, unit: str, detail: str) -> User:
        if detail in {"staff", "finance"}:
            return self.ground.users[detail]
        return self.ground.users[{"CJ": "clerk", "JY": "outsider"}.get(unit, f"{unit.lower()}-clerk")]

    def _send_back(self, record: RiskPoint, detail: str, clock: Clock) -> None:
        node = detail if detail in RETURNS else "department"
        opinion, fields = RETURNS[node]
        if node == "leader":
            self._agree(record, clock)
        services.give_back(record, by=self._owner(record), at=clock.next(), opinion=opinion, fields=fields)

    def _walk(self, record: RiskPoint, kind: str, detail: str, clock: Clock) -> None:
        """On and on until the point stands where the plan wants it."""
        while record.state != kind:
            if record.state in {"department", "leader", "discipline"}:
                self._keep_away(record, kind, detail)
                self._agree(record, clock)
            elif record.state == "party":
                self._pass(record, clock)
            elif record.state == "publicity":
                self._after_publicity(record, kind, clock)
            elif record.state == "in_force":
                self._end(record, kind, clock)
            else:
                return

    def _keep_away(self, record: RiskPoint, kind: str, detail: str) -> None:
        """Before the planned node opens, whoever would have it declares that he is involved."""
        before = {"leader": "department", "discipline": "leader"}.get(kind)
        if detail == "recused" and record.state == before:
            unit = record.unit.code
            who = {"leader": "deputy" if unit == "CJ" else "leader", "discipline": "discipline"}[kind]
            recuse(record, user=self.ground.users[who], reason="本人分管事项涉及近亲属", by=self.ground.users["disciplinehead"],
                   at=record.updated_at)  # fmt: skip

    def _agree(self, record: RiskPoint, clock: Clock) -> None:
        words = {"department": "情况属实，同意上报。", "leader": "措施可行，同意。", "discipline": "等级评定恰当，同意。"}
        services.agree(record, by=self._owner(record), at=clock.next(), opinion=words.get(record.state, "同意。"),
                       lowering_agreed=record.state == "discipline" and record.is_lowered)  # fmt: skip

    def _owner(self, record: RiskPoint) -> User:
        """Who has the open to-do."""
        todo = open_todos(record).select_related("unit", "department", "user").get()
        people = eligible(Owner(todo.role, todo.unit, todo.department, todo.user), barred=involved_ids(record) | recused_ids(record), on=self.today)
        forget_scope(people[0])
        return people[0]

    def _pass(self, record: RiskPoint, clock: Clock) -> None:
        at = clock.next(2)
        office = self._owner(record)
        sitting = self._sitting(record, met=at)
        services.pass_at_sitting(record, by=office, at=clock.next(), sitting=sitting, opinion=f"{sitting.number}审定通过。")

    def _sitting(self, record: RiskPoint, *, met: datetime.datetime) -> Sitting:
        body = Body.objects.get(unit=record.unit, kind=Body.Kind.PARTY)
        day = timezone.localtime(met).date()
        if (body.pk, day) not in self.sittings:
            self.met[body.pk] += 1
            office = self.ground.with_role(record.unit.code, "R06") or self.ground.users["grouppartyoffice"]
            chair = self.ground.with_role(record.unit.code, "R13") or self.ground.users["groupsecretary"]
            sitting = register_sitting(
                body, number=f"2026年第{self.met[body.pk]}次", met_on=day, subject="审定廉政风险点及防控措施",
                present=body.members.count(), by=office, at=met + datetime.timedelta(hours=2),
            )  # fmt: skip
            confirm_sitting(sitting, by=chair, at=met + datetime.timedelta(hours=4))
            sitting.refresh_from_db()
            self.sittings[body.pk, day] = sitting
        return self.sittings[body.pk, day]

    def _after_publicity(self, record: RiskPoint, kind: str, clock: Clock) -> None:
        if kind == "objection":
            services.object_to(record, content="此岗位实行双人复核，现列措施未写明复核人，建议补充后再公示。",
                               by=self._objector(record), at=clock.next(), is_anonymous=record.unit.code == "JT")  # fmt: skip
            return
        clock.day = record.publicity_until or clock.day
        at = clock.next()
        services.end_publicity(record, today=timezone.localtime(at).date(), at=at)

    def _objector(self, record: RiskPoint) -> User:
        return self.ground.users["staff" if record.unit.code == "CJ" else "finance"]

    def _end(self, record: RiskPoint, kind: str, clock: Clock) -> None:
        office = self.ground.users["discipline"]
        if kind == "struck":
            services.strike(record, reason="post", by=office, at=clock.next(3), opinion="岗位已撤并。")
            return
        services.open_adjustment(
            record, kind="content", reason="季度复查后补充监测指标。", by=office, at=clock.next(3),
            fields={"indicator": "每季度抽查发现的问题数"}, measures=[{"id": m.pk} for m in record.measures.order_by("number")],
        )  # fmt: skip

    # -- content -----------------------------------------------------------------------------------------------

    def _fields(self, point: dict[str, Any]) -> dict[str, Any]:
        ground, unit = self.ground, self.ground.units[point["unit"]]
        department = ground.departments.get((point["unit"], point["department"] or ""))
        leaders = Person.objects.filter(unit=unit, category__in=Person.LEADING).order_by("sort_no")
        high = point["L"] * point["C"] >= 9
        own = Person.objects.filter(unit=unit, department=department).order_by("-sort_no").first() if department else None
        head = department.head if department and department.head else Person.objects.filter(unit=unit, category="head").first()
        fields = {
            "unit": unit, "year": 2026, "layer": LAYERS[point["layer"]], "department": department, "name": point["name"],
            "post": ground.posts.get((point["unit"], point["department"], point["post"])), "power": point["power"],
            "topic": code_of("topic_kind", point["topic"]), "domain": code_of("business_area", point["domain"]),
            "category": code_of("risk_kind", point["category"]), "manifestation": point["manifestation"], "step_name": point["step"],
            "authority": point["authority"], "likelihood": point["L"], "severity": point["C"],
            "indicator": point["indicator"], "basis": point["basis"], "ways": [code_of("finding_way", w) for w in point["ways"]],
            "responsible": own or head, "head": head, "leader": leaders.filter(is_secretary=False).first() or leaders.first(),
            "secretary": leaders.filter(is_secretary=True).first(), "publicity_channels": ["portal", "oa"],
        }  # fmt: skip
        probe = RiskPoint(unit=unit, frozen={}, **{k: v for k, v in fields.items() if k != "unit"})
        fields["level"] = self._level(probe, high=high)
        return fields

    def _level(self, probe: RiskPoint, *, high: bool) -> str:
        probe.frozen = frozen(FROZEN_KEYS, on=self.today)
        probe.method = str(probe.frozen["risk.method"])
        probe.regrade()
        return probe.suggested

    def _measures(self, point: dict[str, Any], start: datetime.date) -> list[dict[str, Any]]:
        rows = []
        for m in point["measures"]:
            department = self.ground.departments[point["unit"], m["department"]]
            person = department.head or Person.objects.filter(unit=department.unit, category="head").first()
            due = datetime.date.fromisoformat(m["due"]) if m["due"] else None
            if due is not None and due < start + datetime.timedelta(days=14):  # nobody hands in a date gone by
                due = start + datetime.timedelta(days=60)
            rows.append(
                {
                    "kind": KINDS[m["kind"]], "content": m["content"], "department": department, "person": person, "due_on": due,
                    "is_standing": due is None, "progress": PROGRESS[m["progress"]],
                    "progress_note": "已按要求完成，资料存部门备查。" if m["progress"] == "已落实" else "",
                }
            )  # fmt: skip
        return rows


def sow(ground: Ground, *, today: datetime.date) -> int:
    """Make the risk points; gives how many there are."""
    try:
        Sower(ground, today=today).sow()
    except Refused as no:
        raise RuntimeError(f"the demo data breaks a rule of the portal: {no.message}") from no
    return RiskPoint._base_manager.count()
