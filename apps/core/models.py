"""The base row of every register."""
from django.conf import settings
from django.db import models


class Record(models.Model):
    """A row somebody made: who, when, and which version it stands at (a form posts the version back)."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="填报人"
    )
    created_at = models.DateTimeField("填报时间", editable=False)
    updated_at = models.DateTimeField("更新时间", editable=False)
    version = models.PositiveIntegerField("版本", default=1, editable=False)

    class Meta:
        abstract = True


class Heartbeat(models.Model):
    """When a loop last ran; `/readyz` and the system page read it. Not a business row."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "心跳"


class Series(models.Model):
    """The last number given in a series such as `FX-CJ-2026`. Never reused; gaps are allowed (domain.md §1.0)."""

    name = models.CharField("系列", max_length=60, primary_key=True)
    last = models.PositiveIntegerField("最后流水号")

    class Meta:
        verbose_name = verbose_name_plural = "编号系列"
