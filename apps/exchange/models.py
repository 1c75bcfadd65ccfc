"""What was uploaded and is on its way into a register: seen by its owner alone until it is committed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from apps.core.fields import EncryptedJSONField


class Batch(models.Model):
    """One upload. Nothing of it is in the register before `commit`; after that it says which rows made which records."""

    class State(models.TextChoices):
        OPEN = "open", "待导入"
        DONE = "done", "已导入"
        UNDONE = "undone", "已撤销"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="导入人")
    register = models.CharField("台账", max_length=40)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="填报单位")
    file_name = models.CharField("文件名", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    tables = EncryptedJSONField("登记表")  # [{sheet, first, title, unit, columns: [{index, title, group}], left_out, count, asks}]
    table = models.PositiveSmallIntegerField("所选登记表", null=True)
    mapping = models.JSONField("对应列", default=dict)  # {column: field}
    same = models.JSONField("各行相同", default=dict)  # {field: [posted value, …]}
    answers = EncryptedJSONField("写法对应", default=dict)  # {field: {text: key}}
    splits = models.BooleanField("按序号拆分", default=False)
    choices = EncryptedJSONField("对应列草稿", default=dict)  # the page of the columns as it stands, until it is handed in
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField("上传时间")
    expires_at = models.DateTimeField("保留至")
    done_at = models.DateTimeField("导入时间", null=True)
    undone_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        indexes = [
            models.Index(fields=["owner", "register", "-made_at"], name="batch_owner"),
            models.Index(fields=["expires_at"], name="batch_expires", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def chosen(self) -> dict[str, Any]:
        """The register of the file that is imported."""
        found: dict[str, Any] = self.tables[self.table or 0]
        return found


class BatchRow(models.Model):
    """One record of a sheet: its cells as they stood there, what was typed over them, and what is wrong with it.

    What stood in the sheet is stored encrypted: nobody knows what people put into one, and people's sheets hold their numbers.
    """

    class State(models.TextChoices):
        NEW = "new", "未校验"
        OK = "ok", "通过"
        HINT = "hint", "有提醒"
        BAD = "bad", "需要修改"
        DROPPED = "dropped", "不导入"

    class Does(models.TextChoices):
        NEW = "new", "新增"
        UPDATE = "update", "更新"
        SAME = "same", "不变"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    table = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField("行号")
    cells = EncryptedJSONField("原表内容")  # [text, …], in the order of the table's columns
    more = EncryptedJSONField("续行", default=list)
    typed = EncryptedJSONField("改动", default=dict)  # {field: [value, …]} in the form's own values
    faults = models.JSONField("错误", default=dict)  # {field: sentence}
    hints = models.JSONField("提醒", default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    does = models.CharField("导入时", max_length=10, choices=Does.choices, blank=True, default="")
    content_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    object_id = models.BigIntegerField(null=True)
    record = GenericForeignKey("content_type", "object_id")
    object_version = models.PositiveIntegerField(null=True)  # null where the row left the record alone
    before = EncryptedJSONField("更新前", null=True)  # of a record that was there: the content it had

    class Meta:
        verbose_name = verbose_name_plural = "导入行"
        constraints = [models.UniqueConstraint(fields=["batch", "table", "number"], name="batch_row_once")]
        indexes = [
            models.Index(fields=["batch", "table", "state", "number"], name="batch_row_state"),
            models.Index(fields=["content_type", "object_id"], name="batch_row_record"),
        ]


class RememberedMapping(models.Model):
    """How a unit's form was mapped the last time: the same headings come back every quarter."""

    unit = models.ForeignKey("org.Unit", models.CASCADE, related_name="+")
    register = models.CharField("台账", max_length=40)
    headings = models.CharField("表头", max_length=64)  # digest of the titles in their order
    mapping = models.JSONField("对应列")
    answers = EncryptedJSONField("写法对应")
    splits = models.BooleanField(default=False)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="使用人")
    used_at = models.DateTimeField("上次使用")

    class Meta:
        verbose_name = verbose_name_plural = "记住的对应列"
        constraints = [models.UniqueConstraint(fields=["unit", "register", "headings"], name="mapping_once")]
