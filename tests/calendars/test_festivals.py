"""The table of domain.md 4.7, value by value, and the reminder nodes made of it."""
from datetime import date

import pytest

from apps.calendars.festivals import festivals, reminder_nodes

from .conftest import d

NAMES = ("春节", "元宵", "清明", "端午", "七夕", "中秋", "重阳", "除夕")
TABLE = """
2024 2-10 2-24 4-4 6-10 8-10 9-17 10-11 2-9
2025 1-29 2-12 4-4 5-31 8-29 10-6 10-29 1-28
2026 2-17 3-3 4-5 6-19 8-19 9-25 10-18 2-16
2027 2-6 2-20 4-5 6-9 8-8 9-15 10-8 2-5
2028 1-26 2-9 4-4 5-28 8-26 10-3 10-26 1-25
2029 2-13 2-27 4-4 6-16 8-16 9-22 10-16 2-12
2030 2-3 2-17 4-5 6-5 8-5 9-12 10-5 2-2
2031 1-23 2-6 4-5 6-24 8-24 10-1 10-24 1-22
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_festival_of_the_table_falls_on_its_day(row):
    year = int(row[0])
    expected = {name: date(year, *map(int, text.split("-"))) for name, text in zip(NAMES, row[1:], strict=True)}
    found = festivals(year)
    assert {name: found[name] for name in NAMES} == expected
    assert (found["元旦"], found["五一"], found["国庆"]) == (date(year, 1, 1), date(year, 5, 1), date(year, 10, 1))
    assert list(found.values()) == sorted(found.values())


def nodes(year):
    return [(node.name, node.on.isoformat(), node.until.isoformat()) for node in reminder_nodes(year)]


def test_a_year_has_seven_reminder_nodes_when_no_two_are_near():
    assert [name for name, _, _ in nodes(2027)] == ["元旦", "春节", "清明", "五一", "端午", "中秋", "国庆"]
    assert nodes(2024)[-2:] == [("中秋", "2024-09-17", "2024-09-17"), ("国庆", "2024-10-01", "2024-10-01")]


@pytest.mark.parametrize(
    ("year", "on", "until"),
    [
        (2025, "2025-10-01", "2025-10-06"),
        (2026, "2026-09-25", "2026-10-01"),
        (2028, "2028-10-01", "2028-10-03"),
        (2029, "2029-09-22", "2029-10-01"),
        (2031, "2031-10-01", "2031-10-01"),
    ],
)
def test_festivals_within_ten_days_make_one_node(year, on, until):
    assert nodes(year)[-1] == ("中秋国庆", on, until)
    assert len(nodes(year)) == 6


def test_a_festival_is_found_by_name():
    assert festivals(2026)["中秋"] == d("2026-09-25")
