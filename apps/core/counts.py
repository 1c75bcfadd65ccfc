"""Several numbers in one query, each counted no further than anybody reads."""

from __future__ import annotations

from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

TALLIED = 999  # the number on a tab is counted no further: six exact ones over a million rows cost more than the page


class CountOf(Subquery):
    """How many rows a queryset has, as one column; with `most` at most one more than that, and then the counting stops."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet[Any], *, most: int | None = None) -> None:
        keys = rows.order_by().values("pk")
        super().__init__(keys if most is None else keys[: most + 1])
