"""What `/readyz` says about the audit."""
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from apps.audit import queries
from apps.audit.roles import owns_audit
from apps.core.health import register


def chain_broken(at: datetime) -> Iterable[str]:
    """Heads that no longer fit their last event: the cheap part of verification (milliseconds)."""
    for fault in queries.head_faults():
        yield f"审计链异常：{fault}。"


def one_role(at: datetime) -> Iterable[str]:
    """The portal works as the owner of the audit tables: only triggers protect them (stack.md Decision 1)."""
    if owns_audit(connection):
        yield "应用与迁移使用同一个数据库账号，审计记录只有触发器保护。"


def unattributed(at: datetime) -> Iterable[str]:
    """Changes of the last day that came through no service."""
    if count := queries.unattributed_since(at - timedelta(days=1)):
        yield f"24小时内有{count}条无来源登记的数据变更。"


register("audit", chain_broken, blocking=True)
register("audit_role", one_role)
register("audit_unattributed", unattributed)
