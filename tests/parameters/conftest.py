from datetime import UTC, datetime

import pytest

from apps.accounts.models import User

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
def writer(db):
    """系统管理员, who writes a change."""
    return User.objects.create_user("xitong", name="系统管理员甲")


@pytest.fixture
def secretary(db):
    """纪委书记, who confirms or rejects it."""
    return User.objects.create_user("jiwei", name="纪委书记乙")
