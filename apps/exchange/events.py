"""The audit events of this app, in Chinese."""
from apps.audit.catalogue import declare

declare(
    {
        "exchange.exported": "导出列表", "exchange.imported": "批量导入", "exchange.undone": "撤销导入",
        "exchange.taken_up": "重新办理已撤销的导入",
    }
)  # fmt: skip
