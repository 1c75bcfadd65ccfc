"""What happened to records, and who has to act next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from apps.flow.machine import Machine
from apps.org.models import Department, Unit, UnitRecord
from apps.org.roles import Role

if TYPE_CHECKING:
    from apps.accounts.models import User


class FlowRecord(UnitRecord):
    """A record with a state that only `flow.services.make_move` changes, and with versions that can be compared."""

    MACHINE: ClassVar[Machine]
    EDITABLE_STATES: ClassVar[tuple[str, ...]] = ("draft",)
    NAMED: ClassVar[tuple[str, ...]] = ("unit",)  # what the nodes ask the record for, read together with it

    state = models.CharField("状态", max_length=20, default="draft", editable=False)

    writers = models.JSONField("填写人", default=list, editable=False)  # ids of whoever changed the content: nobody judges his own words

    class Meta:
        abstract = True

    def written_by(self, by: User | None) -> None:
        """Remember who changes the content; the caller saves."""
        if by is not None and by.pk not in self.writers:
            self.writers = [*self.writers, by.pk]

    @property
    def is_editable(self) -> bool:
        """Whether its content may be changed in this state."""
        return self.state in self.EDITABLE_STATES

    @property
    def state_label(self) -> str:
        """The Chinese name of the state."""
        choices: Any = self._meta.get_field("state").choices  # type: ignore[union-attr]  # a field of our own, never a relation
        return str(dict(choices or []).get(self.state, self.state))

    def snapshot(self) -> dict[str, Any]:
        """The content of this version: {field: {"label": …, "value": plain JSON, "text": what a person reads}}."""
        raise NotImplementedError(f"{type(self).__name__} must say what a version holds")  # pragma: no cover -- every register says it

    def filers(self) -> set[int]:
        """Who, beside its author, filed what is to be judged now (an adjustment, an objection): they do not judge it."""
        return set()

    def flow_title(self) -> str:
        """The line a to-do list shows for this record."""
        return str(self)

    def get_absolute_url(self) -> str:
        """The address of the detail page."""
        raise NotImplementedError(f"{type(self).__name__} must name its page")  # pragma: no cover -- every register says it


class AboutRecord(models.Model):
    """A row that speaks of one record of any kind."""

    content_type = models.ForeignKey(ContentType, models.PROTECT)
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey()

    class Meta:
        abstract = True


class Step(AboutRecord):
    """One move that was made: 办理记录. Written once, never changed."""

    move = models.CharField("操作", max_length=30)
    label = models.CharField("动作", max_length=20)
    source = models.CharField("变更前状态", max_length=20)
    target = models.CharField("变更后状态", max_length=20)
    opinion = models.TextField("意见", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="steps", verbose_name="操作人")
    by_title = models.CharField("单位职务", max_length=120, blank=True)
    to_names = models.CharField("转给", max_length=200, blank=True)
    acting_for = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="代理")
    at = models.DateTimeField("时间")
    decides = models.BooleanField(default=False)
    starts_round = models.BooleanField(default=False)
    version = models.PositiveIntegerField("版本")  # the row's counter, for whoever compares; pages show the content version

    content_version: int = 0  # which RecordVersion this step was about: `queries.with_content`

    class Meta:
        verbose_name = verbose_name_plural = "办理记录"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["content_type", "object_id", "id"], name="step_record"),
            models.Index(fields=["by", "-id"], name="step_by"),
        ]


    @property
    def who(self) -> str:
        """The name shown with the step; a step without one was the system's, or somebody's who asked for no name."""
        if self.by is not None:
            return self.by.name
        model: Any = ContentType.objects.get_for_id(self.content_type_id).model_class()
        move = model.MACHINE.by_name.get(self.move)
        return "系统" if move is None or move.system else "匿名"


class Todo(AboutRecord):
    """Somebody has to act (待办), is asked what he thinks (加签) or should know (抄送).

    Addressed to a role at a unit, or to one person.
    """

    class Kind(models.TextChoices):
        HANDLE = "handle", "待办"
        SIGN = "sign", "加签"
        COPY = "copy", "抄送"

    kind = models.CharField("类型", max_length=8, choices=Kind.choices, default=Kind.HANDLE)
    node = models.CharField("环节", max_length=20)
    label = models.CharField("环节名称", max_length=20)
    title = models.CharField("事项", max_length=200)
    role = models.CharField("角色", max_length=3, choices=Role.choices, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="办理单位")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+", verbose_name="办理部门")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="办理人")
    from_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="提交单位")
    opened_at = models.DateTimeField("到达时间")
    due_on = models.DateField("办理时限", null=True)
    seen_at = models.DateTimeField("打开时间", null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="交办人")
    urged_at = models.DateTimeField("最近催办时间", null=True)
    done_at = models.DateTimeField("办结时间", null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="办结人")

    class Meta:
        verbose_name = verbose_name_plural = "待办"
        indexes = [
            models.Index(fields=["role", "unit"], condition=Q(done_at__isnull=True), name="todo_open_role"),
            models.Index(fields=["user"], condition=Q(done_at__isnull=True), name="todo_open_user"),
            models.Index(fields=["content_type", "object_id"], name="todo_record"),
        ]


class Return(AboutRecord):
    """A record was sent back: by whom, for which fields, and where its next submit goes."""

    step = models.OneToOneField(Step, models.PROTECT, related_name="+")
    back_to = models.CharField("退回环节", max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="退回人")
    fields = models.JSONField("需要修改的栏目", default=list)
    version = models.PositiveIntegerField("退回时的内容版本")
    settled_at = models.DateTimeField("重新提交时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "退回"
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], condition=Q(settled_at__isnull=True), name="one_open_return")
        ]


class RecordVersion(AboutRecord):
    """The content of a record as it was handed in: version 1, 2, 3 … for comparison."""

    number = models.PositiveIntegerField("版本号")
    data = models.JSONField("内容")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="提交人")
    made_at = models.DateTimeField("时间")
    reason = models.CharField("说明", max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = "内容版本"
        constraints = [models.UniqueConstraint(fields=["content_type", "object_id", "number"], name="version_once")]
