"""The official calendar: one row per year whose holiday notice is in force here, and the days that differ from an ordinary week."""
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Year(models.Model):
    """A year whose holiday notice has been taken in; without this row the year counts Mon-Fri and its deadlines carry 日历未更新."""

    year = models.PositiveSmallIntegerField("年份", unique=True)
    source = models.CharField("来源文件", max_length=300)
    loaded_at = models.DateTimeField("导入时间")
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="导入人")
    # A new random stamp with every change: every process sees by it that its calendar in memory is old.
    stamp = models.UUIDField("版本标记", default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历年份"

    def __str__(self) -> str:
        return f"{self.year}年"


class Day(models.Model):
    """One exception of the calendar; ordinary working days and weekends have no row."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "法定节假日"
        MAKEUP = "makeup", "调休上班"
        UNIT_REST = "unit_rest", "单位自定休息"

    # The year of the notice: the 元旦 of a year may begin on 31 December of the year before.
    year = models.ForeignKey(Year, models.PROTECT, related_name="days", verbose_name="年份")
    date = models.DateField("日期", unique=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=30)
    source = models.CharField("来源", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="makeup") | Q(date__iso_week_day__gte=6), name="calendar_makeup_on_weekend",
                violation_error_message="调休上班日应为星期六或星期日",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["holiday", "makeup", "unit_rest"]), name="calendar_day_kind",
                violation_error_message="类型应为法定节假日、调休上班或单位自定休息",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
