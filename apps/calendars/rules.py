"""The deadline engine of domain.md 4.5: pure arithmetic on a calendar held in memory. Dates have no time zone; today is passed in."""
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

ONE_DAY = timedelta(days=1)
NOT_UPDATED = "日历未更新"


class Span(StrEnum):
    """The unit a limit is counted in, spelt as in the parameter catalogue."""

    WORKDAYS = "工作日"
    DAYS = "日"
    MONTHS = "月"


class Light(StrEnum):
    """The lamp of a matter that runs (domain.md 1.0)."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Deadline:
    """A last day, and the years on the way to it whose holiday notice was missing: then Mon-Fri was assumed and pages must say so."""

    on: date
    missing_years: tuple[int, ...] = ()

    @property
    def uncertain(self) -> bool:
        """Whether a notice that comes later may still move the day."""
        return bool(self.missing_years)

    @property
    def mark(self) -> str:
        """The red mark beside an uncertain day, or nothing."""
        return NOT_UPDATED if self.uncertain else ""


@dataclass(frozen=True)
class Calendar:
    """Working days: Monday to Friday, less `rest`, plus `makeup`; exact for `years`, Monday to Friday alone for the others."""

    rest: frozenset[date] = frozenset()
    makeup: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()
    names: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def is_workday(self, day: date) -> bool:
        """Whether offices work on `day`."""
        return day in self.makeup or (day.weekday() < 5 and day not in self.rest)

    def name_of(self, day: date) -> str:
        """The festival of a day off or the reason of a makeup day, or nothing."""
        return self.names.get(day, "")

    def next_workday(self, day: date) -> date:
        """`day` itself when offices work on it, else the next day on which they do."""
        while not self.is_workday(day):
            day += ONE_DAY
        return day

    def add_workdays(self, start: date, n: int) -> date:
        """The n-th working day after `start`, which is not counted; n = 0 is `start`, moved to a working day. ValueError when n < 0."""
        if n < 0:
            raise ValueError("a limit has no negative number of days")
        if n == 0:
            return self.next_workday(start)
        return self._step(start, n, ONE_DAY)

    def workdays_before(self, event: date, n: int) -> date:
        """The latest day for 提前n个工作日: counted back, the event's day excluded, the day found is the n-th. ValueError when n < 1."""
        if n < 1:
            raise ValueError("at least one working day before")
        return self._step(event, n, -ONE_DAY)

    def _step(self, day: date, n: int, step: timedelta) -> date:
        while n:
            day += step
            n -= self.is_workday(day)
        return day

    def add_days(self, start: date, n: int) -> date:
        """n natural days after `start`, which is not counted; a last day off moves to the next working day. ValueError when n < 0."""
        if n < 0:
            raise ValueError("a limit has no negative number of days")
        return self.next_workday(start + timedelta(days=n))

    def add_months(self, start: date, n: int) -> date:
        """The same day n months later, or that month's last day; a last day off moves to the next working day (民法典 202, 203).

        ValueError when n < 0.
        """
        if n < 0:
            raise ValueError("a limit has no negative number of months")
        return self.next_workday(month_later(start, n))

    def workdays_between(self, start: date, end: date) -> int:
        """Working days after `start` up to and with `end`; negative when `end` lies before `start`."""
        if end < start:
            return -self.workdays_between(end, start)
        days = (end - start).days
        weeks, rest_of_week = divmod(days, 7)
        weekdays = weeks * 5 + sum((start + timedelta(days=i)).weekday() < 5 for i in range(1, rest_of_week + 1))
        return weekdays - _count(self._lost, start, end) + _count(self._won, start, end)

    @cached_property
    def _lost(self) -> list[date]:
        return sorted(day for day in self.rest if day.weekday() < 5 and day not in self.makeup)

    @cached_property
    def _won(self) -> list[date]:
        return sorted(day for day in self.makeup if day.weekday() >= 5)

    def missing_years(self, start: date, end: date) -> tuple[int, ...]:
        """Years from `start` to `end` (in either order) whose notice is not in the calendar: what was counted there is not certain."""
        first, last = sorted((start.year, end.year))
        return tuple(year for year in range(first, last + 1) if year not in self.years)

    def deadline(self, start: date, n: int, span: str) -> Deadline:
        """The last day of a limit of n 工作日, 日 or 月 after `start`, with the years that were guessed. ValueError for another span."""
        add = {Span.WORKDAYS: self.add_workdays, Span.DAYS: self.add_days, Span.MONTHS: self.add_months}[Span(span)]
        on = add(start, n)
        return Deadline(on, self.missing_years(start, on))

    def deadline_before(self, event: date, n: int) -> Deadline:
        """The latest day for 提前n个工作日 before `event`, with the years that were guessed. ValueError when n < 1."""
        on = self.workdays_before(event, n)
        return Deadline(on, self.missing_years(on, event))

    def light(self, start: date, due: date, today: date, ratio: Decimal | str, *, span: str = Span.WORKDAYS) -> Light:
        """Red after the last day, yellow once `ratio` of the limit is used, else green (domain.md 1.0; ratio is db.yellow_ratio).

        Time is counted in working days, or in natural days for a limit in 日 or 月.
        """
        if today > due:
            return Light.RED
        if today < start:
            return Light.GREEN
        if span == Span.WORKDAYS:
            used, limit = self.workdays_between(start, today), self.workdays_between(start, due)
        else:
            used, limit = (today - start).days, (due - start).days
        return Light.YELLOW if used >= limit * Decimal(ratio) else Light.GREEN

    def time_left_text(self, due: date, today: date, *, span: str = Span.WORKDAYS) -> str:
        """逾期2天, 今日到期, 剩3个工作日; 剩3天 for a limit in 日 or 月 and where no working day is left before a last day off."""
        if today > due:
            return f"逾期{(today - due).days}天"
        if today == due:
            return "今日到期"
        workdays = self.workdays_between(today, due)
        return f"剩{workdays}个工作日" if span == Span.WORKDAYS and workdays else f"剩{(due - today).days}天"

    def warning(self, today: date) -> str | None:
        """What the health page says when a notice is missing: this year's always, next year's from November on."""
        wanted = [today.year, today.year + 1] if today.month >= 11 else [today.year]
        missing = [f"{year}年" for year in wanted if year not in self.years]
        if not missing:
            return None
        return f"{'、'.join(missing)}{NOT_UPDATED}：应导入国务院办公厅放假安排通知，导入前按周一至周五推算期限。"


def _count(days: list[date], after: date, until: date) -> int:
    return bisect_right(days, until) - bisect_left(days, after + ONE_DAY)


def month_later(start: date, n: int) -> date:
    """The same day n months later, or the last day of that month when it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + n, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Lamp:
    """A 红黄绿灯 as the templates draw it: `kind` is r, y or g."""

    kind: str
    text: str


LAMPS = {Light.RED: "r", Light.YELLOW: "y", Light.GREEN: "g"}


def lamp(due_on: date | None, *, since: date, today: date, calendar: Calendar, ratio: Decimal) -> Lamp | None:
    """The lamp of something that waits since a day and is due on another, or None without a limit (domain.md §1.0)."""
    if due_on is None:
        return None
    return Lamp(LAMPS[calendar.light(since, due_on, today, ratio)], calendar.time_left_text(due_on, today))
