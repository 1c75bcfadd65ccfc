"""The working calendar in memory."""
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from apps.parameters.queries import value

from .models import Day, Year
from .rules import Calendar, Lamp, lamp

_held: tuple[dict[int, UUID], Calendar] = ({}, Calendar())


def calendar() -> Calendar:
    """The working calendar in force. One small query sees whether it changed; the days are read again only then.

    Code that computes many dates calls this once and keeps the result.
    """
    global _held  # noqa: PLW0603 -- one immutable calendar per process, replaced as a whole
    stamps = dict(Year.objects.values_list("year", "stamp"))
    if _held[0] != stamps:
        _held = (stamps, _read(frozenset(stamps)))
    return _held[1]


def _read(years: frozenset[int]) -> Calendar:
    days = list(Day.objects.values_list("date", "kind", "name"))
    return Calendar(
        rest=frozenset(day for day, kind, _ in days if kind != Day.Kind.MAKEUP),
        makeup=frozenset(day for day, kind, _ in days if kind == Day.Kind.MAKEUP),
        years=years,
        names={day: name for day, _, name in days},
    )


def warning(today: date) -> str | None:
    """What to tell the administrators when a year's notice is missing, or None (this year's always, next year's from November on)."""
    return calendar().warning(today)


def lamp_of(due_on: date | None, *, since: datetime, today: date) -> Lamp | None:
    """The lamp of one thing that waits; a list asks for the calendar once and calls `rules.lamp` itself."""
    if due_on is None:
        return None
    ratio = Decimal(str(value("db.yellow_ratio", on=today)))
    return lamp(due_on, since=timezone.localtime(since).date(), today=today, calendar=calendar(), ratio=ratio)
