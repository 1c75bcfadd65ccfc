"""Words and lamps of the 工作台. Pure: hours, days and the calendar come in."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from apps.calendars.rules import Calendar, Light

WEEKDAYS = "一二三四五六日"
LAMPS = {Light.RED: "r", Light.YELLOW: "y", Light.GREEN: "g"}


@dataclass(frozen=True)
class Lamp:
    """A 红黄绿灯 as the templates draw it: `kind` is r, y or g."""

    kind: str
    text: str


def greeting(hour: int) -> str:
    """上午好 from 5, 下午好 from 12, 晚上好 from 18 o'clock."""
    if 5 <= hour < 12:
        return "上午好"
    return "下午好" if 12 <= hour < 18 else "晚上好"


def long_day(day: datetime.date) -> str:
    """2026年11月20日 星期五."""
    return f"{day.year}年{day.month}月{day.day}日 星期{WEEKDAYS[day.weekday()]}"


def weekday(day: datetime.date, *, today: datetime.date) -> str:
    """今天, or 周五."""
    return "今天" if day == today else f"周{WEEKDAYS[day.weekday()]}"


def lamp(due_on: datetime.date | None, *, since: datetime.date, today: datetime.date, calendar: Calendar, ratio: Decimal) -> Lamp | None:
    """The lamp of something that waits since a day and is due on another, or None without a limit (domain.md §1.0)."""
    if due_on is None:
        return None
    light = calendar.light(since, due_on, today, ratio)
    return Lamp(LAMPS[light], calendar.time_left_text(due_on, today))


def percent(part: int, whole: int) -> str:
    """98%, rounded down so that 100% means all; — when there is nothing to measure (domain.md Appendix E)."""
    return f"{part * 100 // whole}%" if whole else "—"
