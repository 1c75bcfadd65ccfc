"""Counting without counting a million, pages that exist, presses that are forgotten."""
import datetime

import django_tables2 as tables
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.pages import paging, services
from apps.pages.idempotency import answered, once
from apps.pages.models import Submission
from apps.pages.paging import RecordPaginator, size_from, whole
from tests.kit.people import moment, user

AT = moment(2026, 5, 18)


def test_more_than_ten_thousand_are_not_counted_on(db, monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 3)
    for i in range(6):
        user(f"某{i}")
    pages = RecordPaginator(User.objects.order_by("pk"), 2)
    with CaptureQueriesContext(connection) as seen:
        assert (pages.count, pages.is_capped, pages.num_pages) == (4, True, 2)
    assert "LIMIT 4" in seen[0]["sql"]
    assert "ORDER BY" not in seen[0]["sql"]
    few = RecordPaginator(User.objects.filter(name__in=["某1", "某2"]).order_by("pk"), 2)
    assert (few.count, few.is_capped) == (2, False)


def test_lists_and_tables_are_counted_too(db):
    class Names(tables.Table):
        name = tables.Column()

    assert RecordPaginator([1, 2, 3], 2).count == 3
    assert RecordPaginator(Names([{"name": "甲"}]).rows, 2).count == 1
    user("甲")
    assert RecordPaginator(Names(User.objects.order_by("pk")).rows, 2).count == User.objects.count()


@pytest.mark.parametrize(
    ("asked", "shown"), [(1, 1), (2, 2), (3, 2), ("2", 2), ("9", 2), (0, 1), (-1, 1), ("x", 1), ("", 1), ("9" * 20, 1)]
)
def test_there_is_a_page_for_every_number(asked, shown):
    assert RecordPaginator([1, 2, 3], 2).page(asked).number == shown


def test_an_empty_list_has_one_empty_page():
    assert list(RecordPaginator([], 20).page(5).object_list) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("０１２", 12), ("²", 0), ("-1", 0), ("1.5", 0), ("", 0), (None, 0), ("9" * 9, 10**9 - 1), ("9" * 10, 0)],
)
def test_a_whole_number_or_none(text, number):
    assert whole(text) == number


def test_a_size_that_is_not_on_offer_is_twenty():
    assert [size_from(text) for text in ("10", "20", "50", "100", "11", None)] == [10, 20, 50, 100, 20, 20]


# -- tokens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def person(db):
    return user("某人")


def test_a_token_is_taken_once_and_answers_for_ever(person):
    first = once("abc", user=person, at=AT)
    assert first.answer is None
    first.keep({"url": "/risks/1/"})
    assert once("abc", user=person, at=moment(2026, 5, 19)).answer == {"url": "/risks/1/"}
    assert answered("abc", user=person) == {"url": "/risks/1/"}
    assert answered("abc", user=person, place="/risks/new/") is None
    assert answered("", user=person) is None


def test_a_place_makes_it_another_token(person):
    once("abc", user=person, at=AT, place="/a/").keep({})
    assert once("abc", user=person, at=AT, place="/b/").answer is None
    assert once("abc", user=person, at=AT, place="/a/").answer == {}
    assert {len(row.token) for row in Submission.objects.all()} == {64}


def test_no_token_takes_part_in_nothing(person):
    press = once("", user=person, at=AT)
    press.keep({"url": "/"})
    assert (press.answer, Submission.objects.count()) == (None, 0)


def test_a_first_press_without_an_answer_is_still_running(person):
    once("abc", user=person, at=AT)
    with pytest.raises(Refused, match="此次提交正在办理，稍后刷新查看。"):
        once("abc", user=person, at=moment(2026, 5, 18, 11))


@pytest.mark.parametrize(("token", "why"), [("t" * 65, "过长"), ("令牌", "无效"), ("a\x00", "无效")])
def test_what_is_no_token_is_refused(person, token, why):
    with pytest.raises(Refused, match=why):
        once(token, user=person, at=AT)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_a_programming_error():
    with pytest.raises(RuntimeError):
        once("abc", user=user("某人"), at=AT)
    with transaction.atomic():
        once("abc", user=user("另一人"), at=AT)


def test_presses_are_forgotten_after_a_week(person):
    for token, day in (("old", 10), ("new", 12)):
        once(token, user=person, at=moment(2026, 5, day))
    assert services.sweep_tokens(at=moment(2026, 5, 18)) == 1
    assert [row.token for row in Submission.objects.all()] == ["new"]
    assert services.sweep_tokens(at=moment(2026, 5, 18) + datetime.timedelta(days=9)) == 1
