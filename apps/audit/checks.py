"""System checks of the audit."""
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Caution

from apps.audit.roles import role_of


@register(Tags.security, deploy=True)
def two_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The app must not own the audit tables (stack.md Decision 1)."""
    owner = role_of(settings.OWNER_DATABASE_URL)
    if owner and owner != role_of(settings.APP_DATABASE_URL):
        return []
    hint = "另建数据库账号用于迁移，地址写入 DATABASE_OWNER_URL，DATABASE_URL 只用应用账号。"
    return [Caution("应用与迁移使用同一个数据库账号，审计记录只有触发器保护。", hint=hint, id="audit.W001")]
