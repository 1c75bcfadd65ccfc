"""Reading a holiday sheet (CSV): pure, collects every fault before anything is written.

Two layouts are known. Ours, one row per day: 日期, 类型, 名称, 来源 (and 年份 where a notice reaches into the December before).
The published one, one row per festival: 年份, 节日, 放假开始, 放假结束, 天数, 调休上班日, 文号, source_url.
"""
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from .festivals import festivals

OURS = ("日期", "类型", "名称", "来源")
PUBLISHED = ("年份", "节日", "放假开始", "放假结束", "调休上班日")
ORDINARY = {"工作日": range(5), "周末": range(5, 7)}  # accepted and checked, but no exception and therefore not kept
KINDS = {"法定节假日": "holiday", "调休上班": "makeup", "单位自定休息": "unit_rest"}
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
NUMBERED = re.compile(r"〔\d{4}〕\d+号")
BETWEEN_DATES = re.compile(r"[\s、，,;；]+")
WEEKDAYS = "一二三四五六日"
MUST_BE_OFF = ("元旦", "春节", "清明", "五一", "端午", "中秋", "国庆")
MAX_BYTES, MAX_ROWS, MAX_SPAN, HEADER_WITHIN = 1024 * 1024, 3000, 16, 10

Row = dict[str, str]


@dataclass(frozen=True)
class SheetDay:
    """One exception read from line `line`."""

    line: int
    year: int
    day: date
    kind: str
    name: str
    source: str


@dataclass
class Sheet:
    """What a sheet holds: its days, the faults that forbid taking it in, and remarks on rows that hold nothing."""

    days: list[SheetDay] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def years(self) -> list[int]:
        """The years the sheet arranges."""
        return sorted({day.year for day in self.days})


class BadRowError(Exception):
    """A row that cannot be read; the message says what to write."""


def read_sheet(data: bytes) -> Sheet:
    """Read a CSV file (UTF-8 or GB18030); every fault names its line. Nothing is guessed: a year lacking a statutory holiday is a fault."""
    sheet = Sheet()
    if len(data) > MAX_BYTES:
        sheet.faults.append("文件应不超过1MB，核对是否为放假安排表。")
        return sheet
    text = _decoded(data)
    if text is None:
        sheet.faults.append("文件应为UTF-8或GB18030编码的CSV，另存后再导入。")
        return sheet
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader)
    try:
        _read_rows(sheet, rows)
    except csv.Error:
        sheet.faults.append(f"第{reader.line_num}行无法读取，核对引号和逗号。")
    if not sheet.faults:
        _check_once(sheet)
    if not sheet.faults:
        _check_complete(sheet)
    return sheet


def _decoded(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _read_rows(sheet: Sheet, rows: Iterator[tuple[int, list[str]]]) -> None:
    header: list[str] = []
    for line, cells in rows:
        if set(OURS) <= set(cells) or set(PUBLISHED) <= set(cells):
            header = cells
            break
        if line >= HEADER_WITHIN:
            break
    if not header:
        sheet.faults.append(f"前{HEADER_WITHIN}行内未找到表头，表头应有{'、'.join(OURS)}各列，或{'、'.join(PUBLISHED)}各列。")
        return
    read: Callable[[Sheet, int, Row], Iterator[SheetDay]] = _our_row if set(OURS) <= set(header) else _published_row
    for line, cells in rows:
        if line > MAX_ROWS:
            sheet.faults.append(f"文件应不超过{MAX_ROWS}行，核对是否为放假安排表。")
            return
        if not any(cells):
            continue
        row = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))
        try:
            sheet.days.extend(read(sheet, line, row))
        except BadRowError as fault:
            sheet.faults.append(f"第{line}行：{fault}")


def _our_row(sheet: Sheet, line: int, row: Row) -> Iterator[SheetDay]:
    day = _date(row, "日期")
    kind = row["类型"]
    if kind in ORDINARY:
        if day.weekday() not in ORDINARY[kind]:
            other = "调休上班" if kind == "工作日" else "工作日或法定节假日"
            raise BadRowError(f"{day}是星期{WEEKDAYS[day.weekday()]}，“类型”应为{other}。")
        return
    if kind not in KINDS:
        raise BadRowError(f"“类型”应为{'、'.join([*ORDINARY, *KINDS])}之一，现为“{kind}”。")
    year = _year(row) if row.get("年份") else day.year
    yield _day(line, year, day, KINDS[kind], _text(row, "名称", 30), _text(row, "来源", 300))


def _published_row(sheet: Sheet, line: int, row: Row) -> Iterator[SheetDay]:
    year = _year(row)
    if not any(row.get(name) for name in ("放假开始", "放假结束", "天数", "调休上班日")):
        sheet.remarks.append(f"第{line}行：{year}年没有放假日期，未导入。")
        return
    name, source = _text(row, "节日", 30), _source(row)
    first, last = _date(row, "放假开始"), _date(row, "放假结束")
    length = (last - first).days + 1
    if not 1 <= length <= MAX_SPAN:
        raise BadRowError(f"“放假结束”应在“放假开始”之后{MAX_SPAN}日以内，现为{first}至{last}。")
    if row.get("天数") and row["天数"] != str(length):
        raise BadRowError(f"“天数”应为{length}（{first}至{last}），现为“{row['天数']}”。")
    for i in range(length):
        yield _day(line, year, first + timedelta(days=i), "holiday", name, source)
    for part in filter(None, BETWEEN_DATES.split(row["调休上班日"])):
        yield _day(line, year, _date({"调休上班日": part}, "调休上班日"), "makeup", name, source)


def _day(line: int, year: int, day: date, kind: str, name: str, source: str) -> SheetDay:
    if day.year != year and not (day.year == year - 1 and day.month == 12):
        raise BadRowError(f"{day}不在{year}年的放假安排之内。")
    if kind == "makeup" and day.weekday() < 5:
        raise BadRowError(f"{day}是星期{WEEKDAYS[day.weekday()]}，本为工作日，调休上班日应为星期六或星期日。")
    return SheetDay(line, year, day, kind, name, source)


def _date(row: Row, column: str) -> date:
    found = DATE.fullmatch(row[column])
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else _no_date(column, row[column])
    except ValueError:
        return _no_date(column, row[column])


def _no_date(column: str, text: str) -> date:
    raise BadRowError(f"“{column}”应填写日期，如2026-10-01，现为“{text}”。")


def _year(row: Row) -> int:
    text = row["年份"].removesuffix("年")
    if not re.fullmatch(r"20\d\d", text):
        raise BadRowError(f"“年份”应填写四位年份，如2026，现为“{row['年份']}”。")
    return int(text)


def _text(row: Row, column: str, limit: int) -> str:
    if not 0 < len(row[column]) <= limit:
        raise BadRowError(f"应填写“{column}”，不超过{limit}字。")
    return row[column]


def _source(row: Row) -> str:
    """The notice's number; where the sheet has none, its address."""
    number, address = row.get("文号", ""), row.get("source_url", "")
    source = number if NUMBERED.search(number) or not address else address
    if not source:
        raise BadRowError("应填写“文号”或“source_url”，没有放假通知的年份不能导入。")
    return source[:300]


def _check_once(sheet: Sheet) -> None:
    seen: dict[date, int] = {}
    for day in sheet.days:
        if day.day in seen:
            sheet.faults.append(f"第{day.line}行：{day.day}与第{seen[day.day]}行重复。")
        seen.setdefault(day.day, day.line)


def _check_complete(sheet: Sheet) -> None:
    off = {day.day for day in sheet.days if day.kind == "holiday"}
    for year in sheet.years():
        for name in MUST_BE_OFF:
            on = festivals(year)[name]
            if on not in off:
                sheet.faults.append(f"{year}年缺少{name}（{on}）的放假安排，补齐后再导入。")
    if not sheet.days:
        sheet.faults.append("表中没有放假日期，填写后再导入。")
