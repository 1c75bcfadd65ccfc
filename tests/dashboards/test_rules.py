"""Words of the 工作台."""
import datetime

import pytest

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


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, "—"), (0, 3, "0%"), (2, 3, "66%"), (199, 200, "99%"), (3, 3, "100%")])
def test_a_share_is_never_rounded_up_to_all(part, whole, text):
    assert rules.percent(part, whole) == text
