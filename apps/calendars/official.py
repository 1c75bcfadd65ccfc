"""Official holiday arrangements known when this was written (domain.md 4.6, checked against the notices' tables)."""
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Notice:
    """One year's notice: days off as (festival, first day, last day), and working days on weekends as (festival, day)."""

    year: int
    source: str
    off: tuple[tuple[str, date, date], ...]
    makeup: tuple[tuple[str, date], ...]

    def days_off(self) -> dict[date, str]:
        """Every day off with its festival."""
        return {
            first + timedelta(days=i): name for name, first, last in self.off for i in range((last - first).days + 1)
        }


def _notice(year: int, source: str, off: str, makeup: str) -> Notice:
    """Read "元旦 1-1 1-3; …" and "元旦 1-4; …"."""
    def day(text: str) -> date:
        month, number = text.split("-")
        return date(year, int(month), int(number))

    spans = [part.split() for part in off.split("; ")]
    days = [part.split() for part in makeup.split("; ")]
    return Notice(
        year, source, tuple((name, day(first), day(last)) for name, first, last in spans), tuple((name, day(text)) for name, text in days)
    )


NOTICES = (
    _notice(
        2024, "国务院办公厅关于2024年部分节假日安排的通知（国办发明电〔2023〕7号）",
        "元旦 1-1 1-1; 春节 2-10 2-17; 清明节 4-4 4-6; 劳动节 5-1 5-5; 端午节 6-8 6-10; 中秋节 9-15 9-17; 国庆节 10-1 10-7",
        "春节 2-4; 春节 2-18; 清明节 4-7; 劳动节 4-28; 劳动节 5-11; 中秋节 9-14; 国庆节 9-29; 国庆节 10-12",
    ),
    _notice(
        2025, "国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）",
        "元旦 1-1 1-1; 春节 1-28 2-4; 清明节 4-4 4-6; 劳动节 5-1 5-5; 端午节 5-31 6-2; 国庆节、中秋节 10-1 10-8",
        "春节 1-26; 春节 2-8; 劳动节 4-27; 国庆节、中秋节 9-28; 国庆节、中秋节 10-11",
    ),
    _notice(
        2026, "国务院办公厅关于2026年部分节假日安排的通知（2025年11月4日）",
        "元旦 1-1 1-3; 春节 2-15 2-23; 清明节 4-4 4-6; 劳动节 5-1 5-5; 端午节 6-19 6-21; 中秋节 9-25 9-27; 国庆节 10-1 10-7",
        "元旦 1-4; 春节 2-14; 春节 2-28; 劳动节 5-9; 国庆节 9-20; 国庆节 10-10",
    ),
)
