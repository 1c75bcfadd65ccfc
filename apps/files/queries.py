"""Questions about attachments."""
from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from apps.files.models import Attachment

if TYPE_CHECKING:
    from uuid import UUID

    from apps.accounts.models import User


def attachments_of(record: Model) -> QuerySet[Attachment]:
    """The attachments of a record that were not removed, oldest first. The caller has found the record in scope."""
    return (
        Attachment.objects.filter(content_type=ContentType.objects.get_for_model(record), object_id=record.pk, removed_at__isnull=True)
        .select_related("uploaded_by").order_by("uploaded_at", "pk")
    )


def attachment_for(user: User, attachment_id: UUID) -> Attachment | None:
    """The attachment, when its record is one the user may see; None otherwise and for one that does not exist."""
    found = Attachment.objects.select_related("content_type").filter(pk=attachment_id, removed_at__isnull=True).first()
    if found is None:
        return None
    model = found.content_type.model_class()
    visible_to = getattr(getattr(model, "objects", None), "visible_to", None)
    if visible_to is None or not visible_to(user).filter(pk=found.object_id).exists():
        return None
    return found
