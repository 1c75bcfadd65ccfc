"""Risk points, their measures, the objections to them and the adjustments of them (domain.md §1.2)."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When

from apps.core.fields import EncryptedTextField
from apps.core.search import Bigrams, Joined
from apps.core.validators import validate_phone
from apps.flow.models import FlowRecord
from apps.org.models import Loan
from apps.risks import content, rules
from apps.risks.machine import MACHINE

GRADES = [(1, "1级（极小）"), (2, "2级（较小）"), (3, "3级（较大）"), (4, "4级（极大）")]
GONE = ("struck", "void")
LEVEL_RANK = Case(
    *(When(level=level, then=Value(i)) for i, level in enumerate(("high", "mid", "low"))),
    default=Value(3),
    output_field=models.IntegerField(),
)
SEARCHED = Joined("name", "manifestation", "number")  # one index over all that a search looks into: an OR of three is none
# What scope asks of a row beside its unit, and what the tabs count: kept with the order of the list, so that both are read from the index.
REACHED_BY = ("state", "secrecy", "created_by", "department", "level", "review_due_on")
STATE_KINDS = {"draft": "grey", "objection": "warn", "in_force": "ok", "adjusting": "warn", "struck": "grey", "void": "grey"}
SAME_NAME = {
    "post": "该岗位本年度已有同名风险点。",
    "department": "此部门本年度已有同名风险点。",
    "unit": "此单位本年度已有同名单位级风险点。",
}


def default_channels() -> list[str]:
    """Where a point is made public unless the author says otherwise: here."""
    return ["portal"]


class RiskPoint(FlowRecord):
    """廉政风险点: where power can be misused, how bad that is, and what is done against it.

    A draft may lack almost everything; `rules.missing_for_submission` says what handing it in needs.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        DEPARTMENT = "department", "部门审核"
        LEADER = "leader", "分管领导审定"
        DISCIPLINE = "discipline", "纪检复核"
        PARTY = "party", "待党委会审定"
        PUBLICITY = "publicity", "公示中"
        OBJECTION = "objection", "异议处理"
        IN_FORCE = "in_force", "已生效"
        ADJUSTING = "adjusting", "调整审核中"
        STRUCK = "struck", "已销号"
        VOID = "void", "已作废"

    class Layer(models.TextChoices):
        UNIT = "unit", "单位级"
        DEPARTMENT = "department", "部门级"
        POST = "post", "岗位级"

    class Authority(models.TextChoices):
        DECIDE = "decide", "审批、决定权"
        MANAGE = "manage", "一般管理、审核、督查权"
        NONE = "none", "无上述权力"

    class Method(models.TextChoices):
        LC = "lc", "LC法"
        CONSEQUENCE = "consequence", "后果法"
        COUNT = "count", "标准计数法"

    class Consequence(models.TextChoices):
        CRIME = "crime", "犯罪、法律制裁"
        DISCIPLINE = "discipline", "党纪政务处分"
        ORGANISATION = "organisation", "组织处理"

    class Level(models.TextChoices):
        HIGH = "high", "高"
        MID = "mid", "中"
        LOW = "low", "低"

    FUNCTION = "risk"
    MACHINE = MACHINE
    DRAFT_STATES = ("draft",)
    # Objected to or under adjustment it is still what was made public: the unit goes on seeing it.
    OPEN_STATES = ("publicity", "objection", "in_force", "adjusting")
    NAMED = ("unit__parent", "department__leader__account")

    state = models.CharField("状态", max_length=20, choices=State.choices, default=State.DRAFT, editable=False)
    number = models.CharField("风险点编号", max_length=40, unique=True, editable=False)
    year = models.PositiveSmallIntegerField("执行年度", validators=[MinValueValidator(2000), MaxValueValidator(2100)])
    layer = models.CharField("风险层级", max_length=12, choices=Layer.choices, blank=True)
    post = models.ForeignKey("org.Post", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="岗位")
    power = models.CharField("权力事项", max_length=200, blank=True)
    topic = models.CharField("专题类别", max_length=40, blank=True)
    domain = models.CharField("业务领域", max_length=40, blank=True)
    category = models.CharField("风险类别", max_length=40, blank=True)
    name = models.CharField("风险点名称", max_length=60)
    manifestation = models.TextField("风险内容及表现形式", max_length=1000, blank=True, validators=[MaxLengthValidator(1000)])
    step_name = models.CharField("流程环节", max_length=60, blank=True)
    authority = models.CharField("掌握的权力", max_length=8, choices=Authority.choices, blank=True)

    method = models.CharField("定级方法", max_length=12, choices=Method.choices, editable=False)
    likelihood = models.PositiveSmallIntegerField("发生可能性L", choices=GRADES, null=True, blank=True)
    severity = models.PositiveSmallIntegerField("后果严重性C", choices=GRADES, null=True, blank=True)
    consequence = models.CharField("可能造成的后果", max_length=12, choices=Consequence.choices, blank=True)
    criteria = ArrayField(models.CharField(max_length=12), verbose_name="符合的标准", default=list, blank=True)
    score = models.PositiveSmallIntegerField("风险值D", null=True, editable=False)
    suggested = models.CharField("建议等级", max_length=4, choices=Level.choices, blank=True, editable=False)
    level = models.CharField("评定等级", max_length=4, choices=Level.choices, blank=True)
    level_source = models.CharField("等级来源", max_length=8, choices=[("sheet", "原表")], blank=True, default="", editable=False)
    level_reason = models.CharField("等级调整理由", max_length=500, blank=True)
    lowering_agreed = models.BooleanField("纪检部门同意降级", default=False, editable=False)
    indicator = models.CharField("监测指标", max_length=200, blank=True)

    responsible = models.ForeignKey("org.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任人")
    head = models.ForeignKey("org.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="部门负责人")
    leader = models.ForeignKey("org.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任领导")
    secretary = models.ForeignKey("org.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="党组织书记")
    basis = models.TextField("制度依据", max_length=500, blank=True, validators=[MaxLengthValidator(500)])
    ways = ArrayField(models.CharField(max_length=40), verbose_name="排查方式", default=list, blank=True)
    source = models.TextField("来源问题", max_length=500, blank=True, validators=[MaxLengthValidator(500)])
    phone = EncryptedTextField("联系电话", blank=True, default="", validators=[validate_phone])

    publicity_scope = models.CharField("公示范围", max_length=40, blank=True, default="unit")
    publicity_channels = ArrayField(models.CharField(max_length=40), verbose_name="公示渠道", default=default_channels, blank=True)
    publicity_from = models.DateField("公示起", null=True, editable=False)
    publicity_until = models.DateField("公示止", null=True, editable=False)
    sitting = models.ForeignKey("org.Sitting", models.PROTECT, null=True, editable=False, related_name="+", verbose_name="审定会议")
    effective_on = models.DateField("生效日期", null=True, editable=False)
    review_due_on = models.DateField("复查期限", null=True, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="最近修改人"
    )
    frozen = models.JSONField("登记时的参数", default=dict, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "廉政风险点"
        constraints = [
            models.UniqueConstraint(
                fields=["post", "year", "name"],
                condition=Q(layer="post") & ~Q(state__in=GONE),
                name="risk_once_post",
                violation_error_message=SAME_NAME["post"],
            ),
            models.UniqueConstraint(
                fields=["department", "year", "name"],
                condition=Q(layer="department") & ~Q(state__in=GONE),
                name="risk_once_department",
                violation_error_message=SAME_NAME["department"],
            ),
            models.UniqueConstraint(
                fields=["unit", "year", "name"],
                condition=Q(layer="unit") & ~Q(state__in=GONE),
                name="risk_once_unit",
                violation_error_message=SAME_NAME["unit"],
            ),
            models.CheckConstraint(
                condition=Q(publicity_until__isnull=True) | Q(publicity_until__gt=F("publicity_from")),
                name="risk_publicity_period",
                violation_error_message="公示止须晚于公示起。",
            ),
            models.CheckConstraint(
                condition=Q(likelihood__isnull=True) | Q(likelihood__range=(1, 4)),
                name="risk_likelihood",
                violation_error_message="发生可能性L为1至4。",
            ),
            models.CheckConstraint(
                condition=Q(severity__isnull=True) | Q(severity__range=(1, 4)),
                name="risk_severity",
                violation_error_message="后果严重性C为1至4。",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(effective_on__isnull=False, review_due_on__isnull=False),
                name="risk_in_force_dates",
                violation_error_message="已生效的风险点须有生效日期和复查期限。",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "state"], name="risk_unit_state"),
            models.Index(fields=["unit", "-updated_at", "-id"], include=REACHED_BY, name="risk_unit_updated"),
            models.Index(fields=["-updated_at", "-id"], include=("unit", *REACHED_BY), name="risk_updated"),
            models.Index(fields=["name", "-id"], name="risk_name"),
            models.Index(fields=["state", "-id"], name="risk_state"),
            models.Index(fields=["review_due_on", "-id"], name="risk_review"),
            models.Index(LEVEL_RANK, F("id").desc(), name="risk_level_rank"),
            models.Index(fields=["department"], name="risk_department"),
            models.Index(fields=["review_due_on"], condition=Q(state="in_force"), name="risk_review_due"),
            models.Index(fields=["publicity_until"], condition=Q(state="publicity"), name="risk_publicity_due"),
            GinIndex(Bigrams(SEARCHED), name="risk_text_bigrams"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    @property
    def state_kind(self) -> str:
        """The tint of the state: green once in force, yellow while somebody must answer for it, grey where nothing goes on."""
        return STATE_KINDS.get(self.state, "info")

    def flow_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/risks/{self.pk}/"

    def snapshot(self) -> dict[str, Any]:
        """The fields of the other grading methods are no part of it: a record keeps the method it was registered with."""
        shown = content.snapshot(content.plain(self, self.listed_measures))
        unused = {name for method, names in content.GRADING.items() if method != self.method for name in names}
        return {name: cell for name, cell in shown.items() if name not in unused}

    @property
    def listed_measures(self) -> list[Measure]:
        """The measures in their order with whom they name; a page that has fetched them asks no more."""
        if "measures" in self.__dict__.get("_prefetched_objects_cache", {}):
            return sorted(self.measures.all(), key=lambda m: (m.number, m.pk))
        return list(self.measures.select_related("department", "person").order_by("number", "pk"))

    def filers(self) -> set[int]:
        """Who opened the running adjustment or objected: they judge neither."""
        if self.state == self.State.ADJUSTING:
            return set(self.adjustments.filter(state=Adjustment.State.OPEN).values_list("opened_by_id", flat=True))
        if self.state == self.State.OBJECTION:
            return set(self.objections.filter(answered_at__isnull=True, by__isnull=False).values_list("by_id", flat=True))
        return set()

    def regrade(self) -> None:
        """Work out score and suggested level anew from the content and the frozen parameters."""
        found = rules.suggestion_for(self)
        self.score, self.suggested = found.score, found.level

    @property
    def level_reasons(self) -> tuple[str, ...]:
        """Why this level is suggested, as sentences for the page."""
        return rules.suggestion_for(self).reasons

    @property
    def is_lowered(self) -> bool:
        """Whether the level lies below the suggested one, which only the discipline office may agree to."""
        return rules.is_lower(self.level, self.suggested)


class Measure(models.Model):
    """防控措施: one of the three lines of defence of a risk point. Measures are counted on their own (137 points, 145 measures)."""

    class Kind(models.TextChoices):
        BEFORE = "before", "前期预防"
        DURING = "during", "中期监控"
        AFTER = "after", "后期处置"

    class Progress(models.TextChoices):
        NOT_STARTED = "not_started", "未启动"
        ONGOING = "ongoing", "推进中"
        DONE = "done", "已落实"
        STANDING = "standing", "长期坚持"

    SETTLED = (Progress.DONE, Progress.STANDING)
    OPEN = (Progress.NOT_STARTED, Progress.ONGOING)

    point = models.ForeignKey(RiskPoint, models.CASCADE, related_name="measures", verbose_name="风险点")
    number = models.PositiveSmallIntegerField("措施序号", default=1)
    kind = models.CharField("措施类型", max_length=8, choices=Kind.choices, blank=True)
    content = models.TextField("措施内容", max_length=1000, validators=[MaxLengthValidator(1000)])
    department = models.ForeignKey("org.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任部门")
    person = models.ForeignKey("org.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任人")
    due_on = models.DateField("完成时限", null=True, blank=True)
    is_standing = models.BooleanField("长期坚持", default=False)
    basis = models.CharField("对应制度", max_length=200, blank=True)
    progress = models.CharField("落实状态", max_length=12, choices=Progress.choices, default=Progress.NOT_STARTED)
    progress_note = models.CharField("落实说明", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "防控措施"
        constraints = [
            models.UniqueConstraint(fields=["point", "number"], name="measure_number_once", deferrable=models.Deferrable.DEFERRED),
            models.CheckConstraint(
                condition=Q(is_standing=False) | Q(due_on__isnull=True),
                name="measure_standing_has_no_date",
                violation_error_message="长期坚持的措施不填完成时限。",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(progress__in=["not_started", "ongoing"]), name="measure_open_due"),
            models.Index(fields=["point"], condition=Q(progress__in=["not_started", "ongoing"]), name="measure_open"),
        ]

    def __str__(self) -> str:
        return f"措施{self.number}"

    def is_overdue(self, today: datetime.date) -> bool:
        """Whether its date is past and it is not done: computed, never stored."""
        return self.due_on is not None and self.due_on < today and self.progress not in self.SETTLED


class Objection(models.Model):
    """异议 against a point made public. An anonymous one keeps no trace of who wrote it, here or elsewhere."""

    point = models.ForeignKey(RiskPoint, models.PROTECT, related_name="objections", verbose_name="风险点")
    content = models.TextField("异议内容", max_length=1000, validators=[MaxLengthValidator(1000)])
    is_anonymous = models.BooleanField("匿名", default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="提出人")
    at = models.DateTimeField("提出时间")
    answer = models.TextField("答复", max_length=1000, blank=True)
    accepted = models.BooleanField("采纳", null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="答复人")
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险点异议"
        constraints = [
            models.CheckConstraint(
                condition=Q(is_anonymous=True, by__isnull=True) | Q(is_anonymous=False, by__isnull=False),
                name="objection_by_whom",
                violation_error_message="匿名异议不记提出人。",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, accepted__isnull=True)
                | (Q(answered_at__isnull=False, accepted__isnull=False) & ~Q(answer="")),
                name="objection_answered",
                violation_error_message="答复异议须填写答复并选择是否采纳。",
            ),
        ]

    def __str__(self) -> str:
        return f"异议{self.pk or ''}"


class Adjustment(models.Model):
    """调整单: a proposed new content of a point in force. Nothing changes until it has passed every node."""

    class Kind(models.TextChoices):
        RAISE = "raise", "升级"
        LOWER = "lower", "降级"
        CONTENT = "content", "内容修改"

    class State(models.TextChoices):
        OPEN = "open", "审核中"
        PASSED = "passed", "已通过"
        REFUSED = "refused", "已驳回"
        WITHDRAWN = "withdrawn", "已撤回"

    point = models.ForeignKey(RiskPoint, models.PROTECT, related_name="adjustments", verbose_name="风险点")
    kind = models.CharField("调整类型", max_length=8, choices=Kind.choices)
    reason = models.CharField("调整原因", max_length=500)
    before = models.JSONField("调整前")
    proposed = models.JSONField("调整后")
    lowering_agreed = models.BooleanField("纪检部门同意降级", default=False)
    sitting = models.ForeignKey("org.Sitting", models.PROTECT, null=True, related_name="+", verbose_name="审定会议")
    node = models.CharField("当前环节", max_length=12)
    state = models.CharField("状态", max_length=9, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人")
    opened_at = models.DateTimeField("发起时间")
    settled_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险点调整单"
        constraints = [
            models.UniqueConstraint(
                fields=["point"],
                condition=Q(state="open"),
                name="one_open_adjustment",
                violation_error_message="该风险点已有审核中的调整单。",
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True) | (~Q(state="open") & Q(settled_at__isnull=False)),
                name="adjustment_settled_when",
                violation_error_message="办结的调整单须有办结时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.reason[:20]}"

    @property
    def changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both contents as snapshots, ready for `flow.queries.compare`."""
        return content.snapshot(self.before), content.snapshot(self.proposed)


class RiskLoan(Loan):
    """借阅 of one risk point."""

    content_object = models.ForeignKey(RiskPoint, models.CASCADE, related_name="loans")

    class Meta(Loan.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "风险点借阅"


RiskPoint.LOAN = RiskLoan
