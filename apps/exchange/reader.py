"""Read one workbook and print what is in it as JSON: a program of its own, so that no file can fill the memory of the portal.

    python -m apps.exchange.reader FILE.xlsx < question.json

Standard library, calamine and `finding` only; nothing of Django is loaded. Asked with a vocabulary it gives the registers it
found, else the sheets as they are. Whatever is wrong with the file ends as {"fault": "…"} in
Chinese. What lies between a stranger's file and the library: limits on the package, a streamed look at every sheet (cells,
last filled cell, formulas, hidden rows, DOCTYPE), and a limit on memory and time that the system keeps.
"""
from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from apps.exchange.finding import find

MEMORY, SECONDS = 400_000_000, 20  # of this process
UNPACKED, ENTRIES, RATIO = 50_000_000, 2_000, 100
CELLS = 200_000  # with a value, in one workbook
AREA = 2_000_000  # rows × columns up to the last value of one sheet
ELEMENTS = 2_000_000  # of XML in one part; more are empty cells that only cost time
CHARACTERS = 10_000_000  # in one workbook: a text that is stored once may stand in every cell
MERGED = 200_000  # cells that belong to merged ones, in one sheet
MOST_TABLES = 60  # registers of one file
MOST_COLUMNS = 200  # of one register
MOST_BELOW = 200  # lines that continue one record
TEXT = 4_000  # characters of a cell; no form takes more, and nothing is cut: a longer one is refused
SECTION = 65_536
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no reader sees them, no database takes NUL
ENCODINGS = ("utf-8-sig", "gb18030")
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how an .xls begins
BROKEN = "文件无法打开，用 Excel 或 WPS 另存为 .xlsx 后重新上传。"


class Fault(Exception):  # noqa: N818  an answer, not an error
    """Why the file cannot be taken, and what to do."""


# -- the package -----------------------------------------------------------------------------------------------------


def check_package(package: zipfile.ZipFile, size: int) -> None:
    """Refuse what unpacks to more than a register can hold."""
    entries = package.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > UNPACKED or (unpacked > 5_000_000 and unpacked > RATIO * size):
        raise Fault("文件展开后过大，只保留需要导入的工作表，另存后重新上传。")


class Look:
    """What a streamed pass over one sheet finds, without keeping any cell."""

    def __init__(self, name: str, left: int) -> None:
        self.name, self.left = name, left  # cells that the workbook may still have
        self.formulas: list[str] = []
        self.hidden_rows: list[int] = []
        self.cells = self.elements = self.last_row = self.last_column = 0
        self._at = ""
        self._filled = False

    def start(self, tag: str, facts: dict[str, str]) -> None:
        """An element begins."""
        self.elements += 1
        if self.elements > ELEMENTS:
            raise Fault("文件中的空单元格过多，把登记表复制到新文件后重新上传。")
        if tag == "row" and facts.get("hidden") in ("1", "true"):
            self.hidden_rows.append(int(facts.get("r", "0")))
        elif tag == "c":
            self._at, self._filled = facts.get("r", ""), False
        elif tag in ("v", "is") and not self._filled:
            self._filled = True
            self._count()
        elif tag == "f" and len(self.formulas) < 1000:
            self.formulas.append(self._at)

    def _count(self) -> None:
        self.cells += 1
        if self.cells > self.left:
            raise Fault(f"工作表“{self.name}”超过{CELLS // 10_000}万个单元格，分成几个文件导入。")
        row, column = place(self._at)
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, column)
        if self.last_row * self.last_column > AREA:
            raise Fault(f"工作表“{self.name}”的内容一直到 {self._at}，删除登记表以外的内容后重新上传。")


def place(reference: str) -> tuple[int, int]:
    """Row and column (from 1) of A1, AB12; (0, 0) for what is none."""
    found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", reference)
    if not found:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def parser(start: Callable[[str, dict[str, str]], None]) -> Any:
    """An XML parser that calls `start` with every element's name and facts, and takes no DOCTYPE."""

    def refuse(*_: object) -> None:
        raise Fault("文件含有不允许的 XML 声明，用 Excel 或 WPS 另存为 .xlsx 后重新上传。")

    made = expat.ParserCreate(namespace_separator=" ")
    made.StartDoctypeDeclHandler = refuse
    made.StartElementHandler = lambda tag, facts: start(tag.rpartition(" ")[2], facts)
    return made


def looks(package: zipfile.ZipFile) -> dict[str, Look]:
    """A look at every XML part in pieces; those of the sheets by the sheet's name."""
    found: dict[str, Look] = {}
    names, left = parts(package), CELLS
    for entry in package.infolist():
        if not entry.filename.endswith((".xml", ".rels")):
            continue
        name = names.get(entry.filename)
        look = Look(name or "", left if name else sys.maxsize)
        made = parser(look.start)
        with package.open(entry) as stream:
            while piece := stream.read(SECTION):
                made.Parse(piece)
        made.Parse(b"", True)
        if name:
            left -= look.cells
            found[name] = look
    return found


def parts(package: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet that each part holds."""
    targets: dict[str, str] = {}
    names: dict[str, str] = {}

    def relation(tag: str, facts: dict[str, str]) -> None:
        if tag == "Relationship":
            targets[facts.get("Id", "")] = "xl/" + facts.get("Target", "").removeprefix("/xl/").removeprefix("./")

    def sheet(tag: str, facts: dict[str, str]) -> None:
        if tag == "sheet" and "name" in facts:
            key = next((value for name, value in facts.items() if name.endswith("id") and name != "sheetId"), "")
            names[targets.get(key, "")] = facts["name"]

    for part, start in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        parser(start).Parse(package.read(part), True)
    return names


# -- the cells -------------------------------------------------------------------------------------------------------


def text_of(value: object) -> str:
    """A cell as a person reads it: dates as 2026-05-20, whole numbers without a point."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d") if value.time() == datetime.time() else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = UNSEEN.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", ""))
    if len(text) > TEXT:
        raise Fault(f"有单元格超过{TEXT}字（“{text[:20]}…”），删减后重新上传。")
    return text


class Left:
    """What a workbook may still hold: the sums of all its sheets are bounded, not only those of one."""

    def __init__(self) -> None:
        self.cells, self.characters = CELLS, CHARACTERS

    def row(self, values: Iterable[object]) -> list[str]:
        """A row as text, without the empty cells at its end."""
        texts = [text_of(value) for value in values]
        while texts and not texts[-1].strip():
            texts.pop()
        self.cells -= sum(1 for text in texts if text)
        self.characters -= sum(map(len, texts))
        if self.cells < 0:
            raise Fault(f"文件超过{CELLS // 10_000}万个单元格，分成几个文件导入。")
        if self.characters < 0:
            raise Fault(f"文件超过{CHARACTERS // 10_000}万字，分成几个文件导入。")
        return texts


def rows_of(values: Iterable[Iterable[object]], left: Left, *, name: str) -> list[list[str]]:
    """The rows up to the last one with a text."""
    rows: list[list[str]] = []
    used = widest = 0
    for value in values:
        row = left.row(value)
        rows.append(row)
        if row:
            used, widest = len(rows), max(widest, len(row))
            if used * widest > AREA:
                where = f"工作表“{name}”" if name else "文件"
                raise Fault(f"{where}的内容一直到第 {used} 行、第 {widest} 列，删除登记表以外的内容后重新上传。")
    return rows[:used]


def merged_of(areas: Iterable[Any], rows: Sequence[Sequence[str]], *, name: str) -> list[list[int]]:
    """The merged areas as far as there is something in the sheet: top, left, bottom, right."""
    found, total, width = [], 0, max(map(len, rows), default=0)
    for (top, left), (bottom, right) in areas:
        low, last = min(bottom, len(rows) - 1), min(right, width - 1)
        if low < top or last < left:
            continue
        total += (low - top + 1) * (last - left + 1)
        if total > MERGED:
            raise Fault(f"工作表“{name}”的合并单元格过多，取消数据区的合并后重新上传。")
        found.append([top, left, low, last])
    return found


def workbook(content: BinaryIO, facts: dict[str, Look]) -> list[dict[str, Any]]:
    """The sheets with their rows; `facts` by sheet name where the file was looked at before."""
    book = CalamineWorkbook.from_filelike(content)
    sheets, left = [], Left()
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet, look = book.get_sheet_by_name(meta.name), facts.get(meta.name)
        rows = rows_of(sheet.to_python(skip_empty_area=False), left, name=meta.name)
        sheets.append(
            {
                "name": text_of(meta.name),
                "hidden": meta.visible != SheetVisibleEnum.Visible,
                "rows": rows,
                "merged": merged_of(sheet.merged_cell_ranges or [], rows, name=meta.name),
                "formulas": look.formulas if look else [],
                "hidden_rows": [number for number in look.hidden_rows if number <= len(rows)] if look else [],
            }
        )
    return sheets


def read_package(path: Path) -> list[dict[str, Any]]:
    """An .xlsx."""
    with path.open("rb") as content:
        with zipfile.ZipFile(content) as package:
            check_package(package, path.stat().st_size)
            found = looks(package)
        content.seek(0)
        return workbook(content, found)


def read_old(path: Path) -> list[dict[str, Any]]:
    """An .xls or .et: no more can be known beforehand than its size."""
    with path.open("rb") as content:
        return workbook(content, {})


def read_book(path: Path) -> list[dict[str, Any]]:
    """What the bytes say it is, whatever the name says: WPS writes packages under .et, people rename files."""
    with path.open("rb") as content:
        begins = content.read(8)
    if begins.startswith(b"PK"):
        return read_package(path)
    if begins == OLD:
        return read_old(path)
    raise Fault(BROKEN)


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Comma, semicolon or tab; UTF-8, GB18030 (and so GBK), UTF-16 with a mark."""
    rows = rows_of(lines_of(decoded(path.read_bytes())), Left(), name="")
    return [{"name": "", "hidden": False, "rows": rows, "merged": [], "formulas": [], "hidden_rows": []}]


def decoded(content: bytes) -> str:
    """The text of a file whose encoding nobody wrote down. Raises Fault when no usual one fits."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Fault("无法识别文件的文字编码，用 Excel 或 WPS 另存为 .xlsx 后重新上传。")


def lines_of(text: str) -> Iterator[list[str]]:
    """The records of a CSV, with the separator its first lines agree on."""
    csv.field_size_limit(1_000_000)
    head = _QUOTED.sub("", text[:20_000]).splitlines()[:20]
    separator = max(",\t;", key=lambda mark: _agreed(head, mark))
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def _agreed(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """How many lines have as many fields as most of them, and how many fields; a mark inside the texts makes no table."""
    widths = Counter(line.count(separator) for line in lines if separator in line)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


READERS = {"xlsx": read_book, "xls": read_book, "et": read_book, "csv": read_csv}


def answer(path: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    """The sheets with their rows; asked with a vocabulary, the registers in them instead."""
    sheets = READERS[path.suffix.lstrip(".")](path)
    if "vocabulary" not in question:
        return {"sheets": sheets}
    found = []
    for sheet in sheets:
        tables = find(sheet, question["vocabulary"], needed=question["needed"], most=MOST_TABLES + 1)
        about = {name: sheet[name] for name in ("name", "hidden", "formulas", "hidden_rows")}
        found.append(about | {"tables": [asdict(table) for table in tables]})
    if sum(len(sheet["tables"]) for sheet in found) > MOST_TABLES:
        raise Fault(f"文件中的登记表超过 {MOST_TABLES} 张，分成几个文件导入。")
    for table in (table for sheet in found for table in sheet["tables"]):
        if len(table["columns"]) > MOST_COLUMNS:
            raise Fault(f"登记表有 {len(table['columns']):,} 列，最多 {MOST_COLUMNS} 列，删去空列后重新上传。")
        if long := next((line for line in table["lines"] if len(line["more"]) > MOST_BELOW), None):
            raise Fault(f"第 {long['number']} 行下面有 {len(long['more']):,} 行没有风险点名称和序号，补全或删去后重新上传。")
    rows = sum(len(table["lines"]) for sheet in found for table in sheet["tables"])
    if rows > question["most"]:
        raise Fault(f"一次最多导入 {question['most']:,} 行，分成几个文件导入。")
    return {"sheets": found}


def read(path: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, or the fault of the file."""
    try:
        return answer(path, question)
    except Fault as fault:
        return {"fault": str(fault)}
    except MemoryError:
        return {"fault": "文件内容过多，分成几个文件导入。"}
    except csv.Error:
        return {"fault": "文件不是规范的 CSV，用 Excel 或 WPS 另存为 .xlsx 后重新上传。"}
    except Exception as error:  # whatever the library says, the file is at fault
        locked = "assword" in f"{type(error).__name__}{error}"
        return {"fault": "文件设有打开密码，去除密码后重新上传。" if locked else BROKEN}


if __name__ == "__main__":
    os.nice(10)  # pages come first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    json.dump(read(Path(sys.argv[1]), json.load(sys.stdin)), sys.stdout, ensure_ascii=False)
