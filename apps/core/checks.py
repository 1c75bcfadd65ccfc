"""System checks of the kernel: what must be right before the portal may start, and what an operator should know."""
import base64
import binascii
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections

FIELD_KEY_BYTES = 32
OLDEST_POSTGRES = 150000


@register(Tags.security)
def field_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Personal fields are encrypted with 32 bytes of its own (security.md PR-02)."""
    try:
        length = len(base64.b64decode(settings.FIELD_KEY, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if length == FIELD_KEY_BYTES and settings.FIELD_KEY != settings.SECRET_KEY:
        return []
    return [Error("FIELD_KEY 须为32个随机字节的 base64 编码，且不同于 SECRET_KEY。", id="core.E001")]


@register(Tags.files)
def state_folder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Attachments, keys and checkpoints lie in the state folder."""
    folder = Path(settings.STATE_DIR)
    while not folder.exists():
        folder = folder.parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return []
    return [Error("数据目录不可写。", hint="修改 PORTAL_STATE，或为运行账号开放该目录的写权限。", id="core.E002")]


@register(Tags.database)
def database(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """PostgreSQL 15 or newer, in UTF-8, with a locale that knows Chinese letters (stack.md §2)."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datctype"
                " FROM pg_database WHERE datname = current_database()"
            )
            found += database_faults(*cursor.fetchone())
    return found


def database_faults(version: int, encoding: str, ctype: str) -> list[CheckMessage]:
    """What is wrong with a server of that version number, encoding and character type."""
    found: list[CheckMessage] = []
    if version < OLDEST_POSTGRES:
        found.append(Error("PostgreSQL 版本低于15。", hint="升级数据库后再启动。", id="core.E003"))
    if encoding != "UTF8":
        found.append(Error("数据库编码不是 UTF8。", hint="以 UTF8 编码重建数据库。", id="core.E004"))
    if ctype == "C":
        found.append(Caution("数据库的字符类型为 C，检索不区分大小写只对英文字母有效。", hint="以 C.UTF-8 重建数据库。", id="core.W003"))
    return found


@register(Tags.security, deploy=True)
def mail(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without an SMTP server notices stay in the portal."""
    if settings.EMAIL_HOST:
        return []
    return [Caution("未配置邮件服务器，通知只在站内显示。", hint="设置 PORTAL_SMTP_HOST。", id="core.W001")]


@register(Tags.security, deploy=True)
def broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The worker and the beat need Redis; pages do not."""
    from kombu.connection import Connection  # noqa: PLC0415 -- loaded only when a deployment is checked

    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=2, transport_options={"socket_connect_timeout": 2}) as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except Exception as fault:
        return [Caution(f"Redis 无法连接：{type(fault).__name__}。", hint="检查 REDIS_URL 与 Redis 服务。", id="core.W002")]
    return []
