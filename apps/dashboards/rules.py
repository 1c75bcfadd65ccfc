"""Words of the 工作台. Pure: hours and days come in."""

from __future__ import annotations

import datetime

WEEKDAYS = "一二三四五六日"


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


def percent(part: int, whole: int) -> str:
    """98%, rounded down so that 100% means all; — when there is nothing to measure (domain.md Appendix E)."""
    return f"{part * 100 // whole}%" if whole else "—"
