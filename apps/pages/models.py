"""What a person has typed, saved as a view, or already handed in."""

import json

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """A form as it stands while somebody types: saved by itself, seen by its owner alone, no audit event.

    It is removed when the form is saved for good; nothing else removes it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="填写人")
    key = models.CharField("表单", max_length=80)  # risks:new, risks:17
    data = models.JSONField("内容")  # the posted pairs: {name: [value, …]}
    version = models.PositiveIntegerField("开始填写时的版本", default=0)
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = verbose_name_plural = "草稿"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="draft_once")]


class Submission(models.Model):
    """One press of a button, named by a token the page carried: ten clicks make one row and get one answer."""

    token = models.CharField("令牌", max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="提交人")
    answer = models.JSONField("结果", null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "提交记录"
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="submission_once")]
        indexes = [models.Index(fields=["at"], name="submission_at")]


class SavedView(models.Model):
    """A filter somebody keeps as a tab over a list, with the columns and the row height he had; shared with a unit when he wants."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="所有人")
    register = models.CharField("台账", max_length=40)
    name = models.CharField("视图名称", max_length=20)
    query = models.CharField("条件", max_length=1000)
    look = models.JSONField("列设置", default=dict)  # {"off": [column, …], "order": [column, …], "dense": bool}
    shared_with = models.ForeignKey("org.Unit", models.CASCADE, null=True, related_name="+", verbose_name="共享单位")

    count: int | None = None  # how many rows it shows this person now, set by the list

    class Meta:
        verbose_name = verbose_name_plural = "保存的视图"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "register", "name"], name="view_once", violation_error_message="已有同名视图，换一个名称。"
            )
        ]
        indexes = [models.Index(fields=["shared_with", "register"], name="view_shared")]

    @property
    def look_text(self) -> str:
        """The columns and the row height as the page reads them."""
        return json.dumps(self.look, ensure_ascii=False)
