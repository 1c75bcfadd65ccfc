"""台账 as PDF: A4 landscape, repeated header, page x of y, watermark line (domain.md 3.3, PR-04)."""
from __future__ import annotations

import datetime
import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice
from types import ModuleType
from typing import TYPE_CHECKING

import pikepdf
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from apps.core.errors import Refused
from apps.documents import fonts

if TYPE_CHECKING:
    from weasyprint import Document

PART_CELLS = 5000  # laid out at a time: 625 rows of 8 columns, 294 of 17; measured: 5,000 rows stay below 400 MB
MAX_ROWS = 20_000

Cell = str | int | Decimal | datetime.date | datetime.datetime | None
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Column:
    """One column: its heading, its share of the width, and left, center or right."""

    label: str
    width: float
    align: str = "left"


@dataclass(frozen=True)
class Ledger:
    """Everything of a 台账 but its rows. `title` is the whole heading 「{单位}{年度}{名称}台账」."""

    title: str
    columns: Sequence[Column]
    unit: str
    filled_on: datetime.date
    exported_by: str  # 姓名 单位
    exported_at: datetime.datetime
    number: str  # 编号 of this export
    filled_by: str = ""
    reviewed_by: str = ""
    conditions: str = ""  # the filter in words
    totals: Sequence[Cell] | None = None  # one cell per column; only the number of rows is printed without it
    font_size: float = 10  # pt, 10 to 12

    @property
    def part(self) -> int:
        """How many rows are laid out at a time."""
        return max(100, PART_CELLS // len(self.columns))

    @property
    def watermark(self) -> str:
        """The line at the foot of every page: who took this out, when, under which number."""
        return f"导出人 {self.exported_by}　{localtime(self.exported_at):%Y-%m-%d %H:%M}　编号 {self.number}"


def _printer() -> ModuleType:
    """WeasyPrint takes as long to load as everything else together: only the worker that prints does it."""
    from apps.documents import printing  # noqa: PLC0415 -- see above

    return printing


def ledger_pdf(ledger: Ledger, rows: Iterable[Sequence[Cell]], *, total: int, progress: Progress | None = None) -> bytes:
    """The ledger with its `total` rows; `progress(done, total)` is called after each part.

    Raises Refused for more than 20,000 rows and for a character no face has.
    """
    if total > MAX_ROWS:
        raise Refused(f"台账共 {total} 条，PDF 不超过 {MAX_ROWS} 条。缩小筛选范围后再导出。")
    report = progress or _unheard
    facts = {"title": ledger.title, "author": ledger.exported_by, "subject": ledger.watermark}
    if total <= ledger.part:
        pdf = _printer().written(_printer().laid_out(_page(ledger, list(rows), first=True, last=total, numbered=True)), **facts)
        report(total, total)
        return pdf
    return _merged(ledger, list(_parts(ledger, iter(rows), total=total, report=report)), facts)


def _unheard(_done: int, _total: int) -> None:
    """Progress nobody follows."""


def _parts(ledger: Ledger, rows: Iterator[Sequence[Cell]], *, total: int, report: Progress) -> Iterator[bytes]:
    """The PDF of one part after the other. A last page that is not full goes over into the next part."""
    done: int = 0
    carried: list[Sequence[Cell]] = []
    while chunk := carried + list(islice(rows, ledger.part - len(carried))):
        last = total if done + len(chunk) >= total else 0
        pdf, carried = _part(ledger, chunk, first=done == 0, last=last)
        gc.collect()  # a laid out part is full of cycles; two of them at once would double the memory
        done += len(chunk) - len(carried)
        yield pdf
        report(done, total)


def _part(ledger: Ledger, chunk: list[Sequence[Cell]], *, first: bool, last: int) -> tuple[bytes, list[Sequence[Cell]]]:
    """One part without page numbers, and the rows left for the next one (none after the last)."""
    document = _printer().laid_out(_page(ledger, chunk, first=first, last=last, numbered=False))
    carried = [] if last else _rows_of_last_page(document, chunk)
    pages = document.pages[:-1] if carried else document.pages
    return _printer().written(document.copy(pages), title=ledger.title), carried


def _rows_of_last_page(document: Document, chunk: list[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """The rows that stand on the last page; none when that is all of them."""
    first = min((int(name[1:]) for name in document.pages[-1].anchors if name[:1] == "r"), default=0)
    return chunk[first:] if first else []


def _merged(ledger: Ledger, parts: list[bytes], facts: dict[str, str]) -> bytes:
    """The parts as one file; the page numbers, whose total is only known now, are laid over."""
    with pikepdf.new() as whole:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as pdf:
                whole.pages.extend(pdf.pages)
        html = render_to_string("papers/ledger_numbers.html", {"faces": mark_safe(fonts.css()), "pages": range(len(whole.pages))})  # noqa: S308
        with pikepdf.open(io.BytesIO(_printer().written(_printer().laid_out(html), **facts))) as numbers:
            for page, number in zip(whole.pages, numbers.pages, strict=True):
                page.add_overlay(number, None)
            whole.docinfo.update({key: str(value) for key, value in numbers.docinfo.items()})
        target = io.BytesIO()
        whole.save(target, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return target.getvalue()


def _page(ledger: Ledger, rows: list[Sequence[Cell]], *, first: bool, last: int, numbered: bool) -> str:
    """The HTML of one part: heading on the first, totals (of `last` rows) on the last."""
    whole = sum(column.width for column in ledger.columns)
    return render_to_string("papers/ledger.html", {
        "ledger": ledger, "faces": mark_safe(fonts.css()), "first": first, "last": last, "numbered": numbered,  # noqa: S308 -- names of installed fonts
        "columns": [(column, f"{100 * column.width / whole:.3f}") for column in ledger.columns],
        "rows": _rows(ledger, rows), "totals": list(zip(ledger.columns, map(_text, ledger.totals or ()), strict=False)),
    })


def _rows(ledger: Ledger, rows: list[Sequence[Cell]]) -> SafeString:
    """The table rows; built by hand, as a template loop over 20,000 cells costs a second."""
    opened = [f'<td class="{column.align}">' for column in ledger.columns]
    lines = chain.from_iterable(
        (f'<tr id="r{at}">', *(f"{tag}{_markup(cell)}</td>" for tag, cell in zip(opened, row, strict=True)), "</tr>")
        for at, row in enumerate(rows)
    )
    return mark_safe("".join(lines))  # noqa: S308 -- every cell is escaped by _markup


def _markup(cell: Cell) -> str:
    """A cell as HTML."""
    text = str(escape(_text(cell)))
    return text.replace("-", "-<wbr>", 1) if isinstance(cell, datetime.date) else text


def _text(cell: Cell) -> str:
    """A cell as it is printed: dates as 2026-05-20 (a narrow column breaks them after the year), nothing for None."""
    if isinstance(cell, datetime.datetime):
        return f"{localtime(cell):%Y-%m-%d %H:%M}"
    if isinstance(cell, datetime.date):
        return f"{cell:%Y-%m-%d}"
    return "" if cell is None else str(cell)
