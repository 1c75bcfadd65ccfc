"""The audit's own events."""
from apps.audit.catalogue import declare

UNATTRIBUTED = "unattributed"  # written by audit_strays in migrations/audit.sql
VERIFIED = "audit.verified"
READ = "audit.read"

declare(
    {
        UNATTRIBUTED: "无来源登记的数据变更",
        VERIFIED: "核验审计链",
        READ: "查阅操作日志",
    }
)
