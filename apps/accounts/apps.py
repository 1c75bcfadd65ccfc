"""Login accounts, sessions, lock-out, step-up, API tokens."""
from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Declares the audit events of this app and puts the net under its accounts."""

    name = "apps.accounts"
    label = "accounts"
    verbose_name = "账号"

    def ready(self) -> None:
        import_module("apps.accounts.events")
        import_module("apps.accounts.schema")
        import_module("apps.audit.net").watch(self.get_model("User"))
