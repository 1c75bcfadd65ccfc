"""Numbers over very many rows, worked out once in a while: never rows, and never for other rows than the asker's own."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Model, QuerySet
from redis.exceptions import RedisError

MANY = 10_000
SECONDS = 300
Answer = TypeVar("Answer")
M = TypeVar("M", bound=Model)


def remembered(
    rows: QuerySet[M], question: str, work: Callable[[], Answer], *, at: datetime.datetime
) -> tuple[Answer, datetime.datetime | None]:
    """`work()`, and since when its answer stands (None: it is of now).

    Up to 10,000 rows it is asked anew each time, so that a number agrees with the list behind it. Beyond, it is kept five
    minutes under the question and the SQL of `rows` with all its values: units, loans and recusals are in it, so whoever
    sees other rows asks something else. Without Redis it is asked anew too.
    """
    if rows.order_by()[: MANY + 1].count() <= MANY:
        return work(), None
    key = f"remembered:{sha256(f'{question} {rows.order_by().query}'.encode()).hexdigest()}"
    try:
        kept = cache.get(key)
        if kept is None:
            kept = (work(), at)
            cache.set(key, kept, SECONDS)
    except RedisError:
        kept = (work(), at)
    return kept
