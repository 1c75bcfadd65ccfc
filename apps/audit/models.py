"""The audit's tables as Django reads them; rows are written by the functions of `migrations/audit.sql` only."""
from django.db import models


class Event(models.Model):
    """One thing that happened: link `seq` of chain `stream`; never changed and never removed (等保 安全审计)."""

    pk = models.CompositePrimaryKey("stream", "seq")
    stream = models.TextField("链")
    seq = models.BigIntegerField("序号")
    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField("操作人编号", null=True)
    actor_name = models.TextField("操作人", default="")
    acting_for = models.BigIntegerField("被代理人编号", null=True)
    acting_for_name = models.TextField("被代理人", default="")
    ip = models.GenericIPAddressField("IP地址", null=True)
    session_hash = models.TextField("会话", default="")
    request_id = models.TextField("请求编号", default="")
    event_type = models.TextField("事件")
    object_type = models.TextField("对象类型", default="")
    object_id = models.TextField("对象编号", default="")
    object_label = models.TextField("对象", default="")
    unit_id = models.BigIntegerField("单位编号", null=True)
    result = models.TextField("结果", default="ok")
    reason = models.TextField("理由", default="")
    body = models.TextField("前后值", default="{}")  # canonical JSON as text: what is stored is what is hashed
    alg = models.TextField("算法", default="sha256")
    prev_hash = models.BinaryField("前一哈希")
    hash = models.BinaryField("哈希")

    class Meta:
        verbose_name = verbose_name_plural = "操作日志"
        constraints = [
            models.UniqueConstraint(fields=["stream", "prev_hash"], name="audit_event_no_fork"),
            models.CheckConstraint(condition=models.Q(seq__gt=0), name="audit_event_seq_positive"),
        ]
        indexes = [
            models.Index(models.F("at").desc(), models.F("stream").desc(), models.F("seq").desc(), name="audit_event_at"),
            models.Index(fields=["actor_id", "at"], name="audit_event_actor"),
            models.Index(fields=["object_type", "object_id"], name="audit_event_object"),
            models.Index(fields=["event_type", "at"], name="audit_event_type"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}/{self.seq}"


class Head(models.Model):
    """Where a chain stands; its row is locked while a link is added, so a chain cannot fork."""

    stream = models.TextField("链", primary_key=True)
    seq = models.BigIntegerField("序号")
    hash = models.BinaryField("哈希")
    alg = models.TextField("算法", default="sha256")

    class Meta:
        verbose_name = verbose_name_plural = "链头"

    def __str__(self) -> str:
        return f"{self.stream}/{self.seq}"


class Checkpoint(models.Model):
    """The signed state of all heads at one moment; copies of it lie outside the database."""

    number = models.BigIntegerField("检查点编号", primary_key=True)
    at = models.DateTimeField("时间")
    heads = models.TextField("链头")  # JSON [[stream, seq, hash in hex], …] sorted by stream
    root = models.BinaryField("根哈希")
    prev_hash = models.BinaryField("前一检查点哈希")
    hash = models.BinaryField("哈希")
    alg = models.TextField("算法", default="sha256+ed25519")
    key_id = models.TextField("密钥指纹")
    signature = models.BinaryField("签名")

    class Meta:
        verbose_name = verbose_name_plural = "审计检查点"
        constraints = [models.UniqueConstraint(fields=["prev_hash"], name="audit_checkpoint_no_fork")]

    def __str__(self) -> str:
        return str(self.number)
