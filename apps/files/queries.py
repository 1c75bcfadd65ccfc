"""Questions about attachments."""
from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet

from apps.core.keys import among
from apps.files.models import Attachment

if TYPE_CHECKING:
    from uuid import UUID

    from apps.accounts.models import User


def attachments_of(*records: Model) -> QuerySet[Attachment]:
    """The attachments of records of one kind that were not removed, oldest first. The caller has found the records in scope."""
    theirs = Q(content_type=ContentType.objects.get_for_model(records[0])) & among("object_id", [record.pk for record in records])
    return Attachment.objects.filter(theirs, removed_at__isnull=True).select_related("uploaded_by").order_by("uploaded_at", "pk")


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
