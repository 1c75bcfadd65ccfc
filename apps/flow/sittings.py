"""A sitting of a body is recorded by one person and confirmed by another, who hears of it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.core.whole import all_or_nothing
from apps.notices.services import notify
from apps.org.models import Sitting
from apps.org.queries import holders_of
from apps.org.services import record_sitting

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.notices.models import Notice
    from apps.org.models import Body


@all_or_nothing
def register_sitting(body: Body, *, by: User, at: datetime.datetime, **facts: Any) -> Sitting:
    """Record a sitting and tell whoever may confirm it (the unit's 党组织书记); `facts` as record_sitting takes them.

    Raises Refused as record_sitting does.
    """
    sitting = record_sitting(body, by=by, at=at, **facts)
    people = holders_of(Sitting.FUNCTION, "A", unit=body.unit, on=timezone.localtime(at).date()).exclude(pk=by.pk)
    notify(
        people, kind="flow.sitting", key=f"sitting-{sitting.pk}", title="待确认：会议登记", body=str(sitting),
        url=sitting.get_absolute_url(), at=at, record=sitting,
    )  # fmt: skip
    return sitting


def still_to_confirm(notice: Notice) -> bool:
    """Whether the mail about a sitting is still of use."""
    return Sitting.objects.visible_to(notice.recipient).filter(pk=notice.object_id or 0, confirmed_at__isnull=True).exists()
