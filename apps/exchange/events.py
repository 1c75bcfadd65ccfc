"""The audit events of this app, in Chinese."""
from apps.audit.catalogue import declare

declare({"exchange.imported": "批量导入", "exchange.undone": "撤销导入"})
