"""Risk points for tests: complete ones, and one in any state, brought there by the services themselves."""

from __future__ import annotations

import datetime
from typing import Any

from apps.risks import services
from apps.risks.models import Measure, RiskPoint
from tests.kit.people import World, again, moment

FILED = moment(2026, 5, 18)  # a Monday
DISCUSSED = moment(2026, 5, 25, 9)  # the Monday after: 公示 runs to 2026-06-01, as in domain.md §1.2
OVER = datetime.date(2026, 6, 2)
NODE_OF = {"department": "head", "leader": "leader", "discipline": "inspector", "party": "party_office"}
_names = iter(range(1, 10**9))


def values(world: World, **over: Any) -> dict[str, Any]:
    """Cleaned values of a complete post-level point: L3×C3=9, high."""
    made = {
        "unit": world.company, "department": world.works, "post": world.engineer, "year": 2026, "layer": "post",
        "power": "工程变更签证审核", "topic": "conduct", "domain": "works", "category": "process", "authority": "manage",
        "name": f"变更签证把关不严{next(_names)}", "manifestation": "与施工单位串通虚增工程量、先施工后补签、化整为零规避分级审批",
        "step_name": "签证审核", "likelihood": 3, "severity": 3, "level": "high", "indicator": "合同结算超概率",
        "responsible": world.person("author"), "head": world.person("head"), "leader": world.person("leader"),
        "secretary": world.person("secretary"), "ways": ["self", "organisation"], "phone": "13800000011",
    }  # fmt: skip
    return made | over


def middle(world: World, **over: Any) -> dict[str, Any]:
    """Cleaned values of a point of level 中, which needs no party committee."""
    return values(world, **({"likelihood": 2, "severity": 3, "level": "mid", "secretary": None} | over))


def measure(world: World, **over: Any) -> dict[str, Any]:
    """Cleaned values of a standing measure."""
    made = {
        "kind": "during", "content": "单项变更超过10万元须四方现场会签并上传影像", "department": world.works,
        "person": world.person("head"), "due_on": None, "is_standing": True,
    }  # fmt: skip
    return made | over


def draft(world: World, *, by: str = "author", at: datetime.datetime = FILED, measures: Any = None, **over: Any) -> RiskPoint:
    """A complete draft; `over` replaces values."""
    rows = [measure(world)] if measures is None else measures
    return services.create_draft(values(world, **over), measures=rows, by=again(world.people[by]), at=at)


def point_in(state: str, world: World, *, by: str = "author", **over: Any) -> RiskPoint:
    """A point in the wanted state. High unless `over` says otherwise; every step is made by whoever has to make it."""
    record = draft(world, by=by, **over)
    if state == "draft":
        return record
    if state == "void":
        services.void(record, by=again(world.people[by]), at=FILED, opinion="重复登记，作废")
        return record
    services.submit(record, by=again(world.people[by]), at=FILED)
    for node, who in NODE_OF.items():
        if record.state == state:
            return record
        if record.state == node:
            _agree(record, node, world.people[who], world)
    return _after_publicity(record, state, world)


def _agree(record: RiskPoint, node: str, who: Any, world: World) -> None:
    if node == "party":
        sitting = world.sitting(met_on=DISCUSSED.date())
        services.pass_at_sitting(record, by=again(who), at=DISCUSSED, sitting=sitting)
    else:
        services.agree(record, by=again(who), at=FILED if record.level == "high" else DISCUSSED)


def _after_publicity(record: RiskPoint, state: str, world: World) -> RiskPoint:
    if record.state == state:
        return record
    if state == "objection":
        services.object_to(record, content="实际流程与表现形式所述不一致", by=again(world.worker), at=moment(2026, 5, 26))
        return record
    services.end_publicity(record, today=OVER, at=moment(2026, 6, 2, 1))
    if state == "adjusting":
        services.open_adjustment(
            record,
            kind="content",
            reason="制度修订",
            fields={"indicator": "签证超期率"},
            measures=measure_rows(record),
            by=again(world.head),
            at=moment(2026, 6, 8),
        )
    elif state == "struck":
        services.strike(record, reason="post", by=again(world.discipline), at=moment(2026, 6, 8))
    return record


def measure_rows(record: RiskPoint) -> list[dict[str, Any]]:
    """The measures of a point as a form would give them back unchanged."""
    return [
        {"id": m.pk, "kind": m.kind, "content": m.content, "department": m.department, "person": m.person, "due_on": m.due_on,
         "is_standing": m.is_standing, "basis": m.basis, "progress": m.progress, "progress_note": m.progress_note}
        for m in Measure.objects.filter(point=record).order_by("number")
    ]  # fmt: skip
