"""The nodes on the way to publicity: agree, return, decided by the party committee."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.flow import services as flow
from apps.flow.models import Step
from apps.risks.content import FIELDS
from apps.risks.models import RiskPoint
from apps.risks.nodes import open_node
from apps.risks.services.publicity import start_publicity

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Sitting


@all_or_nothing
def agree(
    record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None, lowering_agreed: bool = False
) -> Step:
    """Agree at 部门审核, 分管领导审定 or 纪检复核; the next node or the publicity opens.

    Raises Refused at 纪检复核 for a lowered level without `lowering_agreed`.
    """
    step = flow.make_move(record, "agree", by=by, at=at, opinion=opinion, version=version, data={"lowering_agreed": lowering_agreed})
    if step.source == RiskPoint.State.DISCIPLINE and record.is_lowered:
        record.lowering_agreed = True
        record.save(update_fields=["lowering_agreed"])
    if record.state == RiskPoint.State.PUBLICITY:
        start_publicity(record, at=at)
    else:
        open_node(record, record.state, at=at)
    return step


@all_or_nothing
def give_back(
    record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None, fields: Sequence[str] = ()
) -> Step:
    """Return the point to its author with a reason; `fields` names what is to be changed, so that only that node looks again."""
    unknown = set(fields) - {*FIELDS, "measures"}
    if unknown:
        raise Refused("需要修改的栏目不存在，重新勾选。", field="fields")
    return flow.give_back(record, "give_back", by=by, at=at, opinion=opinion, fields=list(fields), version=version)


@all_or_nothing
def pass_at_sitting(
    record: RiskPoint, *, by: User, at: datetime.datetime, sitting: Sitting | None = None, opinion: str = "", version: int | None = None
) -> Step:
    """Register that the party committee passed a high point. Raises Refused unless the sitting is confirmed and late enough."""
    step = flow.make_move(record, "pass_at_sitting", by=by, at=at, opinion=opinion, version=version, data={"sitting": sitting})
    record.sitting = sitting
    record.save(update_fields=["sitting"])
    start_publicity(record, at=at)
    return step
