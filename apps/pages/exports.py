"""A list as a sheet: what the current filter shows and the requester may see, written as it is read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol
from unicodedata import normalize
from urllib.parse import unquote_plus

from django.http import QueryDict
from django.utils import timezone

from apps.audit import streams
from apps.audit.services import note
from apps.documents.jobs import Denied, Progress, Result, job_kind
from apps.documents.models import Job
from apps.documents.results import empty
from apps.exchange.writing import Head, Page, write_csv, write_xlsx
from apps.org.queries import title_of, unit_of
from apps.org.scope import scope_of
from apps.pages.answers import XLSX

if TYPE_CHECKING:
    from apps.accounts.models import User

KIND = "sheet-out"
AT_ONCE = 2000  # rows that a request writes by itself
TOGETHER = 1000  # rows that are read at once
EXPORTS = "EU"
NUMBER = re.compile(r"\d[\d%+\- ]{5,}[\dXx]")
MEDIA = {"xlsx": XLSX, "csv": "text/csv"}


@dataclass(frozen=True)
class Column:
    """A column of the sheet: its title, as the import knows it, and how a record gives its text. `under`: where the list shows it."""

    title: str
    value: Callable[[Any], Any]
    width: float = 14
    under: str = ""


class Lines(Protocol):
    """The filtered rows of one export, opened for reading: the columns there are, and some hundreds of rows by their keys."""

    @property
    def columns(self) -> Sequence[Column]: ...

    def read(self, keys: Sequence[int]) -> Mapping[int, Any]:
        """What the columns take their texts from, by key; a row that went meanwhile is not among them."""
        ...


@dataclass(frozen=True)
class Records:
    """Lines that are the records themselves: enough for a register of some thousand rows."""

    rows: Any
    columns: Sequence[Column]

    def read(self, keys: Sequence[int]) -> Mapping[int, Any]:
        found: Mapping[int, Any] = self.rows.order_by().in_bulk(keys)
        return found


@dataclass(frozen=True)
class Sheet:
    """How a register goes out."""

    name: str
    label: str
    function: str  # of org.matrix: whoever may not read it gets nothing
    visible: Callable[[User], Any]  # the rows the person may take out: those within E and U (EXPORTS)
    filterset: Any
    lines: Callable[[Any], Lines]  # of the filtered rows
    conditions: Callable[[Any], str]  # the filter in words


_sheets: dict[str, Sheet] = {}


def declare(sheet: Sheet) -> None:
    """Let a register go out as a sheet."""
    _sheets[sheet.name] = sheet


def sheet_of(name: str) -> Sheet:
    """The sheet of this register. Raises KeyError."""
    return _sheets[name]


@dataclass(frozen=True)
class Asked:
    """What somebody wants as a sheet. `columns`: those of his list, none for all; `keys`: the ticked rows, none for the filter."""

    register: str
    query: str = ""
    kind: str = "xlsx"
    columns: Sequence[str] = ()
    keys: Sequence[int] = ()

    def as_params(self) -> dict[str, Any]:
        """For the row of a job."""
        return asdict(self)

    def told(self) -> dict[str, Any]:
        """For the audit, which keeps it for ever: a searched 身份证号 or telephone number is not in it (PR-05)."""
        return self.as_params() | {"query": NUMBER.sub("***", normalize("NFKC", unquote_plus(self.query)))}


@dataclass
class Selection:
    """The rows of one export, and how many."""

    asked: Asked
    sheet: Sheet
    found: Any  # the filter set
    rows: Any
    total: int

    @cached_property
    def lines(self) -> Lines:
        """The rows opened for reading, once."""
        return self.sheet.lines(self.rows)

    @property
    def columns(self) -> list[Column]:
        """The columns in the order of the list, or all there are."""
        every = self.lines.columns
        return [column for name in self.asked.columns for column in every if column.under == name] or list(every)


def may_export(function: str, user: User) -> bool:
    """Who takes rows out: E of the matrix, and U, whoever keeps the register of a unit. The printed ledger is for every reader."""
    scope = scope_of(user)
    return any(scope.may(function, letter) for letter in EXPORTS)


def told(selection: Selection, *, by: User, at: datetime.datetime) -> None:
    """The event: who took how many rows out, by which filter."""
    unit = unit_of(by)
    stream, after = unit.stream if unit is not None else streams.SYS, selection.asked.told() | {"count": selection.total}
    note("exchange.exported", stream=stream, by=by, at=at, unit_id=unit.pk if unit is not None else None, after=after)


def select(asked: Asked, *, by: User) -> Selection:
    """What this filter shows to the person now, of the rows he may take out. Raises Denied for whoever may no longer do so."""
    sheet = sheet_of(asked.register)
    if not may_export(sheet.function, by):
        raise Denied(f"您已没有导出{sheet.label}的权限。")
    found = sheet.filterset(QueryDict(asked.query), sheet.visible(by), request=SimpleNamespace(user=by))
    rows = found.qs.filter(pk__in=asked.keys) if asked.keys else found.qs
    return Selection(asked, sheet, found, rows, rows.count())


def write(path: Path, selection: Selection, *, by: User, at: datetime.datetime, progress: Progress | None = None) -> int:
    """Write the rows as xlsx or csv; gives how many. `progress(done, total)` is told on the way."""
    columns = selection.columns
    page = Page(f"{selection.sheet.label}台账", headline(selection, by=by, at=at), [Head(c.title, c.width) for c in columns])
    told = _told(([column.value(row) for column in columns] for row in records(selection)), selection.total, progress)
    return write_xlsx(path, page, told) if selection.asked.kind == "xlsx" else write_csv(path, page, told)


def records(selection: Selection) -> Iterable[Any]:
    """The rows in their order, some hundreds in memory at a time: a cursor of the server needs a session pgbouncer does not give."""
    ordered = list(selection.rows.values_list("pk", flat=True))
    for at in range(0, len(ordered), TOGETHER):
        keys = ordered[at : at + TOGETHER]
        found = selection.lines.read(keys)
        yield from (found[key] for key in keys if key in found)


def _told(lines: Iterable[Any], total: int, progress: Progress | None) -> Iterable[Any]:
    for done, line in enumerate(lines, start=1):
        yield line
        if progress is not None and done % 500 == 0:
            progress(done, total)


def headline(selection: Selection, *, by: User, at: datetime.datetime) -> str:
    """Who exported what and when, over the table."""
    unit, conditions = unit_of(by), selection.sheet.conditions(selection.found)
    who = f"导出人：{unit.name if unit else ''} {by.name}（{title_of(by)}）"
    when = f"导出时间：{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return "　".join(part for part in (who, when, f"共 {selection.total} 条", f"条件：{conditions}" if conditions else "") if part)


def file_name(selection: Selection, *, by: User, at: datetime.datetime) -> str:
    """廉政风险点_城投集团_20261120.xlsx."""
    unit = unit_of(by)
    parts = (selection.sheet.label, unit.short_name if unit else "", f"{timezone.localtime(at):%Y%m%d}")
    return "_".join(part for part in parts if part) + f".{selection.asked.kind}"


@job_kind(KIND, label="导出列表")
def export_list(job: Job, progress: Progress) -> Result:
    """Write the filter the requester had, for what he may see now."""
    by, at, asked = job.requested_by, timezone.now(), Asked(**job.params)
    selection, path = select(asked, by=by), empty()
    write(path, selection, by=by, at=at, progress=progress)
    told(selection, by=by, at=at)
    return file_name(selection, by=by, at=at), MEDIA[asked.kind], path
