from django.apps import AppConfig


class ParametersConfig(AppConfig):
    name = "apps.parameters"
    label = "parameters"
    verbose_name = "参数与字典"

    def ready(self) -> None:
        from apps.audit import net
        from apps.parameters import events  # noqa: F401 -- declares the audit events
        from apps.parameters.models import DictionaryItem, ParameterValue

        for model in (DictionaryItem, ParameterValue):
            net.watch(model)
