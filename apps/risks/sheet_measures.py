"""The measures of a point that a sheet speaks of: which stored one a text means, and what of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from apps.exchange.values import numbered

if TYPE_CHECKING:
    from apps.risks.models import Measure


def posted_value(value: Any) -> list[str]:
    """A stored value as a browser posts it."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return ["on"] if value is True else [] if value in (None, False, "") else [str(value)]


def with_each(posted: dict[str, list[str]], row: Any) -> dict[str, list[str]]:
    """A measure with what every one gets. A date and 长期坚持 exclude each other: what is there stays, or makes way as a whole."""
    apart = {"due_on": "is_standing", "is_standing": "due_on"}
    found = dict(posted)
    for name, given in row.each.items():
        other = apart.get(name, name)
        if row.overwrites:
            found |= {other: [], name: list(given)}
        elif not posted.get(name) and not posted.get(other):
            found[name] = list(given)
    return found


def until_over(posted: dict[str, list[str]], until: dict[str, list[str]]) -> dict[str, list[str]]:
    """With the time the sheet names; a date and 长期坚持 exclude each other."""
    return posted | {"due_on": [], "is_standing": []} | until if until else posted


def same(text: str, stored: Sequence[Measure]) -> Measure | None:
    """The stored measure of this wording; spaces and line breaks do not count."""
    return next((measure for measure in stored if measure.content.split() == text.split()), None)


def matched(texts: Sequence[str], stored: Sequence[Measure]) -> list[tuple[Measure | None, str]]:
    """Each text of a sheet with the measure it speaks of: the one of this wording; else, where as many stand there as before, the one
    in its place, of which only the wording changed: its kind and person stay. None for a new one.
    """
    found = [(same(text, stored), text) for text in texts]
    taken = {measure.pk for measure, _ in found if measure is not None}
    in_place = {at: one for at, one in enumerate(stored) if one.pk not in taken} if len(texts) == len(stored) else {}
    return [(measure or in_place.get(at), measure.content if measure is not None else text) for at, (measure, text) in enumerate(found)]


def parts(texts: Sequence[str], stored: Sequence[Measure]) -> list[str]:
    """The measures of a cell: a text that is one already stays whole, numbered ones are parted as they were written out."""
    return [part for text in texts for part in ([text] if same(text, stored) else numbered(text))]
