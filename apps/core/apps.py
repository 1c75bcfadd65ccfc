"""The kernel."""
from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Registers the system checks."""

    name = "apps.core"
    label = "core"
    verbose_name = "基础"

    def ready(self) -> None:
        import_module("apps.core.checks")
