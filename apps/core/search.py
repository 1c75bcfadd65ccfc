"""Search in Chinese text: an index over pairs of neighbouring characters, no extension (stack.md §9).

A register that can grow adds `GinIndex(Bigrams("title"), name="…")` to its Meta.indexes and names core's 0001_initial
among the dependencies of that migration.
"""
import re
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, TextField, Value


class Bigrams(Func):
    """The set of two-character pieces of a text, in lower case."""

    function = "bigrams"
    arity = 1

    def __init__(self, expression: Any, **extra: Any) -> None:
        extra.setdefault("output_field", ArrayField(TextField()))
        super().__init__(expression, **extra)


class Includes(Func):
    """`array @> array`: every element of the second is in the first; a GIN index answers it."""

    template = "%(expressions)s"
    arg_joiner = " @> "
    arity = 2

    def __init__(self, expression: Any, wanted: Any, **extra: Any) -> None:
        super().__init__(expression, wanted, output_field=BooleanField(), **extra)


class ILike(Func):
    """`text ILIKE pattern`; takes the pattern as it is."""

    template = "%(expressions)s"
    arg_joiner = " ILIKE "
    arity = 2

    def __init__(self, expression: Any, pattern: Any, **extra: Any) -> None:
        super().__init__(expression, pattern, output_field=BooleanField(), **extra)


def matching(field: str, text: str) -> Q:
    """Rows whose `field` contains every word of `text`, whatever the case; all rows for an empty text.

    Words of two characters and more can use a `Bigrams` index; a single character reads every row.
    """
    wanted = Q()
    for word in text.split():
        if len(word) > 1:
            wanted &= Q(Includes(Bigrams(F(field)), Bigrams(Value(word))))
        pattern = re.sub(r"([\\%_])", r"\\\1", word)
        wanted &= Q(ILike(F(field), Value(f"%{pattern}%")))
    return wanted
