"""Rows by their keys, however many."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import BooleanField, F, Func, Model, Q

HANDFUL = 20


class Among(Func):
    """`column = ANY (array)` with the array as one literal: a list of a thousand keys costs neither Django nor the parser."""

    arity = 1
    output_field = BooleanField()

    def __init__(self, column: Any, keys: Iterable[int], **extra: Any) -> None:
        self.literal = f"{{{','.join(str(int(key)) for key in sorted(keys))}}}"  # once, however often the SQL is written
        super().__init__(column, **extra)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The keys, whole numbers as they are, go as a parameter all the same."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY (%s::bigint[])", [*params, self.literal]


def among(field: str, keys: Collection[int]) -> Q:
    """Rows whose key is one of these; the plain IN for a handful, which the planner knows best."""
    return Q(Among(F(field), keys)) if len(keys) > HANDFUL else Q(**{f"{field}__in": sorted(keys)})


class Named:
    """Some fields of rows that many others name, as plain values: each is read once, however often it is named."""

    def __init__(self, model: type[Model], *fields: str) -> None:
        self.model, self.fields = model, fields
        self.known: dict[int, Any] = {}

    def learn(self, keys: Iterable[int | None]) -> None:
        """Read those of these that are not known yet."""
        if new := {key for key in keys if key is not None} - self.known.keys():
            found = self.model._default_manager.filter(among("pk", new))
            self.known |= {row.pk: row for row in found.values_list("pk", *self.fields, named=True)}

    def __getitem__(self, key: int) -> Any:
        """Its fields by name. Raises KeyError when it was never learned."""
        return self.known[key]
