"""The deadline engine, without a database: examples of domain.md 4.5, 4.6 and the stories, then properties."""
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.calendars.rules import Calendar, Deadline, Light, lamp, month_later

from .conftest import OFFICIAL, d

DAYS = st.dates(date(2023, 6, 1), date(2027, 6, 30))
LIMITS = st.integers(0, 300)


def workdays_of(year):
    return sum(OFFICIAL.is_workday(date(year, 1, 1) + timedelta(days=i)) for i in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_the_notice_leaves(year, count):
    assert workdays_of(year) == count


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_a_makeup_day_is_a_working_day_although_it_is_on_a_weekend(day):
    assert d(day).weekday() >= 5
    assert OFFICIAL.is_workday(d(day))


def test_an_ordinary_weekend_and_a_holiday_on_a_weekday_are_days_off():
    assert not OFFICIAL.is_workday(d("2026-03-07"))
    assert not OFFICIAL.is_workday(d("2026-10-01"))
    assert OFFICIAL.is_workday(d("2026-10-08"))


@pytest.mark.parametrize(
    ("event", "n", "latest"),
    [
        ("2026-04-14", 3, "2026-04-09"),  # story S1
        ("2026-10-03", 10, "2026-09-17"),  # story S15: 9-20 counts, 9-25..27 and 10-1.. do not
        ("2026-10-08", 1, "2026-09-30"),
        ("2026-05-09", 1, "2026-05-08"),
    ],
)
def test_days_before_an_event_are_counted_back_and_the_last_one_counts(event, n, latest):
    assert OFFICIAL.workdays_before(d(event), n) == d(latest)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        ("2026-10-03", 10, "2026-10-20"),  # story S15: report after the wedding
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-18", 1, "2026-09-20"),  # a Sunday made a working day
        ("2026-04-10", 0, "2026-04-10"),
        ("2026-04-11", 0, "2026-04-13"),
    ],
)
def test_the_first_day_is_not_counted_and_only_working_days_are(start, n, last):
    assert OFFICIAL.add_workdays(d(start), n) == d(last)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        ("2026-03-02", 15, "2026-03-17"),
        ("2026-09-02", 15, "2026-09-17"),
        ("2026-09-21", 10, "2026-10-08"),  # 10-1 is off, so is all of that week
        ("2026-05-01", 8, "2026-05-09"),  # a Saturday made a working day stays the last day
    ],
)
def test_a_limit_in_days_counts_every_day_and_ends_on_a_working_day(start, n, last):
    assert OFFICIAL.add_days(d(start), n) == d(last)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        ("2026-03-02", 1, "2026-04-02"),  # story S10: 整改方案
        ("2026-03-02", 6, "2026-09-02"),  # story S10: 集中整改
        ("2026-03-31", 1, "2026-04-30"),  # no 31 April: the month's end
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2026-04-01", 6, "2026-10-08"),  # 1 October is off
        ("2026-02-07", 1, "2026-03-09"),  # a Saturday
        ("2025-12-15", 2, "2026-02-24"),  # 春节 until 2-23
    ],
)
def test_a_limit_in_months_ends_on_the_same_day_or_the_months_end_and_on_a_working_day(start, n, last):
    assert OFFICIAL.add_months(d(start), n) == d(last)


def test_no_limit_is_negative():
    for call in (OFFICIAL.add_workdays, OFFICIAL.add_days, OFFICIAL.add_months):
        with pytest.raises(ValueError, match="negative"):
            call(d("2026-01-01"), -1)
    with pytest.raises(ValueError, match="at least one"):
        OFFICIAL.workdays_before(d("2026-01-01"), 0)


def test_working_days_between_leave_out_the_first_day_and_count_the_last():
    assert OFFICIAL.workdays_between(d("2026-09-18"), d("2026-09-20")) == 1
    assert OFFICIAL.workdays_between(d("2026-09-30"), d("2026-10-07")) == 0
    assert OFFICIAL.workdays_between(d("2026-10-08"), d("2026-09-30")) == -1


def test_a_date_counted_through_a_year_without_a_notice_is_marked():
    assert OFFICIAL.deadline(d("2026-12-30"), 5, "工作日") == Deadline(d("2027-01-06"), (2027,))
    assert OFFICIAL.deadline(d("2026-12-30"), 5, "工作日").mark == "日历未更新"
    sure = OFFICIAL.deadline(d("2026-03-02"), 1, "月")
    assert (sure.on, sure.uncertain, sure.mark) == (d("2026-04-02"), False, "")
    assert OFFICIAL.deadline(d("2023-12-20"), 30, "日").missing_years == (2023,)
    assert OFFICIAL.deadline_before(d("2027-01-06"), 3) == Deadline(d("2027-01-01"), (2027,))
    assert OFFICIAL.missing_years(d("2028-01-01"), d("2026-01-01")) == (2027, 2028)


def test_a_span_that_is_none_of_the_three_is_a_programming_error():
    with pytest.raises(ValueError, match="周"):
        OFFICIAL.deadline(d("2026-01-05"), 1, "周")


@pytest.mark.parametrize(
    ("today", "light"),
    [
        ("2026-10-02", "green"),
        ("2026-10-12", "green"),  # 4 of 10 working days, but 9 of 17 natural ones
        ("2026-10-13", "yellow"),  # story S15: half of the time is used
        ("2026-10-20", "yellow"),
        ("2026-10-21", "red"),
    ],
)
def test_the_lamp_turns_yellow_at_half_of_the_working_days(today, light):
    assert OFFICIAL.light(d("2026-10-03"), d("2026-10-20"), d(today), Decimal("0.5")) is Light(light)


def test_the_lamp_of_a_limit_in_days_counts_natural_days():
    assert OFFICIAL.light(d("2026-10-03"), d("2026-10-20"), d("2026-10-11"), "0.5", span="日") is Light.GREEN
    assert OFFICIAL.light(d("2026-10-03"), d("2026-10-20"), d("2026-10-12"), "0.5", span="日") is Light.YELLOW
    assert OFFICIAL.light(d("2026-10-03"), d("2026-10-20"), d("2026-10-21"), "0.5", span="日") is Light.RED


def test_a_limit_that_ends_on_the_day_it_starts_is_yellow_on_that_day():
    assert OFFICIAL.light(d("2026-04-14"), d("2026-04-14"), d("2026-04-14"), "0.5") is Light.YELLOW


@pytest.mark.parametrize(
    ("due", "today", "span", "text"),
    [
        ("2026-04-14", "2026-04-16", "工作日", "逾期2天"),
        ("2026-04-14", "2026-04-14", "工作日", "今日到期"),
        ("2026-04-14", "2026-04-09", "工作日", "剩3个工作日"),
        ("2026-04-14", "2026-04-09", "日", "剩5天"),
        ("2026-04-12", "2026-04-10", "工作日", "剩2天"),  # a due day set by hand on a Sunday: no working day is left
    ],
)
def test_time_left_reads_as_officials_write_it(due, today, span, text):
    assert OFFICIAL.time_left_text(d(due), d(today), span=span) == text


def test_next_years_notice_is_asked_for_from_november_and_this_years_always():
    assert OFFICIAL.warning(d("2026-10-31")) is None
    assert OFFICIAL.warning(d("2026-11-01")) == (
        "2027年日历未更新：应导入国务院办公厅放假安排通知，导入前按周一至周五推算期限。"
    )
    assert OFFICIAL.warning(d("2027-12-01")).startswith("2027年、2028年日历未更新")
    assert OFFICIAL.warning(d("2025-11-01")) is None


def test_a_day_off_says_which_festival_it_is():
    assert OFFICIAL.name_of(d("2026-10-03")) == "国庆节"
    assert OFFICIAL.name_of(d("2026-10-09")) == ""
    assert Calendar().name_of(d("2026-10-03")) == ""


@given(DAYS, st.integers(1, 300))
def test_counting_back_what_was_counted_forward_comes_home(start, n):
    workday = OFFICIAL.next_workday(start)
    assert OFFICIAL.workdays_before(OFFICIAL.add_workdays(workday, n), n) == workday


@given(DAYS, LIMITS)
def test_between_is_the_number_that_was_added(start, n):
    start = OFFICIAL.next_workday(start)
    assert OFFICIAL.workdays_between(start, OFFICIAL.add_workdays(start, n)) == n


@given(DAYS, DAYS)
def test_between_agrees_with_counting_on_the_fingers(a, b):
    first, last = sorted((a, b))
    counted = sum(OFFICIAL.is_workday(first + timedelta(days=i)) for i in range(1, (last - first).days + 1))
    assert OFFICIAL.workdays_between(first, last) == counted
    assert OFFICIAL.workdays_between(last, first) == -counted


@given(DAYS, DAYS, LIMITS)
def test_who_starts_later_never_ends_earlier(a, b, n):
    first, last = sorted((a, b))
    for add in (OFFICIAL.add_workdays, OFFICIAL.add_days, OFFICIAL.add_months):
        assert add(first, n) <= add(last, n)


@given(DAYS, st.integers(0, 200))
def test_a_longer_limit_never_ends_earlier_and_every_limit_ends_on_a_working_day(start, n):
    for add in (OFFICIAL.add_workdays, OFFICIAL.add_days, OFFICIAL.add_months):
        assert start <= add(start, n) <= add(start, n + 1)
        assert OFFICIAL.is_workday(add(start, n))


@given(st.dates(date(1980, 1, 1), date(2060, 12, 31)), st.integers(0, 240))
def test_months_keep_the_day_or_take_the_months_end(start, n):
    later = month_later(start, n)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == n
    assert later.day == start.day or (later.day < start.day and (later + timedelta(days=1)).day == 1)


@given(st.dates(date(1986, 1, 1), date(1992, 1, 1)), st.integers(1, 400))
def test_the_summer_times_of_1986_to_1991_move_no_date(start, n):
    assert (Calendar().add_days(start, n) - start).days - n in (0, 1, 2)
    assert Calendar().add_workdays(start, 5) - start <= timedelta(days=7)


def test_a_year_of_working_days_is_counted_in_well_under_a_millisecond_each():
    began = time.perf_counter()
    for i in range(365):
        OFFICIAL.add_workdays(date(2025, 1, 1) + timedelta(days=i), 250)
    assert time.perf_counter() - began < 2  # about 0.05 s on the slowest machine we have


MONDAY = d("2026-11-16")


@pytest.mark.parametrize(
    ("days", "drawn"),
    [(-2, ("r", "逾期2天")), (0, ("y", "今日到期")), (14, ("g", "剩10个工作日"))],
)
def test_the_lamp_follows_the_time_left(days, drawn):
    found = lamp(MONDAY + timedelta(days=days), since=MONDAY - timedelta(days=7), today=MONDAY, calendar=Calendar(), ratio=Decimal("0.8"))
    assert (found.kind, found.text) == drawn


def test_without_a_limit_there_is_no_lamp():
    assert lamp(None, since=MONDAY, today=MONDAY, calendar=Calendar(), ratio=Decimal("0.8")) is None
