from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "apps.exchange"
    label = "exchange"
    verbose_name = "导入导出"

    def ready(self) -> None:
        from apps.exchange import events  # noqa: F401 -- declare the audit events
