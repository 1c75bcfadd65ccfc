"""Units, people, posts, bodies, assignments; and the base of every record that belongs to a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from guardian.models import UserObjectPermissionBase

from apps.audit import streams
from apps.core.fields import BlindIndexField, EncryptedTextField
from apps.core.models import Record
from apps.core.search import Bigrams
from apps.core.validators import validate_credit_code
from apps.org.roles import Role

if TYPE_CHECKING:
    from apps.accounts.models import User

PATH_WIDTH = 6  # digits of one id in a path: fixed width keeps LIKE 'x%' exact


class Unit(models.Model):
    """A company, the regulator above it, or an office outside the tree. `path` is the chain of ids from the root."""

    class Kind(models.TextChoices):
        REGULATOR = "regulator", "出资人监管机构"
        GROUP = "group", "集团（一级企业）"
        SECOND = "second", "二级子公司"
        THIRD = "third", "三级子公司"

    kind = models.CharField("层级", max_length=20, choices=Kind.choices)
    name = models.CharField("单位全称", max_length=100)
    short_name = models.CharField("简称", max_length=40)
    code = models.CharField("单位代码", max_length=12, unique=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True, validators=[validate_credit_code])
    party_name = models.CharField("党组织名称", max_length=100, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级单位")
    path = models.CharField(max_length=255, unique=True, editable=False)
    sort_no = models.PositiveIntegerField("排序号", default=0)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        indexes = [models.Index(fields=["path"], name="unit_path_prefix", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        """The audit stream of this unit's records: its 一级企业's, or the regulator's own."""
        ids = [int(part) for part in self.path.strip("/").split("/")]
        if self.kind == self.Kind.REGULATOR:
            return streams.REGULATOR
        depth = {self.Kind.GROUP: 0, self.Kind.SECOND: 1, self.Kind.THIRD: 2}[self.Kind(self.kind)]
        return streams.org_stream(ids[-1 - depth] if depth < len(ids) else ids[0])


class Department(models.Model):
    """A department of a unit, with its head and the leader in charge of it (分管领导)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="departments", verbose_name="单位")
    name = models.CharField("部门名称", max_length=60)
    head = models.ForeignKey("Person", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="部门负责人")
    leader = models.ForeignKey("Person", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="分管领导")
    sort_no = models.PositiveIntegerField("排序号", default=0)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "部门"
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], name="department_once", violation_error_message="此单位已有同名部门。")
        ]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A post of the post library (岗位库)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts", verbose_name="单位")
    department = models.ForeignKey(Department, models.PROTECT, related_name="posts", verbose_name="部门")
    name = models.CharField("岗位名称", max_length=60)
    code = models.CharField("岗位编号", max_length=20, blank=True)
    is_key = models.BooleanField("关键岗位", default=False)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [
            models.UniqueConstraint(fields=["department", "name"], name="post_once", violation_error_message="此部门已有同名岗位。")
        ]
        indexes = [GinIndex(Bigrams("name"), name="post_name_bigrams")]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Somebody the papers name; a login account is a separate thing."""

    class Category(models.TextChoices):
        COMMITTEE = "committee", "党委委员"
        LEADER = "leader", "班子成员"
        HEAD = "head", "中层正职"
        DEPUTY = "deputy", "中层副职"
        KEY = "key", "关键岗位"
        STAFF = "staff", "一般职工"
        OUTSIDE = "outside", "外部董事、监事"

    LEADING: ClassVar = (Category.COMMITTEE, Category.LEADER)

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="people", verbose_name="单位")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="people", verbose_name="部门")
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="people", verbose_name="岗位")
    name = models.CharField("姓名", max_length=40)
    title = models.CharField("职务", max_length=60)
    category = models.CharField("人员类别", max_length=12, choices=Category.choices)
    is_secretary = models.BooleanField("党组织书记", default=False)
    id_number = EncryptedTextField("身份证号", blank=True, default="")
    id_number_index = BlindIndexField(source="id_number", verbose_name="身份证号索引")
    phone = EncryptedTextField("手机号", blank=True, default="")
    phone_index = BlindIndexField(source="phone", verbose_name="手机号索引")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="person", verbose_name="账号"
    )
    sort_no = models.PositiveIntegerField("排序号", default=1000)
    is_active = models.BooleanField("在职", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "人员"

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        """人员编号, which tells people of one name apart."""
        return f"RY{self.pk:06d}"


class Body(models.Model):
    """A body that decides: 党委会, 董事会, 总经理办公会."""

    class Kind(models.TextChoices):
        PARTY = "party", "党委会"
        BOARD = "board", "董事会"
        MANAGERS = "managers", "总经理办公会"

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="bodies", verbose_name="单位")
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "决策机构"
        constraints = [models.UniqueConstraint(fields=["unit", "kind"], name="body_once", violation_error_message="此单位已有此决策机构。")]

    def __str__(self) -> str:
        return self.name


class BodyMember(models.Model):
    """Who sat in a body from when to when: old meetings are judged by the members of their day (lessons.md A 6)."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="members", verbose_name="决策机构")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name="成员")
    is_chair = models.BooleanField("主要负责人", default=False)
    since = models.DateField("任职起")
    until = models.DateField("任职止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构成员"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="body_member_period",
                violation_error_message="任职止不得早于任职起。",
            )
        ]


class Assignment(models.Model):
    """Who acts where: role × unit × subtree × from–to. The only source of a person's rights."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments", verbose_name="账号")
    role = models.CharField("角色", max_length=3, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="assignments", verbose_name="单位")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="部门")
    include_subtree = models.BooleanField("含下级单位", default=False)
    since = models.DateField("起")
    until = models.DateField("止", null=True, blank=True)
    delegated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="delegations", verbose_name="委托人"
    )
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="授权人")
    granted_at = models.DateTimeField("授权时间")
    reason = models.CharField("事由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任用授权"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="assignment_period",
                violation_error_message="止不得早于起。",
            ),
            # 三员 are exclusive: a second administrator role of the same person is refused by the database too.
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(role__in=["R22", "R23", "R24"], until__isnull=True),
                name="one_administrator_role",
                violation_error_message="三员职责互斥",
            ),
        ]
        indexes = [models.Index(fields=["role", "unit"], name="assignment_role_unit")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.unit_id}"


class Recusal(models.Model):
    """Somebody kept away from one record (回避): it is taken out of everything he sees."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recusals", verbose_name="回避人")
    content_type = models.ForeignKey(ContentType, models.PROTECT)
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey()
    reason = models.CharField("事由", max_length=200)
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    declared_at = models.DateTimeField("登记时间")
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "回避"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "content_type", "object_id"],
                condition=Q(lifted_at__isnull=True),
                name="recusal_once",
                violation_error_message="已登记此人员的回避。",
            )
        ]


class Loan(UserObjectPermissionBase):
    """A right to read one single record (借阅, 专班), with a reason and an end. Guardian's direct foreign-key model."""

    until = models.DateField("到期日")
    reason = models.CharField("事由", max_length=200)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    granted_at = models.DateTimeField("批准时间")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class UnitRecordQuerySet(models.QuerySet):
    """Rows that belong to units. `visible_to` is the only door to them."""

    def visible_to(self, user: User, letter: str = "R") -> UnitRecordQuerySet:
        """The rows this user may see (or act on with `letter`) today; none for an unknown or inactive user."""
        from apps.org.scope import visible_q  # noqa: PLC0415 -- scope reads these models

        model: Any = self.model
        return self.filter(visible_q(model, user, letter=letter))


class UnitRecord(Record):
    """A record that belongs to a unit. Subclasses name their row of the permission matrix in FUNCTION."""

    class Secrecy(models.TextChoices):
        PUBLIC = "public", "公开"
        UNIT = "unit", "单位内公开"
        INTERNAL = "internal", "内部"
        LIMITED = "limited", "限定人员"

    FUNCTION: ClassVar[str]
    LOAN: ClassVar[type[Loan] | None] = None
    DRAFT_STATES: ClassVar[tuple[str, ...]] = ()  # never shown to roles from outside
    OPEN_STATES: ClassVar[tuple[str, ...]] = ()  # shown to every member of the unit, unless 内部 or 限定人员

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="填报单位")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="填报部门")
    secrecy = models.CharField("密级/公开属性", max_length=10, choices=Secrecy.choices, default=Secrecy.UNIT)

    objects = UnitRecordQuerySet.as_manager()

    class Meta:
        abstract = True


class Sitting(UnitRecord):
    """A body met: date, number, who recorded it and who confirmed it. What it decided hangs on the records."""

    FUNCTION = "sitting"

    body = models.ForeignKey(Body, models.PROTECT, related_name="sittings", verbose_name="会议类型")
    number = models.CharField("会议届次", max_length=40)
    met_on = models.DateField("会议日期")
    subject = models.CharField("议题摘要", max_length=200)
    present = models.PositiveSmallIntegerField("实到人数")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "会议"
        constraints = [
            models.UniqueConstraint(fields=["body", "number"], name="sitting_once", violation_error_message="已登记同一届次的会议。")
        ]

    def __str__(self) -> str:
        return f"{self.body} {self.number}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return f"/sittings/{self.pk}/"

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody other than the recorder confirmed it."""
        return self.confirmed_at is not None
