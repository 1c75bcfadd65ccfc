"""What 转办 and 加签 ask for, on the page and over the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.flow.queries import is_his_turn
from apps.flow.services import Owner
from apps.flow.side import signers, stand_ins
from apps.org.queries import with_post
from apps.pages.forms import MoveForm
from apps.pages.picks import NOT_OFFERED, PickField, PickManyField


class HandOverForm(MoveForm):
    """转办: to whom, and why. A register says who is entitled to the node."""

    to = PickField(label="转给", required=True, error_messages={"required": "选择转给谁。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opinion"].label = "转办理由"
        offered: Any = self.fields["to"]
        offered.offer(self._offered(), label=with_post)
        if not offered.rows:
            offered.help_text = "没有其他可以办理此环节的人员，可由安全保密管理员授权后再转办。"

    def owners(self) -> Iterable[Owner]:
        """Who is entitled to the node where the record waits."""
        raise NotImplementedError(f"{type(self).__name__} must say who is entitled")  # pragma: no cover -- every register says

    def _offered(self) -> list[User]:
        if not is_his_turn(self.user, self.record):
            return []
        people = stand_ins(self.record, self.owners(), by=self.user, on=timezone.localdate())
        return list(User.objects.filter(pk__in=[p.pk for p in people]).select_related("person__unit").order_by("pk"))


class SignersForm(MoveForm):
    """加签: whose opinion is wanted, and about what."""

    people = PickManyField(label="征求意见的人员", error_messages={"required": "选择征求意见的人员。", "invalid_choice": NOT_OFFERED})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opinion"].label = "征求意见的事项"
        offered: Any = self.fields["people"]
        his_turn = is_his_turn(self.user, self.record)
        offered.offer(signers(self.record, by=self.user, on=timezone.localdate()) if his_turn else [], label=with_post)
        if not offered.rows:
            offered.help_text = "没有其他能看到此记录的人员。"
