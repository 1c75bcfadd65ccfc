"""Writes of the risk points: one service per move, and the changes of their content."""

from apps.flow.side import add_signers, drop_signers, sign, urge
from apps.risks.services.adjusting import (
    agree_adjustment,
    confirm_review,
    open_adjustment,
    refuse_adjustment,
    review_after_post_change,
    withdraw_adjustment,
)
from apps.risks.services.deciding import agree, give_back, pass_at_sitting
from apps.risks.services.ending import strike, void
from apps.risks.services.filing import NewPoint, bring_back, create_draft, create_drafts, report_progress, submit, update_point, withdraw
from apps.risks.services.passing import delete_draft, delete_drafts, give_back_one, hand_over
from apps.risks.services.publicity import answer_objection, end_publicities, end_publicity, object_to

__all__ = [
    "NewPoint", "add_signers", "agree", "agree_adjustment", "answer_objection", "bring_back", "confirm_review", "create_draft",
    "create_drafts", "delete_draft", "delete_drafts", "drop_signers", "end_publicities", "end_publicity", "give_back", "give_back_one",
    "hand_over", "object_to", "open_adjustment", "pass_at_sitting", "refuse_adjustment", "report_progress",
    "review_after_post_change", "sign", "strike", "submit", "update_point", "urge", "void", "withdraw", "withdraw_adjustment",
]  # fmt: skip
