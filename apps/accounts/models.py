"""People's accounts, their sessions, reset links and API tokens."""
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.core.management.base import CommandError
from django.db import models
from django.utils import timezone

from apps.core.fields import BlindIndexField, EncryptedTextField
from apps.core.validators import validate_phone


class UserManager(BaseUserManager):
    """Makes ordinary accounts; the portal has no other kind (AZ-08)."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A saved account with that password, or with none that opens it. Pages use `services.create_account`."""
        user = User(username=User.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *_args: Any, **_fields: Any) -> "User":
        """Refused: rights come from assignments, given by 安全保密管理员."""
        raise CommandError("本平台不设超级用户。账号由系统管理员开通，权限由安全保密管理员授予。")


class User(AbstractBaseUser, PermissionsMixin):
    """A login account. Rights come from `org.Assignment`, never from here."""

    username = models.CharField("账号", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    email = models.EmailField("邮箱", blank=True)
    phone = EncryptedTextField("手机号", blank=True, default="", validators=[validate_phone])
    phone_index = BlindIndexField(source="phone", verbose_name="手机号索引")
    is_active = models.BooleanField("启用", default=True)
    disabled_at = models.DateTimeField("停用时间", null=True, blank=True, editable=False)
    is_administrator_account = models.BooleanField("三员账号", default=False, editable=False)
    date_joined = models.DateTimeField("创建时间", null=True, default=timezone.now, editable=False)

    password_changed_at = models.DateTimeField("密码修改时间", default=timezone.now, editable=False)
    must_change_password = models.BooleanField("须修改密码", default=False, editable=False)
    initial_password_at = models.DateTimeField("初始密码发放时间", null=True, editable=False)
    initial_password_used_at = models.DateTimeField("初始密码使用时间", null=True, editable=False)
    old_passwords = models.JSONField("历史密码摘要", default=list, editable=False)

    prefers_large = models.BooleanField("关怀版", default=False)
    prefers_dark = models.BooleanField("深色模式", default=False)
    list_looks = models.JSONField("列设置", default=dict, editable=False)  # {address of a list: {"off": […], "order": […], "dense": bool}}
    menu_state = models.JSONField("菜单状态", default=dict, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_superuser=False), name="no_superuser", violation_error_message="本平台不设超级用户。"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Names of accounts know no case and no full-width letters, so that nobody gets fresh tries by writing ADMIN."""
        return super().normalize_username(username).strip().lower()

    @property
    def text_size(self) -> str:
        """`large` (关怀版) or `normal`."""
        return "large" if self.prefers_large else "normal"

    def get_full_name(self) -> str:
        """姓名."""
        return self.name

    def get_short_name(self) -> str:
        """姓名."""
        return self.name


class PortalSession(AbstractBaseSession):
    """One browser session; the row dies with it. The key is stored as a digest, so a copy of the table opens nothing."""

    session_key = models.CharField("会话摘要", max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="portal_sessions", verbose_name="账号")
    started_at = models.DateTimeField("登录时间", default=timezone.now)
    seen_at = models.DateTimeField("最近操作", default=timezone.now)
    objects = BaseSessionManager()  # type: ignore[misc]  # the stubs declare it on the class

    class Meta:
        verbose_name = verbose_name_plural = "会话"

    def __str__(self) -> str:
        return self.session_key[:8]

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Django asks this when it decodes a row."""
        from .sessions import SessionStore  # noqa: PLC0415 -- the store imports this model

        return SessionStore

    def save(self, *args: Any, **options: Any) -> None:
        """An update writes the payload only: another request may have moved `seen_at` meanwhile."""
        if options.get("force_update"):
            options["update_fields"] = ["session_data", "expire_date", "user"]
        super().save(*args, **options)


class EndedSession(models.Model):
    """What is remembered of a session that was ended, to tell its browser why. Kept for a week."""

    key = models.CharField("会话摘要", max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name="账号")
    reason = models.CharField("原因", max_length=12)
    ended_at = models.DateTimeField("结束时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "已结束会话"

    def __str__(self) -> str:
        return self.reason


class LoginBudget(models.Model):
    """Tries spent on an account from one network, or (`network` empty) from all strange ones together (AU-05).

    The account is a keyed digest of the name as typed: it need not exist, and people type passwords into the wrong field.
    """

    account = models.CharField("账号摘要", max_length=64)
    network = models.CharField("网络", max_length=43)
    spent = models.PositiveSmallIntegerField("失败次数", default=0)
    spent_at = models.DateTimeField("最近尝试", db_index=True)
    welcome_at = models.DateTimeField("最近登录", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录尝试"
        constraints = [models.UniqueConstraint(fields=["account", "network"], name="login_budget_once")]


class ResetLink(models.Model):
    """A one-time way to set a password, sent by an administrator (AU-11). Only the digest of its secret is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="reset_links", verbose_name="账号")
    digest = models.CharField("摘要", max_length=64, unique=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="发送人")
    sent_at = models.DateTimeField("发送时间")
    expires_at = models.DateTimeField("失效时间")
    closed_at = models.DateTimeField("使用或作废时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "密码重置链接"

    def __str__(self) -> str:
        return f"{self.user_id}"


class ApiToken(models.Model):
    """A key for programs that act as its owner (AU-14). Only the digest is kept; the token itself is shown once."""

    class Scope(models.TextChoices):
        READ = "read", "只读"
        WRITE = "write", "读写"

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name="账号")
    name = models.CharField("用途", max_length=40)
    prefix = models.CharField("开头", max_length=12)
    digest = models.CharField("摘要", max_length=64, unique=True)
    scope = models.CharField("权限", max_length=5, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("失效时间")
    last_used_at = models.DateTimeField("最近使用", null=True, editable=False)
    revoked_at = models.DateTimeField("撤销时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "访问令牌"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["read", "write"]), name="token_scope", violation_error_message="权限选择只读或读写。"
            ),
        ]

    def __str__(self) -> str:
        return self.name
