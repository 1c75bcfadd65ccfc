"""Attachments: a file, the record it belongs to, and the fingerprint of its bytes."""
from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.org.models import UnitRecord
from apps.parameters.queries import label


class Attachment(models.Model):
    """One file of one record. Its bytes lie under a random name; who may see the record may have them."""

    Secrecy = UnitRecord.Secrecy

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey()
    name = models.CharField("文件名称", max_length=200)
    kind = models.CharField("材料类别", max_length=40)
    secrecy = models.CharField("公开属性", max_length=10, choices=UnitRecord.Secrecy.choices, default=UnitRecord.Secrecy.UNIT)
    size = models.PositiveBigIntegerField("大小")
    sha256 = models.CharField("SHA-256", max_length=64)
    media_type = models.CharField("类型", max_length=100)
    stored_as = models.CharField("存放名", max_length=80, unique=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间")
    removed_at = models.DateTimeField("移除时间", null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="移除人"
    )
    removed_reason = models.CharField("移除原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        indexes = [
            models.Index(fields=["content_type", "object_id", "uploaded_at"], name="attachment_of", condition=Q(removed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Where it is downloaded."""
        return reverse("file", args=[self.pk])

    @property
    def kind_label(self) -> str:
        """材料类别 in words."""
        return label("material_kind", self.kind)
