"""Search in Chinese text: an index over pairs of neighbouring characters, no extension (stack.md §9).

A register that can grow adds `GinIndex(Bigrams("title"), name="…")` to its Meta.indexes and names core's 0001_initial
among the dependencies of that migration.
"""
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan


class Bigrams(Func):
    """The set of two-character pieces of a text, in lower case."""

    function = "bigrams"
    arity = 1

    def __init__(self, expression: Any, **extra: Any) -> None:
        extra.setdefault("output_field", ArrayField(TextField()))
        super().__init__(expression, **extra)


class Joined(Func):
    """Several texts as one, a blank between them."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        extra.setdefault("output_field", TextField())
        super().__init__(*expressions, **extra)


class Includes(Func):
    """`array @> array`: every element of the second is in the first; a GIN index answers it."""

    template = "%(expressions)s"
    arg_joiner = " @> "
    arity = 2

    def __init__(self, expression: Any, wanted: Any, **extra: Any) -> None:
        super().__init__(expression, wanted, output_field=BooleanField(), **extra)


def matching(field: str | Joined, text: str) -> Q:
    """Rows whose `field` contains every word of `text`, whatever the case; all rows for an empty text.

    `field` may be several, joined as they are indexed.
    Words of two characters and more can use a `Bigrams` index; a single character reads every row. The pieces are compared
    with strpos, not ILIKE: the planner takes that for a second rare condition and then reads and sorts all hits of a common
    word where the first fifty in the order of the list would do.
    """
    wanted, searched = Q(), F(field) if isinstance(field, str) else field
    for word in text.split():
        if len(word) > 1:
            wanted &= Q(Includes(Bigrams(searched), Bigrams(Value(word))))
        wanted &= Q(GreaterThan(StrIndex(Lower(searched), Lower(Value(word))), 0))
    return wanted
