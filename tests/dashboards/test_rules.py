"""Words and lamps of the 工作台."""
import datetime
from decimal import Decimal

import pytest

from apps.calendars.rules import Calendar
from apps.dashboards import rules

MONDAY = datetime.date(2026, 11, 16)


@pytest.mark.parametrize(
    ("hour", "words"),
    [(0, "晚上好"), (4, "晚上好"), (5, "上午好"), (11, "上午好"), (12, "下午好"), (17, "下午好"), (18, "晚上好"), (23, "晚上好")],
)
def test_greets_by_the_hour(hour, words):
    assert rules.greeting(hour) == words


def test_the_day_is_named_with_its_weekday():
    assert rules.long_day(datetime.date(2026, 11, 20)) == "2026年11月20日 星期五"
    assert rules.weekday(MONDAY, today=MONDAY) == "今天"
    assert rules.weekday(MONDAY + datetime.timedelta(days=6), today=MONDAY) == "周日"


@pytest.mark.parametrize(
    ("days", "lamp"),
    [(-2, ("r", "逾期2天")), (0, ("y", "今日到期")), (14, ("g", "剩10个工作日"))],
)
def test_the_lamp_follows_the_time_left(days, lamp):
    due = MONDAY + datetime.timedelta(days=days)
    found = rules.lamp(due, since=MONDAY - datetime.timedelta(days=7), today=MONDAY, calendar=Calendar(), ratio=Decimal("0.8"))
    assert (found.kind, found.text) == lamp


def test_without_a_limit_there_is_no_lamp():
    assert rules.lamp(None, since=MONDAY, today=MONDAY, calendar=Calendar(), ratio=Decimal("0.8")) is None


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, "—"), (0, 3, "0%"), (2, 3, "66%"), (199, 200, "99%"), (3, 3, "100%")])
def test_a_share_is_never_rounded_up_to_all(part, whole, text):
    assert rules.percent(part, whole) == text
