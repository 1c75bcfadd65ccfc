"""A regulator, a group, two companies beside each other and one below."""
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.models import User
from apps.org.models import Unit
from apps.org.services import assign, create_unit

AT = datetime(2026, 5, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def at():
    return AT


@pytest.fixture
def tree(db):
    units = {}
    for code, kind, parent in [
        ("GZ", Unit.Kind.REGULATOR, None), ("JT", Unit.Kind.GROUP, "GZ"), ("CJ", Unit.Kind.SECOND, "JT"),
        ("JY", Unit.Kind.SECOND, "JT"), ("WY", Unit.Kind.THIRD, "CJ"),
    ]:  # fmt: skip
        units[code] = create_unit(units.get(parent), by=None, at=AT, kind=kind, name=f"{code}公司", short_name=code, code=code)
    return units


@pytest.fixture
def make_user(tree):
    def make(name, role=None, unit=None, *, since=date(2024, 1, 1), **options):
        user = User.objects.create(username=name, name=name)
        if role:
            assign(user, role=role, unit=tree[unit], by=None, at=AT, since=since, **options)
        return User.objects.get(pk=user.pk)

    return make
