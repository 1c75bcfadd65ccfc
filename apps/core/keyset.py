"""Long lists page by page without counting or skipping: what comes after a key is as cheap on the last page as on the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LONGEST = 18  # digits of a key


@dataclass(frozen=True)
class Part:
    """Some rows of a long list, the newest first. `older` and `newer` are the keys of the links; "" where nothing follows."""

    rows: list[Any]
    older: str = ""
    newer: str = ""


def part_of(rows: Any, *, size: int, older: str = "", newer: str = "") -> Part:
    """`size` rows by falling key: those older than the key `older`, or the nearest ones newer than `newer`, else the first.

    A key that is no number counts as none. The rows may have come or gone meanwhile; nothing is shown twice or left out.
    """
    if key := _key(newer):
        found = list(rows.filter(pk__gt=key).order_by("pk")[: size + 1])
        kept = found[:size][::-1]
        if len(found) <= size:  # the newest there are: a whole page of them
            return part_of(rows, size=size)
        return Part(kept, older=str(kept[-1].pk), newer=str(kept[0].pk))
    key = _key(older)
    found = list((rows.filter(pk__lt=key) if key else rows).order_by("-pk")[: size + 1])
    kept = found[:size]
    if key and not kept:
        return part_of(rows, size=size)
    return Part(kept, older=str(kept[-1].pk) if len(found) > size else "", newer=str(kept[0].pk) if key else "")


def _key(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST else 0
