from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "apps.documents"
    label = "documents"
    verbose_name = "报表与文书"

    def ready(self) -> None:
        from apps.documents import checks, events  # noqa: F401 -- registers the font check, declares the audit events
