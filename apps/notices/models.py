"""A notice is the record of truth and exactly once; a delivery is its way out by one channel, at least once."""
import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """One message to one person (站内通知). The same key never reaches the same person twice."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", verbose_name="接收人")
    kind = models.CharField("类别", max_length=60)
    key = models.CharField("去重键", max_length=200)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    url = models.CharField("链接", max_length=300, blank=True)
    content_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    object_id = models.PositiveBigIntegerField(null=True)
    record = GenericForeignKey()
    created_at = models.DateTimeField("通知时间")
    read_at = models.DateTimeField("阅读时间", null=True)

    about: str = ""  # what its record is called, for who may still see it: `queries.named`

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="notice_once", violation_error_message="已通知过此人。")
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_recipient"),
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """The outbox row of one notice and one channel, and at the same time the log of its delivery.

    `sending` and `ambiguous` belong to channels that claim before they send (SMS, webhook); mail is sent
    under the row's lock and goes from `pending` straight to its end.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", "邮件"

    class State(models.TextChoices):
        PENDING = "pending", "待发送"
        SENDING = "sending", "发送中"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        SUPPRESSED = "suppressed", "不再发送"
        EXPIRED = "expired", "已过期"
        AMBIGUOUS = "ambiguous", "结果不明"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="deliveries", verbose_name="通知")
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    dedupe_key = models.CharField("去重键", max_length=260, unique=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try = models.DateTimeField("下次尝试")
    expires_at = models.DateTimeField("有效期至")
    message_id = models.CharField("邮件标识", max_length=120, unique=True)
    last_error = models.CharField("最近原因", max_length=300, blank=True)
    address = models.CharField("指定地址", max_length=254, blank=True)
    claimed_by = models.CharField("经手进程", max_length=80, blank=True)
    claimed_at = models.DateTimeField("经手时间", null=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    created_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "投递记录"
        indexes = [
            models.Index(fields=["next_try", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["state", "-created_at"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return self.dedupe_key

    @property
    def goes_to(self) -> str:
        """The address named for this mail, else the one the person has now."""
        return self.address or self.notice.recipient.email
