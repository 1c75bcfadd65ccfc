from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "apps.files"
    label = "files"
    verbose_name = "附件"

    def ready(self) -> None:
        from apps.audit import net
        from apps.files import events, models  # noqa: F401 -- declares the audit events

        net.watch(models.Attachment, parent="record")
