from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "apps.org"
    label = "org"
    verbose_name = "组织与授权"

    def ready(self) -> None:
        from apps.audit import net
        from apps.org import events  # noqa: F401 -- declares the audit events
        from apps.org.models import Assignment, BodyMember, Recusal, Sitting, Unit

        for model in (Assignment, BodyMember, Recusal, Sitting, Unit):
            net.watch(model)
