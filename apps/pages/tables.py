"""The table of a register's list: ordered and cut by the database on keys alone, and drawn with little work a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from inspect import signature
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django_tables2.utils import Accessor

from apps.pages.paging import RecordPaginator

Fetch = Callable[[list[int]], QuerySet[Any]]


class Cell:
    """How one column is drawn, worked out once for a page: django_tables2 asks everything anew for every cell."""

    def __init__(self, table: RecordTable, bound: Any) -> None:
        self.table, self.bound = table, bound
        self.opened = f'<td data-col="{escape(bound.name)}" {bound.attrs["td"].as_html()}>'
        self.accessor = Accessor(bound.accessor)
        self.asked = set(signature(bound.render).parameters)

    def value_of(self, record: Any) -> Any:
        """The value, by its label when it is one of choices; None for a column that is no field."""
        owner, name = self.accessor.penultimate(record, quiet=True)
        shown = getattr(owner, f"get_{name}_display", None)
        if shown is not None:
            return shown()
        return self.accessor.resolve(record, quiet=True)

    def drawn(self, record: Any) -> str:
        """The whole cell as HTML."""
        value = self.value_of(record)
        if value in self.bound.column.empty_values:
            content = self.bound.default
        else:
            known = {"value": value, "record": record, "column": self.bound.column, "bound_column": self.bound, "table": self.table}
            content = self.bound.render(**{name: known[name] for name in self.asked})
        shown = content if isinstance(content, SafeString) else escape(str(localize(content)))  # html's own: Django's asks for lazy texts
        return f"{self.opened}{shown}</td>"


@dataclass(frozen=True)
class Line:
    """One record of the page and its cells."""

    record: Any
    columns: list[Cell]

    @property
    def cells(self) -> SafeString:
        """The cells as HTML."""
        return mark_safe("".join(cell.drawn(self.record) for cell in self.columns))  # noqa: S308 -- each cell escapes its content


class RecordTable(tables.Table):
    """A django_tables2 table that fetches one page: the keys in their order first, then these rows with all they show.

    So neither the joins nor the counted columns are worked out for the rows before a late page, and an index that holds
    order and scope answers the first question by itself.
    """

    def show(self, *, page: Any, per_page: int, fetch: Fetch, exact: int | None = None) -> None:
        """Take this page of the ordered rows; `fetch` gives rows by their keys, inside the same scope."""
        self.paginator = RecordPaginator(self.data.data, per_page, exact=exact)
        self.page = self.paginator.page(page)
        ordered: Any = self.page.object_list
        keys = list(ordered.values_list("pk", flat=True))
        found = fetch(keys).in_bulk(keys)
        self.page.object_list = [Line(found[key], self.cells) for key in keys if key in found]

    @cached_property
    def cells(self) -> list[Cell]:
        """The columns that are drawn."""
        return [Cell(self, bound) for bound in self.columns]

    @property
    def lines(self) -> Iterator[Line]:
        """The page, line by line."""
        return iter(self.page.object_list)
