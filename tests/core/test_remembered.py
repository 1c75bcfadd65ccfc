"""Numbers over many rows are kept for whoever sees the same rows, and for nobody else."""

import datetime

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoRedis

from apps.accounts.models import User
from apps.core import remembered as module
from apps.core.remembered import remembered
from tests.kit.people import user

AT = datetime.datetime(2026, 5, 18, tzinfo=datetime.UTC)


@pytest.fixture
def many(db, monkeypatch, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr(module, "MANY", 1)
    cache.clear()
    return [user("甲"), user("乙"), user("丙")]


def test_few_rows_are_counted_each_time(many):
    few = User.objects.filter(pk=many[0].pk)
    assert remembered(few, "n", few.count, at=AT) == (1, None)


def test_many_rows_are_counted_once_for_the_same_rows(many):
    rows = User.objects.filter(pk__in=[one.pk for one in many])
    assert remembered(rows, "n", lambda: 3, at=AT) == (3, AT)
    assert remembered(rows.order_by("name"), "n", lambda: 4, at=AT) == (3, AT)
    assert remembered(rows, "other", lambda: 4, at=AT) == (4, AT)


def test_who_sees_one_row_less_gets_his_own_answer(many):
    rows = User.objects.filter(pk__in=[one.pk for one in many])
    remembered(rows, "n", lambda: 3, at=AT)
    assert remembered(rows.exclude(pk=many[0].pk), "n", lambda: 2, at=AT) == (2, AT)


def test_without_redis_it_is_counted(many, monkeypatch):
    class Down:
        def get(self, _key):
            raise NoRedis

    monkeypatch.setattr(module, "cache", Down())
    assert remembered(User.objects.all(), "n", lambda: 3, at=AT) == (3, AT)
