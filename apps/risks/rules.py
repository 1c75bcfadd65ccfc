"""What makes a risk point complete, which level is suggested and why (domain.md §1.2). Pure: no queries of its own."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.core.errors import Refused
from apps.parameters.dictionaries import DICTIONARIES

if TYPE_CHECKING:
    from apps.calendars.rules import Calendar
    from apps.risks.models import Measure, RiskPoint

LEVELS = {"low": "低", "mid": "中", "high": "高"}  # from the lowest up
LEAST_MANIFESTATION = 15  # domain.md §1.2 A
LEAST_OBJECTION = 10  # Appendix A3
FLOOR_DOMAINS = ("decisions", "finance", "procurement", "works")  # domain.md §1.2 B, floor rule
FLOORS = {"decide": "high", "manage": "mid"}
FLOOR_WORDS = {"decide": "审批权", "manage": "一般管理（审核、督查）权"}
CONSEQUENCES = {
    "crime": ("high", "可能导致犯罪或受法律制裁"),
    "discipline": ("mid", "可能受党纪政务处分"),
    "organisation": ("low", "可能受组织处理"),
}
CRITERIA = {
    "power": "掌控权力或公共资源",
    "discretion": "有自由裁量权",
    "openness": "需公开、需民主决策、需监督",
    "gain": "可借机谋私",
    "cases": "发案较多、社会关注",
}
FROZEN_KEYS = (
    "risk.method", "risk.cut_high", "risk.cut_mid", "risk.publicity_days", "risk.review.high", "risk.review.mid", "risk.review.low",
    "risk.node_days",
)  # fmt: skip
Faults = dict[str, str]


class Incomplete(Refused):
    """A hand-in with faults: `errors` names every one of them by field, measures as `measures-0-content`."""

    def __init__(self, errors: Faults) -> None:
        super().__init__("；".join(dict.fromkeys(errors.values())), field=next(iter(errors)))
        self.errors = errors


@dataclass(frozen=True)
class Suggestion:
    """The level the method gives, and the sentences that say why; no level while something is still open."""

    score: int | None = None
    level: str = ""
    reasons: tuple[str, ...] = ()


def is_lower(level: str, than: str) -> bool:
    """Whether a level lies below another; unknown levels lie below nothing."""
    order = list(LEVELS)
    return level in order and than in order and order.index(level) < order.index(than)


def domain_name(code: str) -> str:
    """The short name of a 业务领域, without what stands in brackets; the code itself for one administrators added."""
    return dict(DICTIONARIES["business_area"].items).get(code, code).partition("（")[0]


def _by_product(likelihood: int | None, severity: int | None, high: int, mid: int) -> Suggestion:
    if not likelihood or not severity:
        return Suggestion()
    score = likelihood * severity
    sum_up = f"L{likelihood}×C{severity}={score}"
    if score >= high:
        return Suggestion(score, "high", (f"{sum_up}，达到{high}，建议高",))
    if score >= mid:
        return Suggestion(score, "mid", (f"{sum_up}，达到{mid}未达到{high}，建议中",))
    return Suggestion(score, "low", (f"{sum_up}，未达到{mid}，建议低",))


def _by_consequence(consequence: str) -> Suggestion:
    if consequence not in CONSEQUENCES:
        return Suggestion()
    level, words = CONSEQUENCES[consequence]
    return Suggestion(None, level, (f"{words}，建议{LEVELS[level]}",))


def _by_count(ticks: Iterable[str]) -> Suggestion:
    count = len(set(ticks) & set(CRITERIA))
    if not count:
        return Suggestion()
    level = "high" if count >= 3 else "mid" if count == 2 else "low"
    return Suggestion(None, level, (f"符合5项标准中的{count}项，建议{LEVELS[level]}",))


def suggest_level(
    method: str,
    *,
    likelihood: int | None = None,
    severity: int | None = None,
    consequence: str = "",
    criteria: Iterable[str] = (),
    domain: str = "",
    authority: str = "",
    cut_high: int,
    cut_mid: int,
) -> Suggestion:
    """The suggested level by the method in force, raised by the floor rule where it applies (domain.md §1.2 B)."""
    if method == "consequence":
        found = _by_consequence(consequence)
    elif method == "count":
        found = _by_count(criteria)
    else:
        found = _by_product(likelihood, severity, cut_high, cut_mid)
    floor = FLOORS.get(authority, "") if domain in FLOOR_DOMAINS else ""
    if not found.level or not is_lower(found.level, floor):
        return found
    why = f"业务领域为{domain_name(domain)}且岗位有{FLOOR_WORDS[authority]}，建议等级不低于{LEVELS[floor]}"
    return Suggestion(found.score, floor, (*found.reasons, why))


def suggestion_for(record: RiskPoint) -> Suggestion:
    """The suggestion by the parameters frozen on the record, never by today's."""
    return suggest_level(
        record.method,
        likelihood=record.likelihood,
        severity=record.severity,
        consequence=record.consequence,
        criteria=record.criteria,
        domain=record.domain,
        authority=record.authority,
        cut_high=int(record.frozen["risk.cut_high"]),
        cut_mid=int(record.frozen["risk.cut_mid"]),
    )


def review_due(level: str, *, after: datetime.date, frozen: Mapping[str, Any], calendar: Calendar) -> datetime.date:
    """When a point in force is looked at again: 3, 6 or 12 months on by its level (domain.md §1.2 C)."""
    return calendar.add_months(after, int(frozen[f"risk.review.{level}"]))


def publicity_is_over(until: datetime.date, *, today: datetime.date) -> bool:
    """Whether the last day of publicity is past; the day itself still belongs to it."""
    return today > until


def layer_faults(record: RiskPoint) -> Faults:
    """岗位级 needs a post, 部门级 a department and no post, 单位级 neither (domain.md §1.2)."""
    faults: Faults = {}
    layer = record.layer
    if not layer:
        faults["layer"] = "选择风险层级"
    if layer == "post" and record.post_id is None:
        faults["post"] = "岗位级风险点须选择岗位"
    if layer == "department" and record.department_id is None:
        faults["department"] = "部门级风险点须选择部门"
    if layer == "unit" and record.department_id is not None:
        faults["department"] = "单位级风险点不填部门"
    if layer in {"department", "unit"} and record.post_id is not None:
        faults["post"] = f"{record.get_layer_display()}风险点不填岗位"
    if layer == "post" and record.post is not None and record.post.department_id != record.department_id:
        faults["post"] = "岗位不属于所选部门"
    return faults


def people_faults(record: RiskPoint) -> Faults:
    """Who answers for the point: 责任人, 部门负责人, 责任领导, and 党组织书记 where it is high."""
    faults: Faults = {}
    if record.layer == "post" and record.responsible_id is None:
        faults["responsible"] = "岗位级风险点须填写责任人"
    if record.layer != "unit" and record.head_id is None:
        faults["head"] = "选择部门负责人"
    if record.leader is None:
        faults["leader"] = "选择责任领导"
    elif record.leader.category not in record.leader.LEADING:
        unit_level = "单位级风险点的" if record.layer == "unit" else ""
        faults["leader"] = f"{unit_level}责任领导须为班子成员"
    if record.level == "high" and record.secretary is None:
        faults["secretary"] = "高风险须填写党组织书记"
    elif record.secretary is not None and not record.secretary.is_secretary:
        faults["secretary"] = "所选人员不是党组织书记"
    return faults | belonging_faults(record)


def belonging_faults(record: RiskPoint) -> Faults:
    """Everything the point names lies in its own unit."""
    faults: Faults = {}
    for name in ("responsible", "head", "leader", "secretary"):
        person = getattr(record, name)
        if person is not None and person.unit_id != record.unit_id:
            faults[name] = "所选人员不属于填报单位"
    if record.department is not None and record.department.unit_id != record.unit_id:
        faults["department"] = "所选部门不属于填报单位"
    if record.post is not None and record.post.unit_id != record.unit_id:
        faults["post"] = "所选岗位不属于填报单位"
    return faults


def grading_faults(record: RiskPoint) -> Faults:
    """What the method needs is there, and a level that differs from the suggested one has its reason."""
    faults: Faults = {}
    if record.method == "lc":
        faults |= {} if record.likelihood else {"likelihood": "选择发生可能性"}
        faults |= {} if record.severity else {"severity": "选择后果严重性"}
    elif record.method == "consequence" and not record.consequence:
        faults["consequence"] = "选择可能造成的后果"
    elif record.method == "count" and not set(record.criteria) & set(CRITERIA):
        faults["criteria"] = "五项标准均不符合，不作为风险点登记"
    if not record.level:
        faults["level"] = "选择评定等级"
    suggested = suggestion_for(record).level
    if suggested and record.level and record.level != suggested and not record.level_reason.strip():
        faults["level_reason"] = f"评定等级与建议等级“{LEVELS[suggested]}”不一致，填写等级调整理由"
    return faults


_REQUIRED = {
    "power": "填写权力事项", "domain": "选择业务领域", "category": "选择风险类别", "topic": "选择专题类别", "name": "填写风险点名称",
    "authority": "选择掌握的权力", "ways": "选择排查方式", "publicity_scope": "选择公示范围", "publicity_channels": "选择公示渠道",
}  # fmt: skip


def text_faults(record: RiskPoint) -> Faults:
    """The fields that must be filled whatever the layer and the method."""
    faults = {name: message for name, message in _REQUIRED.items() if not getattr(record, name)}
    length = len("".join(record.manifestation.split()))
    if length < LEAST_MANIFESTATION:
        faults["manifestation"] = f"风险内容及表现形式不少于{LEAST_MANIFESTATION}字，现有{length}字"
    return faults


def measure_faults(measure: Measure, *, position: int, unit_id: int, today: datetime.date) -> Faults:
    """One measure: kind, content, who, and until when; a date gone by only stands when the measure is done."""
    faults: Faults = {}
    for name, message in {"kind": "选择措施类型", "content": "填写措施内容"}.items():
        if not getattr(measure, name).strip():
            faults[name] = message
    if measure.department is None:
        faults["department"] = "选择责任部门"
    elif measure.department.unit_id != unit_id:
        faults["department"] = "所选部门不属于填报单位"
    if measure.person is None:
        faults["person"] = "选择责任人"
    elif measure.person.unit_id != unit_id:
        faults["person"] = "所选人员不属于填报单位"
    if measure.due_on is None and not measure.is_standing:
        faults["due_on"] = "填写完成时限，或勾选长期坚持"
    elif measure.due_on is not None and measure.is_standing:
        faults["due_on"] = "长期坚持的措施不填完成时限"
    elif measure.due_on is not None and measure.due_on < today and measure.progress != "done":
        faults["due_on"] = "完成时限不得早于今天"
    return {f"measures-{position}-{name}": f"措施{position + 1}：{message}" for name, message in faults.items()}


def missing_for_submission(record: RiskPoint, measures: Iterable[Measure], *, today: datetime.date) -> Faults:
    """Everything that keeps the point from being handed in, by field, all at once; empty when it is complete."""
    rows = list(measures)
    faults = layer_faults(record) | text_faults(record) | grading_faults(record) | people_faults(record)
    if not rows:
        faults["measures"] = "请至少填写一条防控措施"
    for position, measure in enumerate(rows):
        faults |= measure_faults(measure, position=position, unit_id=record.unit_id, today=today)
    return faults
