"""Write the sheets that tests read: cells, merged areas, hidden rows, formulas, several sheets."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from apps.exchange.reading import asked


def write_book(
    path: Path, sheets: dict[str, Sequence[Sequence[Any]]], *, merged: Sequence[str] = (), also: Callable[..., None] | None = None
) -> Path:
    """An .xlsx of rows by sheet name. `merged`: areas of the first sheet as 「A1:I1」; `also(book, sheet)` for the rest."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for index, (name, rows) in enumerate(sheets.items()):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    write = sheet.write_datetime if hasattr(value, "year") else sheet.write
                    write(number, column, value, *([day] if hasattr(value, "year") else []))
            if index == 0:
                for area in merged:
                    first = area.split(":")[0]
                    row, column = int("".join(filter(str.isdigit, first))) - 1, ord(first[0]) - 65
                    sheet.merge_range(area, rows[row][column])
                if also:
                    also(book, sheet)
    return path


def sheets_of(path: Path) -> list[dict[str, Any]]:
    """The sheets of a file as the portal reads them: name, hidden, rows, merged, formulas, hidden_rows."""
    return asked(path, {})


def rewrite(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The same package with one part changed by hand."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path
