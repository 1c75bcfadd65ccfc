"""Writes of the risk points: one service per move, and the changes of their content."""

from apps.risks.services.adjusting import agree_adjustment, confirm_review, open_adjustment, refuse_adjustment, review_after_post_change
from apps.risks.services.deciding import agree, give_back, pass_at_sitting
from apps.risks.services.ending import strike, void
from apps.risks.services.filing import create_draft, report_progress, submit, update_point, withdraw
from apps.risks.services.publicity import answer_objection, end_publicities, end_publicity, object_to

__all__ = [
    "agree", "agree_adjustment", "answer_objection", "confirm_review", "create_draft", "end_publicities", "end_publicity", "give_back",
    "object_to", "open_adjustment", "pass_at_sitting", "refuse_adjustment", "report_progress", "review_after_post_change", "strike",
    "submit", "update_point", "void", "withdraw",
]  # fmt: skip
