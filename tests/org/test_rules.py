"""Rules about grants and delegations (domain.md §2.2, §2.6 rule 11)."""
from datetime import date

import pytest

from apps.org.rules import administrators_clash, why_not_delegable

DAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("held", "role", "clash"),
    [
        (set(), "R22", False),
        ({"R22"}, "R22", False),
        ({"R22"}, "R23", True),
        ({"R22"}, "R24", True),
        ({"R23"}, "R24", True),
        ({"R16"}, "R22", True),
        ({"R24"}, "R16", True),
        ({"R15"}, "R16", False),
    ],
)
def test_nobody_holds_two_administrator_roles_or_one_beside_business(held, role, clash):
    assert administrators_clash(held, role) is clash


@pytest.mark.parametrize(
    ("role", "until", "own", "reason"),
    [
        ("R15", date(2026, 5, 30), False, None),
        ("R15", date(2026, 5, 31), False, "代理期限不超过30日。"),
        ("R15", date(2026, 4, 30), False, "代理止不得早于代理起。"),
        ("R15", date(2026, 5, 2), True, "代理得来的权限不能再委托。"),
        ("R24", date(2026, 5, 2), False, "此角色不能委托他人代理。"),
        ("R09", date(2026, 5, 2), False, "此角色不能委托他人代理。"),
    ],
)
def test_delegation_has_limits(role, until, own, reason):
    assert why_not_delegable(role, since=DAY, until=until, own=own) == reason
