"""How a point ends: struck off, or void."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.flow.models import Step
from apps.flow.services import make_move, settle_return
from apps.risks.machine import STRIKE_REASONS
from apps.risks.models import Adjustment, RiskPoint
from apps.risks.services.publicity import answer_all
from apps.risks.services.writing import tell

if TYPE_CHECKING:
    from apps.accounts.models import User


@all_or_nothing
def strike(record: RiskPoint, *, reason: str, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Strike a point in force off (撤销) because its post or its process is gone; `reason` is a code of STRIKE_REASONS."""
    if reason not in STRIKE_REASONS:
        raise Refused("选择撤销原因：岗位撤并或流程取消。", field="reason")
    said = "：".join(part for part in (STRIKE_REASONS[reason], opinion.strip()) if part)
    return make_move(record, "strike", by=by, at=at, opinion=said, version=version)


@all_or_nothing
def void(record: RiskPoint, *, by: User, at: datetime.datetime, opinion: str = "", version: int | None = None) -> Step:
    """Declare a point void with a reason; its number is never used again.

    A running adjustment ends with it, and open objections have the reason as their answer.
    """
    step = make_move(record, "void", by=by, at=at, opinion=opinion, version=version)
    settle_return(record, at=at)
    for row in record.adjustments.filter(state=Adjustment.State.OPEN):
        row.state, row.settled_at = Adjustment.State.REFUSED, at
        row.save(update_fields=["state", "settled_at"])
        tell([row.opened_by], record, what="refused", title="风险点已作废，您发起的调整不再办理", at=at)
    answer_all(record, f"风险点已作废：{opinion.strip()}", accepted=True, by=by, at=at)
    return step
