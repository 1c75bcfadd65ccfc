"""Predicates that moves share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.flow.models import FlowRecord

RETURNED = "退回修改"  # what a draft that was sent back is called: its to-do, its pill


def is_author(user: User, record: FlowRecord) -> bool:
    """Whether this user made the record."""
    return record.created_by_id == user.pk


def opinion_fault(required: bool, opinion: str, asked: str, *, least: int) -> str | None:
    """The reason an opinion does not do, or None."""
    if not required:
        return None
    length = len(opinion.strip())
    if length < least:
        return f"填写{asked}，不少于{least}字，现有{length}字。" if least > 1 else f"填写{asked}。"
    return None
