"""A point on its way from hand to hand: one node back, to a colleague, to somebody whose opinion is wanted; and its draft thrown away."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.core.errors import Refused
from apps.core.stored import all_held
from apps.core.whole import all_or_nothing
from apps.flow import services as flow
from apps.flow import side
from apps.flow.models import Step
from apps.flow.queries import GIVE_BACK_ONE, decider_at
from apps.risks.content import facts_for_audit, plain
from apps.risks.machine import may_edit, node_of
from apps.risks.models import RiskPoint
from apps.risks.nodes import open_node, owners_of
from apps.risks.queries import named_measures

if TYPE_CHECKING:
    from apps.accounts.models import User


@all_or_nothing
def give_back_one(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """退回上一环节: whoever decided at the node before decides again; what he decided no longer counts."""
    step = flow.make_move(record, GIVE_BACK_ONE, by=by, at=at, opinion=opinion, version=version)
    open_node(record, record.state, at=at, first=decider_at(record, record.state))
    return step


@all_or_nothing
def hand_over(record: RiskPoint, *, to: User, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """转办 to somebody entitled to the node where the point waits."""
    return side.hand_over(record, to=to, owners=owners_of(record, node_of(record)), by=by, at=at, opinion=opinion, version=version)


def delete_draft(record: RiskPoint, *, by: User, at: datetime.datetime) -> None:
    """Delete a draft that was never handed in, with its measures. Raises Refused where the person may not, or it was."""
    delete_drafts([record], by=by, at=at)


@all_or_nothing
def delete_drafts(records: Sequence[RiskPoint], *, by: User, at: datetime.datetime) -> None:
    """The same for many, all of them or none."""
    named = ("unit", "department", "post__department", "responsible", "head", "leader", "secretary")
    rows = RiskPoint._base_manager.select_related(*named).prefetch_related(named_measures())
    fresh = all_held(rows, [record.pk for record in records])
    if not all(may_edit(by, record) for record in fresh):
        raise Refused("没有删除此草稿的权限。")
    facts = {record.pk: facts_for_audit(plain(record, record.listed_measures)) | {"number": record.number} for record in fresh}
    side.delete_drafts(fresh, event="risk.deleted", by=by, at=at, before=facts)
