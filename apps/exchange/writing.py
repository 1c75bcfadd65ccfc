"""Sheets out: a title, who exported it and when, the rows; nothing a reader's program could take for a formula (IN-05)."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠")  # a text must not begin with one of these
Cells = Sequence[Any]
LONGEST = 32_000  # characters; a cell of Excel holds 32,767, and more would be cut without a word
CUT = "……（内容过长，未全部导出，请在系统中查看）"
LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
    "line": {"font_color": "#666666", "font_size": 9},
    "head": {"bold": True, "border": 1, "bg_color": "#EFEFEF", "text_wrap": True, "align": "center"},
    "cell": {"border": 1, "text_wrap": True, "valign": "top"},
}


@dataclass(frozen=True)
class Head:
    """A column: its title, its width in characters, the texts it may hold (a drop-down), and a note on the title."""

    title: str
    width: float = 14
    choices: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Page:
    """What stands above the rows, and what the columns are."""

    title: str
    line: str
    heads: Sequence[Head]
    name: str = "台账"


def neutral(text: str) -> str:
    """A text for CSV that no program takes for a formula: an apostrophe in front where it begins like one."""
    return f"'{text}" if text[:1] in DANGEROUS else text


def shown(value: Any) -> str:
    """A value as a person reads it; empty for nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return value.strftime("%Y-%m-%d") if isinstance(value, datetime.date) else str(value)


def write_xlsx(
    target: Path, page: Page, rows: Iterable[Cells], *, total: int = 0, progress: Callable[[int, int], None] | None = None,
) -> int:  # fmt: skip
    """Stream rows into an .xlsx with constant memory; gives how many."""
    written = 0
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        quoted = {f"quoted {name}": book.add_format(facts | {"quote_prefix": True}) for name, facts in LOOKS.items()}
        formats = {name: book.add_format(facts) for name, facts in LOOKS.items()} | quoted
        sheet = book.add_worksheet(page.name)
        first = _top(sheet, page, formats)
        for row in rows:
            _row(sheet, first + written, row, formats)
            written += 1
            if progress is not None and written % 500 == 0:
                progress(written, total)
        _below(book, sheet, page, first)
    return written


def _top(sheet: Any, page: Page, formats: dict[str, Any]) -> int:
    """Title, line and headings; gives the row where the data begins."""
    for column, head in enumerate(page.heads):
        sheet.set_column(column, column, head.width)
    sheet.set_row(0, 30)
    sheet.merge_range(0, 0, 0, max(1, len(page.heads) - 1), page.title, formats["title"])
    sheet.write_string(1, 0, page.line, formats["quoted line" if page.line[:1] in DANGEROUS else "line"])
    for column, head in enumerate(page.heads):
        sheet.write_string(2, column, head.title, formats["quoted head" if head.title[:1] in DANGEROUS else "head"])
        if head.note:
            sheet.write_comment(2, column, head.note)
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    return 3


def _row(sheet: Any, at: int, row: Cells, formats: dict[str, Any]) -> None:
    """Some million cells go through here: nothing is looked up twice."""
    plain, quoted = formats["cell"], formats["quoted cell"]
    text, number, nothing = sheet.write_string, sheet.write_number, sheet.write_blank
    for column, value in enumerate(row):
        if isinstance(value, int | float) and not isinstance(value, bool):
            number(at, column, value, plain)
        elif said := shown(value):
            if len(said) > LONGEST:
                said = f"{said[:LONGEST]}{CUT}"
            text(at, column, said, quoted if said[0] in DANGEROUS else plain)
        else:
            nothing(at, column, None, plain)


def _below(book: Any, sheet: Any, page: Page, first: int) -> None:
    """Drop-downs, from a sheet of their own: a list in the cell's rule may hold 255 characters only."""
    listed = [(column, head) for column, head in enumerate(page.heads) if head.choices]
    if listed:
        lists = book.add_worksheet("字典")
        longest = max(len(head.choices) for _, head in listed)
        lists.set_column(0, len(listed) - 1, 24)
        for row in range(longest + 1):
            for at, (_, head) in enumerate(listed):
                text = head.title.rstrip("*") if row == 0 else head.choices[row - 1] if row <= len(head.choices) else ""
                if text:
                    lists.write_string(row, at, text)
        for at, (column, head) in enumerate(listed):
            letter = xlsxwriter.utility.xl_col_to_name(at)
            source = f"=字典!${letter}$2:${letter}${len(head.choices) + 1}"
            sheet.data_validation(first, column, first + 2000, column, {"validate": "list", "source": source, "ignore_blank": True})


def write_csv(target: Path, page: Page, rows: Iterable[Cells]) -> int:
    """The headings, the rows and who took them out, as UTF-8 with a mark, which Excel and WPS open without asking; gives how many."""
    written = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL)
        out.writerow([neutral(head.title) for head in page.heads])
        for row in rows:
            out.writerow([neutral(shown(value)) for value in row])
            written += 1
        out.writerow([neutral(page.line)])
    return written
