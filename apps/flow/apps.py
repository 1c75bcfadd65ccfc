from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "apps.flow"
    label = "flow"
    verbose_name = "流转"

    def ready(self) -> None:
        from apps.flow import events  # noqa: F401 -- declare the audit events
        from apps.flow.sittings import still_to_confirm
        from apps.notices.kinds import declare_kind

        declare_kind("flow.sitting", still_due=still_to_confirm)
