"""What administrators changed: values of 参数 and items of 字典. What they did not change lies in code."""
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .catalogue import CATALOGUE, Parameter


class ParameterValue(models.Model):
    """One proposed change of a 参数; in force from `effective_on` once a second person has confirmed it.

    Rows are never deleted and, once settled, never changed (a trigger of the migration refuses both): both values stay (domain.md 2.5).
    """

    key = models.CharField("参数", max_length=60)
    value = models.JSONField("值")
    effective_on = models.DateField("生效日期")
    reason = models.CharField("变更理由", max_length=500)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    written_at = models.DateTimeField("提出时间")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    confirmed_at = models.DateTimeField("确认时间", null=True)
    rejected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="驳回人")
    rejected_at = models.DateTimeField("驳回时间", null=True)
    rejected_reason = models.CharField("驳回理由", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "参数变更"
        indexes = [models.Index(fields=["key", "effective_on"], name="parameter_value_in_force")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("written_by")), name="parameter_second_person",
                violation_error_message="提出人不能确认本人提出的参数变更",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(rejected_at__isnull=True), name="parameter_settled_once",
                violation_error_message="参数变更不能既确认又驳回",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="parameter_confirmed_by_whom", violation_error_message="确认人和确认时间须同时填写",
            ),
            models.CheckConstraint(
                condition=Q(rejected_by__isnull=True, rejected_at__isnull=True, rejected_reason="")
                | (Q(rejected_by__isnull=False, rejected_at__isnull=False) & ~Q(rejected_reason="")),
                name="parameter_rejected_by_whom", violation_error_message="驳回须有驳回人、时间和理由",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(confirmed_at__isnull=True, rejected_at__isnull=True), name="parameter_one_open_change",
                violation_error_message="此参数已有待确认的变更",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parameter.name}（{self.effective_on}起）"

    @property
    def parameter(self) -> Parameter:
        """The catalogue's entry of the key."""
        return CATALOGUE[self.key]

    @property
    def is_open(self) -> bool:
        """Neither confirmed nor rejected yet."""
        return self.confirmed_at is None and self.rejected_at is None


class DictionaryItem(models.Model):
    """An item that administrators added to a 字典, or a built-in one they stopped using; never deleted, never renamed."""

    dictionary = models.CharField("字典", max_length=40)
    code = models.CharField("代码", max_length=40)
    label = models.CharField("名称", max_length=60)
    sort_no = models.PositiveIntegerField("排序")
    is_active = models.BooleanField("启用", default=True)
    effective_on = models.DateField("启用日期", null=True)
    stopped_on = models.DateField("停用日期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "字典项"
        constraints = [
            models.UniqueConstraint(fields=["dictionary", "code"], name="dictionary_code_once", violation_error_message="此代码已有"),
            models.UniqueConstraint(fields=["dictionary", "label"], name="dictionary_label_once", violation_error_message="此名称已有"),
            models.CheckConstraint(
                condition=Q(is_active=True, stopped_on__isnull=True) | Q(is_active=False, stopped_on__isnull=False),
                name="dictionary_stopped_when", violation_error_message="停用的字典项须有停用日期",
            ),
        ]

    def __str__(self) -> str:
        return self.label
