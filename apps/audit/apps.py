"""Append-only, hash-chained events and the net under the tables."""
from collections.abc import Callable
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """Declares events and checks; after every migrate the owner renews the net and the app role's rights."""

    name = "apps.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self) -> None:
        for module in ("checks", "events", "health"):
            import_module(f"apps.audit.{module}")
        post_migrate.connect(import_module("apps.audit.roles").after_migrate, sender=self, dispatch_uid="audit_roles")

    def setup_steps(self) -> list[tuple[str, Callable[[object], str]]]:
        """What `manage.py setup` does for the audit: the key that signs checkpoints."""

        def key(_at: object) -> str:
            made = import_module("apps.audit.keys").ensure_key(settings.AUDIT_KEY_FILE)
            return "已生成签名密钥" if made else "已有签名密钥"

        return [("审计", key)]
