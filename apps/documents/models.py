"""Jobs of the report centre: what somebody asked for, how far it is, and the file it made."""
from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Job(models.Model):
    """A report asked for by one person and made by a worker; only that person sees it and its file.

    `fencing` grows each time a worker takes the job up: a worker that was taken for dead writes nothing more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        DENIED = "denied", "无权限"
        CANCELLED = "cancelled", "已取消"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("类型", max_length=40)
    title = models.CharField("名称", max_length=200)
    params = models.JSONField("参数", default=dict)
    stream = models.CharField("审计链", max_length=40, default="sys")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人")
    requested_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField("已处理", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    not_before = models.DateTimeField("最早开始")
    lease_until = models.DateTimeField("占用至", null=True)
    fencing = models.PositiveIntegerField("占用序号", default=0)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.CharField("原因", max_length=500, blank=True)
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    file_type = models.CharField("文件类型", max_length=100, blank=True)
    file_path = models.CharField("存放名", max_length=80, blank=True)
    file_size = models.PositiveBigIntegerField("大小", default=0)
    file_sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    expires_at = models.DateTimeField("文件保留至", null=True)
    rights = models.CharField("权限摘要", max_length=64, blank=True)  # what the requester might see when it was made

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="job_of_person"),
            models.Index(fields=["not_before"], name="job_waiting", condition=Q(state="waiting")),
            models.Index(fields=["lease_until"], name="job_running", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether a worker has it or will take it up; the page asks again only then."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def has_file(self) -> bool:
        """Whether there is something to download."""
        return bool(self.file_path)

    @property
    def page(self) -> str:
        """Where what became of it is seen, when it makes no file."""
        from apps.documents.jobs import page_of  # noqa: PLC0415 -- the kinds are named above the model

        return page_of(self)

    @property
    def can_retry(self) -> bool:
        """Whether its requester may start it again."""
        return self.state in (self.State.FAILED, self.State.CANCELLED)
