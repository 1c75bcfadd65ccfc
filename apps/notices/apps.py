from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "apps.notices"
    label = "notices"
    verbose_name = "通知"

    def ready(self) -> None:
        from apps.notices import accounts, events, health  # noqa: F401 -- declares the audit events, registers the probe, listens
