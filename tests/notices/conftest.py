"""People who get notices, and the mail sink."""
import datetime

import pytest

from apps.accounts.models import User
from tests.kit.smtp import smtp  # noqa: F401 -- the fixture

AT = datetime.datetime(2026, 5, 20, 1, 30, tzinfo=datetime.UTC)


@pytest.fixture
def person(db):
    """Makes an account with a mail address of its own."""

    def make(username="zhoumin", **fields):
        fields = {"name": "周敏", "email": f"{username}@jia.example"} | fields
        return User.objects.create_user(username, **fields)

    return make


class Clock:
    """A clock that only moves when told."""

    def __init__(self, at=AT):
        self.at = at

    def __call__(self):
        return self.at

    def pass_(self, **span):
        self.at += datetime.timedelta(**span)


@pytest.fixture
def clock():
    return Clock()
