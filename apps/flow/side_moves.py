"""The arrows every machine has beside its own: 退回上一环节, 转办, 加签 (domain.md §1.0, lessons.md C.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.flow.machine import Data, Move
from apps.flow.queries import GIVE_BACK_ONE, has_open_signs, is_asked, is_his_turn

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.flow.models import FlowRecord

LEAST_SIGNED = 2  # characters of an opinion that was asked for: 「同意」 is one


def _same(record: FlowRecord, data: Data) -> str:
    return record.state


def _can_drop(user: User, record: FlowRecord) -> bool:
    return has_open_signs(record) and is_his_turn(user, record)


def side_moves(states: tuple[str, ...]) -> tuple[Move, ...]:
    """转办, 加签, its opinion and its withdrawal, in every state in which a record waits for somebody's judgement."""
    return (
        Move("hand_over", "转办", states, _same, may=is_his_turn, event="flow.handed_over", opinion="required", keeps_todos=True),
        Move("add_signers", "加签", states, _same, may=is_his_turn, event="flow.signers_added", opinion="optional", keeps_todos=True),
        Move(
            "sign", "提交加签意见", states, _same, may=is_asked, event="flow.signed", opinion="required", least=LEAST_SIGNED,
            asks="加签意见", speaks=True, keeps_todos=True,
        ),
        Move("drop_signers", "撤销加签", states, _same, may=_can_drop, event="flow.signers_dropped", keeps_todos=True),
    )  # fmt: skip


def one_node_back(nodes: tuple[str, ...]) -> Move:
    """退回上一环节 along the nodes of a machine; whoever decided there decides again."""
    return Move(
        GIVE_BACK_ONE,
        "退回上一环节",
        nodes[1:],
        lambda record, _: nodes[nodes.index(record.state) - 1],
        may=is_his_turn,
        event="flow.given_back_one",
        opinion="required",
    )
