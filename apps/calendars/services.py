"""Taking holiday notices into the working calendar."""
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from apps.accounts.models import User
from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing

from .models import Day, Year
from .official import NOTICES
from .sheets import SheetDay, read_sheet

SHOWN_FAULTS = 20


@dataclass(frozen=True)
class Imported:
    """What an import did: the years it arranged, how many days differ from an ordinary week, and remarks on rows that held nothing."""

    years: list[int]
    days: int
    remarks: list[str]


@all_or_nothing
def import_csv(file: IO[bytes], *, by: User | None, at: datetime) -> Imported:
    """Take in a sheet of holidays: all of it or nothing. The years it holds replace what was there, but for 单位自定休息.

    Raises Refused with one line per fault (at most 20), each naming the row and what to write.
    """
    sheet = read_sheet(file.read())
    faults = sheet.faults or _taken_elsewhere(sheet.days)
    if faults:
        more = [f"另有{len(faults) - SHOWN_FAULTS}处。"] if len(faults) > SHOWN_FAULTS else []
        raise Refused("\n".join([*faults[:SHOWN_FAULTS], *more]), field="file")
    for year in sheet.years():
        _arrange(year, [day for day in sheet.days if day.year == year], event="calendar.imported", by=by, at=at)
    return Imported(sheet.years(), len(sheet.days), sheet.remarks)


def _taken_elsewhere(days: list[SheetDay]) -> list[str]:
    """Days that the notice of a year outside the sheet arranges already (around the turn of the year)."""
    lines = {day.day: day.line for day in days}
    taken = Day.objects.filter(date__in=lines).exclude(year__year__in={day.year for day in days})
    return [
        f"第{lines[row.date]}行：{row.date}已列入{row.year}的放假安排，核对“年份”。"
        for row in taken.select_related("year").order_by("date")
    ]


def _arrange(year: int, days: list[SheetDay], *, event: str, by: User | None, at: datetime) -> Year:
    """Replace the notice of one year; a 单位自定休息 stays unless the notice says something about that day."""
    row, _ = Year.objects.select_for_update().get_or_create(year=year, defaults={"source": days[0].source, "loaded_at": at})
    before = _facts(row)
    row.days.exclude(kind=Day.Kind.UNIT_REST).delete()
    Day.objects.filter(date__in=[day.day for day in days]).delete()
    Day.objects.bulk_create(
        Day(year=row, date=day.day, kind=day.kind, name=day.name, source=day.source) for day in days
    )  # constraints alone check these rows; `sheets` has checked every cell
    row.source, row.loaded_at, row.loaded_by, row.stamp = days[0].source, at, by, uuid.uuid4()
    row.save()
    note(event, stream="sys", by=by, at=at, record=row, before=before or None, after=_facts(row))
    return row


def _facts(row: Year) -> dict[str, str]:
    """The exceptions of a year as text by date, for the audit."""
    days = row.days.order_by("date").values_list("date", "kind", "name")
    return {day.isoformat(): f"{Day.Kind(kind).label} {name}" for day, kind, name in days}


@all_or_nothing
def load_official(*, at: datetime) -> list[int]:
    """Take in the notices that come with the program, for years that have none yet; the years loaded. Safe to run again."""
    present = set(Year.objects.values_list("year", flat=True))
    missing = [notice for notice in NOTICES if notice.year not in present]
    for notice in missing:
        off = [SheetDay(0, notice.year, day, Day.Kind.HOLIDAY, name, notice.source) for day, name in notice.days_off().items()]
        makeup = [SheetDay(0, notice.year, day, Day.Kind.MAKEUP, name, notice.source) for name, day in notice.makeup]
        _arrange(notice.year, off + makeup, event="calendar.loaded", by=None, at=at)
    return [notice.year for notice in missing]


@all_or_nothing
def set_unit_rest(day: date, *, name: str, by: User, at: datetime) -> Day:
    """Make a working day a day of rest of our own (单位自定休息); deadlines pass over it.

    Raises Refused: no name, the year has no notice yet, the day is an exception already or a weekend.
    """
    if not 0 < len(name.strip()) <= 30:
        raise Refused("应填写名称，不超过30字。", field="name")
    year = Year.objects.select_for_update().filter(year=day.year).first()
    if year is None:
        raise Refused(f"{day.year}年尚无放假安排，应先导入。", field="date")
    if day.weekday() >= 5 or Day.objects.filter(date=day).exists():
        raise Refused(f"{day}已有安排或为周末，应选择工作日。", field="date")
    row = Day.objects.create(year=year, date=day, kind=Day.Kind.UNIT_REST, name=name.strip(), source="单位自定")
    _restamp(year)
    note("calendar.rest_set", stream="sys", by=by, at=at, record=year, after={day.isoformat(): row.name})
    return row


@all_or_nothing
def clear_unit_rest(day: date, *, by: User, at: datetime) -> None:
    """Make a 单位自定休息 a working day again. Raises Refused when the day is none."""
    row = Day.objects.select_for_update(of=("self",)).select_related("year").filter(date=day, kind=Day.Kind.UNIT_REST).first()
    if row is None:
        raise Refused(f"{day}不是单位自定休息。", field="date")
    row.delete()
    _restamp(row.year)
    note("calendar.rest_cleared", stream="sys", by=by, at=at, record=row.year, before={day.isoformat(): row.name})


def _restamp(year: Year) -> None:
    year.stamp = uuid.uuid4()
    year.save(update_fields=["stamp"])
