"""Pure rules about assignments and sittings."""

from __future__ import annotations

import datetime

from apps.org.roles import ADMINISTRATORS, NOT_DELEGABLE

DELEGATION_DAYS = 30  # domain.md §2.6 rule 11


def administrators_clash(held: set[str], role: str) -> bool:
    """三员: nobody holds two of 系统管理员, 安全保密管理员, 安全审计员, nor one of them beside a business role."""
    if role in ADMINISTRATORS:
        return bool(held - {role})
    return bool(held & ADMINISTRATORS)


def why_not_delegable(role: str, *, since: datetime.date, until: datetime.date, own: bool) -> str | None:
    """The reason a right cannot be delegated, or None."""
    if role in NOT_DELEGABLE:
        return "此角色不能委托他人代理。"
    if own:
        return "代理得来的权限不能再委托。"
    if until < since:
        return "代理止不得早于代理起。"
    if (until - since).days + 1 > DELEGATION_DAYS:
        return f"代理期限不超过{DELEGATION_DAYS}日。"
    return None


RANKS = ("regulator", "group", "second", "third")  # Unit.Kind, from the top


def may_stand_below(kind: str, parent: str) -> bool:
    """Whether a unit of this 层级 may have one of that as 上级单位: a lower rank under a higher (domain.md §2.1)."""
    return RANKS.index(kind) > RANKS.index(parent)
