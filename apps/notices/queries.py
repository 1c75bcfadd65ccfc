"""Questions about notices and their delivery."""
from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Min, QuerySet

from apps.notices.models import Delivery, Notice

if TYPE_CHECKING:
    from apps.accounts.models import User


def notices_of(user: User) -> QuerySet[Notice]:
    """The user's own notices, newest first. Nobody sees anybody else's."""
    return Notice.objects.filter(recipient=user).order_by("-created_at", "-pk")


def named(notices: Iterable[Notice], user: User) -> list[Notice]:
    """The notices, each with the name of its record: never stored, asked anew, and only of records the user may see now."""
    rows = list(notices)
    names: dict[tuple[int | None, int | None], str] = {}
    for kind in {n.content_type_id for n in rows if n.content_type_id}:
        model: Any = ContentType.objects.get_for_id(kind).model_class()
        if hasattr(getattr(model, "objects", None), "visible_to"):
            keys = [n.object_id for n in rows if n.content_type_id == kind]
            seen = model.objects.visible_to(user).filter(pk__in=keys)
            names |= {(kind, record.pk): getattr(record, "flow_title", record.__str__)() for record in seen}
    for notice in rows:
        notice.about = names.get((notice.content_type_id, notice.object_id), "")
    return rows


def unread_count(user: User) -> int:
    """How many of the user's notices he has not opened."""
    return Notice.objects.filter(recipient=user, read_at__isnull=True).count()


def delivery_log(*, state: str = "") -> QuerySet[Delivery]:
    """Every delivery, newest first, for the administrator's page; `state` narrows it."""
    rows = Delivery.objects.select_related("notice__recipient").order_by("-created_at", "-pk")
    return rows.filter(state=state) if state else rows


def delivery_counts() -> dict[str, int]:
    """How many deliveries stand in each state."""
    rows = Delivery.objects.order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(Delivery.State.values, 0) | dict(rows)


def oldest_pending(*, at: datetime.datetime) -> datetime.timedelta | None:
    """How long the oldest due mail has waited; None when nothing is due. The system page shows it."""
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_try__lte=at).aggregate(since=Min("created_at"))["since"]
    return at - due if due else None
