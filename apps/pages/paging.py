"""Page numbers officials cite, without counting a million rows for them."""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator

EXACT_UP_TO = 10_000
SIZES = (10, 20, 50, 100)
DEFAULT_SIZE = 20


class RecordPaginator(Paginator):
    """Counts exactly up to 10,000 rows; a page past the end is the last page."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most 10,001."""
        rows: Any = self.object_list
        data = getattr(rows, "data", rows)  # a table wraps its queryset twice
        data = getattr(data, "data", data)
        return len(data) if isinstance(data, list) else data.order_by()[: EXACT_UP_TO + 1].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more than 10,000."""
        return self.count > EXACT_UP_TO

    def page(self, number: int | str) -> Page:
        """The page, or the nearest one that exists."""
        return self.get_page(number) if not isinstance(number, int) or number > self.num_pages or number < 1 else super().page(number)


def size_from(value: str | None) -> int:
    """The rows per page asked for, when it is one of those offered."""
    return int(value) if value and value.isdigit() and int(value) in SIZES else DEFAULT_SIZE
