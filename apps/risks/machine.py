"""The machine of the risk points (domain.md Appendix A3): every arrow, who may take it, and what must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.timezone import localtime

from apps.core.errors import Refused
from apps.flow.machine import Data, Machine, Move, nobody
from apps.flow.queries import is_his_turn, open_todos, steps_of
from apps.flow.rules import is_author
from apps.flow.side_moves import one_node_back, side_moves
from apps.org.roles import Role
from apps.org.scope import scope_of
from apps.risks.rules import publicity_is_over

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.flow.models import FlowRecord
    from apps.org.models import Sitting
    from apps.risks.models import RiskPoint

NODES = ("department", "leader", "discipline", "party")
NODE_LABELS = {
    "department": "部门审核", "leader": "分管领导审定", "discipline": "纪检复核", "party": "待党委会审定", "objection": "异议处理"
}  # fmt: skip
SIDE = tuple(move.name for move in side_moves(()))
STRIKE_REASONS = {"post": "岗位撤并", "process": "流程取消"}


# -- who may ---------------------------------------------------------------------------------------------------------


def may_edit(user: User, record: FlowRecord) -> bool:
    """The author, and whoever may change the unit's rows (R16, R12): 岗位人员 hold no U, but a draft is theirs."""
    return is_author(user, record) or scope_of(user).may_on(record, "U")


def holds_discipline(user: User, record: FlowRecord) -> bool:
    """纪检监察室专员 over this unit (R07)."""
    return scope_of(user).holds(Role.R07, unit_id=record.unit_id)


def may_void(user: User, record: FlowRecord) -> bool:
    """A draft: its author. Later: the discipline office of the group or of the unit."""
    if record.state == "draft":
        return is_author(user, record)
    return holds_discipline(user, record) or scope_of(user).holds(Role.R14, unit_id=record.unit_id)


def may_withdraw(user: User, record: FlowRecord) -> bool:
    """Whoever handed it in last, while nobody has judged since."""
    last = steps_of(record).first()
    return last is not None and last.move == "submit" and last.by_id == user.pk


def may_withdraw_adjustment(user: User, record: FlowRecord) -> bool:
    """Whoever opened the adjustment, while no node has judged it."""
    last = steps_of(record).exclude(decides=False, move__in=SIDE).first()
    return last is not None and last.move == "open_adjustment" and last.by_id == user.pk


def may_object(user: User, record: FlowRecord) -> bool:
    """Every member of the unit who can see it."""
    if record.unit_id not in scope_of(user).home_unit_ids():
        return False
    return type(record).objects.visible_to(user).filter(pk=record.pk).exists()


def may_adjust(user: User, record: FlowRecord) -> bool:
    """部门负责人 of its department, or the discipline office (R15, R07)."""
    heads = scope_of(user).holds(Role.R15, unit_id=record.unit_id, department_id=record.department_id)
    return heads or holds_discipline(user, record)


# -- what must hold --------------------------------------------------------------------------------------------------


def node_of(record: RiskPoint) -> str:
    """The node where the point waits; of the adjustment while one runs."""
    if record.state != "adjusting":
        return record.state
    return record.adjustments.filter(state="open").values_list("node", flat=True).first() or ""


def after_node(node: str, level: str) -> str:
    """What follows a node: the next one, or nothing more to decide (`done`). Only 高 goes to the party committee."""
    if (node == "discipline" and level != "high") or node == "party":
        return "done"
    return NODES[NODES.index(node) + 1]


def _after_agreement(record: FlowRecord, data: Data) -> str:
    found = after_node(record.state, record.level)  # type: ignore[attr-defined]
    return "publicity" if found == "done" else found


def lowering_fault(is_lowered: bool, agreed: bool, node: str) -> str | None:
    """At 纪检复核 a level below the suggested one passes only with the office's express agreement."""
    if node == "discipline" and is_lowered and not agreed:
        return "评定等级低于建议等级，须勾选同意降级，否则请退回。"
    return None


def _at(field: str, fault: str | None) -> Refused | None:
    return Refused(fault, field=field) if fault else None


def _lowering(record: FlowRecord, data: Data) -> Refused | None:
    return _at("lowering_agreed", lowering_fault(record.is_lowered, bool(data.get("lowering_agreed")), record.state))  # type: ignore[attr-defined]


def _unopened(record: FlowRecord, data: Data) -> str | None:
    if open_todos(record).filter(seen_at__isnull=False).exists():
        return f"{NODE_LABELS[node_of(record)]}人员已打开，不能撤回，请联系其退回。"  # type: ignore[arg-type]
    return None


def sitting_fault(record: RiskPoint, sitting: Sitting | None) -> str | None:
    """The party committee of the unit, or of a unit above it, met after the point arrived, and the minutes are confirmed."""
    if sitting is None:
        return "选择审定会议。"
    if sitting.body.kind != "party" or not record.unit.path.startswith(sitting.body.unit.path):
        return "审定会议须是本单位或上级单位的党委会。"
    if not sitting.is_confirmed:
        return "会议尚未确认。"
    arrived = open_todos(record).filter(node="party").values_list("opened_at", flat=True).first()
    if arrived is not None and sitting.met_on < localtime(arrived).date():
        return f"会议日期不得早于提交审定日期{localtime(arrived):%Y-%m-%d}。"
    return None


def _sitting(record: FlowRecord, data: Data) -> Refused | None:
    return _at("sitting", sitting_fault(record, data.get("sitting")))  # type: ignore[arg-type]


def _period_over(record: FlowRecord, data: Data) -> str | None:
    if record.publicity_until is None or not publicity_is_over(record.publicity_until, today=data["today"]):  # type: ignore[attr-defined]
        return "公示期未满。"
    return None


def _at_party(record: FlowRecord, data: Data) -> Refused | None:
    node = node_of(record)  # type: ignore[arg-type]
    if node == "party":
        return _sitting(record, data)
    return _at("lowering_agreed", lowering_fault(bool(data.get("is_lowered")), bool(data.get("lowering_agreed")), node))


def _no_open_adjustment(record: FlowRecord, data: Data) -> str | None:
    return "该风险点已有审核中的调整单。" if record.adjustments.filter(state="open").exists() else None  # type: ignore[attr-defined]


MACHINE = Machine(
    moves=(
        Move("submit", "提交", ("draft",), lambda _, data: data["target"], may=may_edit, event="risk.submitted"),
        Move("withdraw", "撤回", NODES, "draft", may=may_withdraw, event="risk.withdrawn", needs=_unopened, opinion="optional"),
        Move(
            "agree",
            "同意",
            NODES[:3],
            _after_agreement,
            may=is_his_turn,
            event="risk.agreed",
            needs=_lowering,
            opinion="optional",
            decides=True,
        ),
        Move("give_back", "退回填报人", NODES, "draft", may=is_his_turn, event="risk.returned", opinion="required"),
        one_node_back(NODES),
        Move(
            "pass_at_sitting",
            "登记会议通过",
            ("party",),
            "publicity",
            may=is_his_turn,
            event="risk.passed",
            needs=_sitting,
            opinion="optional",
            decides=True,
        ),
        Move(
            "end_publicity",
            "公示期满",
            ("publicity",),
            "in_force",
            may=nobody,
            event="risk.in_force",
            needs=_period_over,
            system=True,
        ),
        Move("object_to", "提出异议", ("publicity",), "objection", may=may_object, event="risk.objected"),
        Move("object_again", "提出异议", ("objection",), "objection", may=may_object, event="risk.objected", keeps_todos=True),
        Move(
            "answer_objection",
            "答复异议",
            ("objection",),
            lambda _, data: "draft" if data["accepted"] else "publicity",
            may=is_his_turn,
            event="risk.objection_answered",
            opinion="required",
            asks="答复",
            least=1,
            decides=True,
        ),
        Move(
            "open_adjustment",
            "发起调整",
            ("in_force",),
            "adjusting",
            may=may_adjust,
            event="risk.adjustment_opened",
            needs=_no_open_adjustment,
        ),
        Move(
            "agree_adjustment",
            "同意调整",
            ("adjusting",),
            lambda _, data: "in_force" if data["is_last"] else "adjusting",
            may=is_his_turn,
            event="risk.adjustment_agreed",
            needs=_at_party,
            opinion="optional",
            decides=True,
        ),
        Move(
            "refuse_adjustment",
            "驳回调整",
            ("adjusting",),
            "in_force",
            may=is_his_turn,
            event="risk.adjustment_refused",
            opinion="required",
            decides=True,
        ),
        Move(
            "withdraw_adjustment",
            "撤回调整",
            ("adjusting",),
            "in_force",
            may=may_withdraw_adjustment,
            event="risk.adjustment_withdrawn",
            needs=_unopened,
            opinion="optional",
        ),
        Move("confirm_review", "复查无变化", ("in_force",), "in_force", may=may_adjust, event="risk.reviewed", opinion="required"),
        Move("strike", "撤销", ("in_force",), "struck", may=holds_discipline, event="risk.struck", opinion="optional"),
        Move(
            "void",
            "作废",
            ("draft", *NODES, "publicity", "objection", "in_force", "adjusting"),
            "void",
            may=may_void,
            event="risk.voided",
            opinion="required",
        ),
        *side_moves((*NODES, "objection", "adjusting")),
    ),
    final=("struck", "void"),
    line=(
        ("draft", "草稿"),
        ("department", "部门审核"),
        ("leader", "分管领导审定"),
        ("discipline", "纪检复核"),
        ("party", "党委会审定"),
        ("publicity", "公示"),
        ("in_force", "生效"),
    ),
)
