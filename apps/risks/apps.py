from django.apps import AppConfig


class RisksConfig(AppConfig):
    name = "apps.risks"
    label = "risks"
    verbose_name = "廉政风险点"

    def ready(self) -> None:
        from apps.audit import net
        from apps.exchange.registers import declare
        from apps.pages import bulk, exports
        from apps.risks import events, papers  # noqa: F401 -- declare the audit events and the kind of job
        from apps.risks.bulk import ACTS
        from apps.risks.models import Adjustment, Measure, Objection, RiskPoint
        from apps.risks.sheet_out import SHEET
        from apps.risks.sheets import REGISTER

        declare(REGISTER)
        exports.declare(SHEET)
        bulk.declare("risks", RiskPoint, ACTS)
        net.watch(RiskPoint)
        for child in (Adjustment, Measure, Objection):
            net.watch(child, parent="point")
