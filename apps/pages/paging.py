"""Page numbers officials cite, without counting a million rows for them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Value

EXACT_UP_TO = 10_000
FOUND_UP_TO = 1_000  # hits of a searched word: each is a row read somewhere on the disk
SIZES = (10, 20, 50, 100)
DEFAULT_SIZE = 20
LONGEST = 9  # digits that fit an integer column


class RecordPaginator(Paginator):
    """Counts exactly up to 10,000 rows (or `exact`); a page past the end is the last page."""

    def __init__(self, *args: Any, exact: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exact = EXACT_UP_TO if exact is None else exact

    @cached_property
    def count(self) -> int:
        """The number of rows, at most one more than is counted exactly."""
        rows: Any = self.object_list
        data = getattr(rows, "data", rows)  # a table wraps its queryset twice
        data = getattr(data, "data", data)
        return len(data) if isinstance(data, list) else data.order_by().values("pk")[: self.exact + 1].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more than are counted."""
        return self.count > self.exact

    def page(self, number: int | str) -> Page:
        """The page, or the nearest one that exists: the first for what is no page number."""
        wanted = whole(str(number)) or 1
        return super().page(min(wanted, self.num_pages))


def tallies(some: Sequence[QuerySet[Any]]) -> list[int]:
    """How many rows each of these finds, asked in one query."""
    if not some:
        return []
    first, *others = [qs.order_by().annotate(tab=Value(at)).values("tab").annotate(rows=Count("pk")) for at, qs in enumerate(some)]
    found = {part["tab"]: part["rows"] for part in first.union(*others, all=True)}
    return [found.get(at, 0) for at in range(len(some))]


def whole(text: str | None) -> int:
    """The number somebody typed into an address or posted with a form; 0 for anything that is none or too long for a column."""
    return int(text) if text and text.isdecimal() and len(text) <= LONGEST else 0


def size_from(value: str | None) -> int:
    """The rows per page asked for, when it is one of those offered."""
    return size if (size := whole(value)) in SIZES else DEFAULT_SIZE
