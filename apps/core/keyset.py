"""Long lists page by page without counting or skipping: what comes after a key is as cheap on the last page as on the first."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

KEY = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)  # microseconds since 1970, primary key
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Part:
    """Some rows of a long list, the newest first. `older` and `newer` are the keys of the links; "" where nothing follows."""

    rows: list[Any]
    older: str = ""
    newer: str = ""


def part_of(rows: Any, *, by: str, size: int, older: str = "", newer: str = "") -> Part:
    """`size` rows by their moment (the field `by`), the newest first: those older than the key `older`, or the nearest ones newer than
    `newer`, else the first. What is no key counts as none. Rows may come meanwhile; nothing is shown twice or left out.
    """
    if key := _read(newer):
        found = list(rows.filter(_beyond(by, key, "gt")).order_by(by, "pk")[: size + 1])
        kept = found[:size][::-1]
        if len(found) > size:
            return Part(kept, older=_key(kept[-1], by), newer=_key(kept[0], by))
        return part_of(rows, by=by, size=size)  # the newest there are: a whole page of them
    key = _read(older)
    found = list((rows.filter(_beyond(by, key, "lt")) if key else rows).order_by(f"-{by}", "-pk")[: size + 1])
    kept = found[:size]
    if key and not kept:
        return part_of(rows, by=by, size=size)
    return Part(kept, older=_key(kept[-1], by) if len(found) > size else "", newer=_key(kept[0], by) if key else "")


def _beyond(by: str, key: tuple[datetime.datetime, int], side: str) -> Q:
    """Later or earlier than the key; the moment once more alone, for that is what an index can begin with."""
    moment, pk = key
    return Q(**{f"{by}__{side}e": moment}) & (Q(**{f"{by}__{side}": moment}) | Q(**{f"pk__{side}": pk}))


def _key(row: Any, by: str) -> str:
    return f"{(getattr(row, by) - START) // datetime.timedelta(microseconds=1)}-{row.pk}"


def _read(text: str | None) -> tuple[datetime.datetime, int] | None:
    found = KEY.fullmatch(text or "")
    return (START + datetime.timedelta(microseconds=int(found[1])), int(found[2])) if found else None
