from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "apps.system"
    label = "system"
    verbose_name = "系统管理"

    def ready(self) -> None:
        from apps.exchange.registers import declare
        from apps.pages import exports
        from apps.system.sheet_out import SHEETS
        from apps.system.sheets import REGISTERS

        for register in REGISTERS:
            declare(register)
        for sheet in SHEETS:
            exports.declare(sheet)
