"""Reading a row to change it, and storing one that may be there already: what others did a moment ago is an answer, not an error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction

from apps.core.errors import Refused
from apps.core.keys import among

M = TypeVar("M", bound=models.Model)
GONE = "此记录已被删除，刷新列表后查看。"


def held(rows: models.QuerySet[M], pk: object) -> M:
    """The stored row, held until the transaction ends. Raises Refused when somebody deleted it meanwhile."""
    found = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise Refused(GONE)
    return found


def all_held(rows: models.QuerySet[M], pks: Collection[int]) -> list[M]:
    """These stored rows in the order of their keys, held until the transaction ends. Raises Refused when one was deleted meanwhile."""
    found = list(rows.select_for_update(of=("self",)).filter(among("pk", pks)).order_by("pk"))
    if len(found) != len(set(pks)):
        raise Refused(GONE)
    return found


def checked(record: models.Model, *, exclude: Iterable[str] = ()) -> None:
    """The model's own rules. Raises Refused with the first field at fault and what it says."""
    try:
        record.full_clean(exclude=set(exclude))
    except ValidationError as error:
        field, said = next(iter(error.message_dict.items()))
        raise Refused("；".join(said), field=None if field == NON_FIELD_ERRORS else field) from error


@contextmanager
def refused_when_taken(constraint: str, message: str, *, field: str) -> Iterator[None]:
    """What is stored inside is undone and refused beside `field` where the unique `constraint` says it is there already."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise Refused(message, field=field) from error
