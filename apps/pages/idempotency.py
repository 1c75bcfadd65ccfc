"""Ten clicks make one row: a token, taken first in the writing transaction."""

from __future__ import annotations

import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.core.errors import Refused
from apps.pages.models import Submission

if TYPE_CHECKING:
    from apps.accounts.models import User

MAX_TOKEN = 64


class Busy(Refused):
    """The first use of the token has not given its answer yet."""


class Once:
    """One use of a token. `answer` is what the first use gave, or None when this is the first use."""

    def __init__(self, row: Submission | None, answer: dict[str, Any] | None) -> None:
        self.row = row
        self.answer = answer

    def keep(self, answer: dict[str, Any]) -> None:
        """Remember the answer for whoever presses again."""
        if self.row is not None:
            self.row.answer = answer
            self.row.save(update_fields=["answer"])


def _named(token: str, place: str) -> str:
    return sha256(f"{place} {token}".encode()).hexdigest() if place else token


def answered(token: str, *, user: User, place: str = "") -> dict[str, Any] | None:
    """What an earlier press of this button gave, or None; takes nothing."""
    rows = Submission.objects.filter(user=user, token=_named(token, place))
    answer: dict[str, Any] | None = rows.values_list("answer", flat=True).first()
    return answer


def once(token: str, *, user: User, at: datetime.datetime, place: str = "") -> Once:
    """Take a token inside the caller's transaction. A second taker waits for the first and gets its answer.

    With a `place` (the address posted to) the same token means something else at another place: a page shows several
    buttons with one token. An empty token takes part in nothing. Raises Refused for a token longer than 64 characters
    or with other than printable ASCII, and when the first use is known but gave no answer.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("once() belongs inside the transaction that writes")
    if not token:
        return Once(None, None)
    if len(token) > MAX_TOKEN:
        raise Refused("提交标识过长，刷新页面后再提交。")
    if not (token.isascii() and token.isprintable()):
        raise Refused("提交标识无效，刷新页面后再提交。")
    token = _named(token, place)
    Submission.objects.bulk_create([Submission(token=token, user=user, at=at)], ignore_conflicts=True)
    row = Submission.objects.select_for_update().get(user=user, token=token)
    if row.answer is not None:
        return Once(None, row.answer)
    if row.at != at:
        raise Busy("此次提交正在办理，稍后刷新查看。")
    return Once(row, None)
