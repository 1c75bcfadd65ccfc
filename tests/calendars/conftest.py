from datetime import date
from types import MappingProxyType

import pytest

from apps.calendars.official import NOTICES
from apps.calendars.rules import Calendar


def official_calendar() -> Calendar:
    names = {day: name for notice in NOTICES for day, name in notice.days_off().items()}
    return Calendar(
        rest=frozenset(names),
        makeup=frozenset(day for notice in NOTICES for _, day in notice.makeup),
        years=frozenset(notice.year for notice in NOTICES),
        names=MappingProxyType(names),
    )


OFFICIAL = official_calendar()


@pytest.fixture
def official() -> Calendar:
    return OFFICIAL


def d(text: str) -> date:
    return date.fromisoformat(text)
