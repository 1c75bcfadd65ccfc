"""Which value is in force, and what a 字典 offers.

Nothing is cached: a value in force is one indexed query on a table of a few dozen rows, so no process can ever use a stale deadline.
A page that needs several values asks for all of them at once with `values`.
"""
from collections.abc import Iterable
from copy import copy
from datetime import date

from django.db.models import QuerySet

from .catalogue import CATALOGUE, JsonValue
from .dictionaries import DICTIONARIES
from .models import DictionaryItem, ParameterValue
from .rules import Value, loaded


def frozen(keys: Iterable[str], *, on: date) -> dict[str, JsonValue]:
    """The values in force on `on`, JSON-ready, to be kept on a record; `rules.thawed` reads them back. One query.

    In force is the confirmed value with the latest effective date not after `on` (of two for the same date the one confirmed last),
    else the catalogue's default. An unknown key is a programming error: KeyError.
    """
    stored = {key: copy(CATALOGUE[key].default) for key in keys}
    confirmed = ParameterValue.objects.filter(key__in=stored, confirmed_at__isnull=False, effective_on__lte=on)
    latest = confirmed.order_by("key", "-effective_on", "-confirmed_at", "-pk").distinct("key")
    return stored | dict(latest.values_list("key", "value"))


def values(keys: Iterable[str], *, on: date) -> dict[str, Value]:
    """Several values in force on `on`, ready for calculation; one query. Unknown key: KeyError."""
    return {key: loaded(key, stored) for key, stored in frozen(keys, on=on).items()}


def value(key: str, *, on: date) -> Value:
    """The value in force on `on` (domain.md Appendix B), in the unit of the catalogue. Unknown key: KeyError."""
    return values([key], on=on)[key]


def whole(key: str, *, on: date) -> int:
    """The value in force of a parameter that is a whole number: days, months, persons. Unknown key: KeyError; other kind: TypeError."""
    number = value(key, on=on)
    if not isinstance(number, int):
        raise TypeError(f"{key} is no whole number")
    return number


def history(key: str) -> QuerySet[ParameterValue]:
    """Every change ever proposed for the key, newest effective date first, rejected ones included. Unknown key: KeyError."""
    changes = ParameterValue.objects.filter(key=CATALOGUE[key].key)
    return changes.select_related("written_by", "confirmed_by", "rejected_by").order_by("-effective_on", "-pk")


def changes_open() -> QuerySet[ParameterValue]:
    """Changes that wait for a second person, oldest first."""
    waiting = ParameterValue.objects.filter(confirmed_at__isnull=True, rejected_at__isnull=True)
    return waiting.select_related("written_by").order_by("written_at", "pk")


def choices(dictionary: str, *, on: date | None = None, keep: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Code and label of the items a form offers: those in use now, or those in use on a date; one query.

    `keep` are codes that stay offered although stopped (the ones an edited record already holds). Unknown dictionary: KeyError.
    """
    return choices_of([dictionary], on=on, keep=keep)[dictionary]


def choices_of(dictionaries: Iterable[str], *, on: date | None = None, keep: Iterable[str] = ()) -> dict[str, list[tuple[str, str]]]:
    """`choices` of several dictionaries at once; one query for all of them. Unknown dictionary: KeyError."""
    wanted = {code: DICTIONARIES[code].items for code in dictionaries}
    rows: dict[str, dict[str, DictionaryItem]] = {code: {} for code in wanted}
    for row in DictionaryItem.objects.filter(dictionary__in=wanted).order_by("sort_no", "pk"):
        rows[row.dictionary][row.code] = row
    kept = set(keep)
    return {code: _offered(built_in, rows[code], kept=kept, on=on) for code, built_in in wanted.items()}


def _offered(
    built_in: tuple[tuple[str, str], ...], rows: dict[str, DictionaryItem], *, kept: set[str], on: date | None
) -> list[tuple[str, str]]:
    offered = [*built_in, *((code, row.label) for code, row in rows.items() if code not in dict(built_in))]
    return [(code, label) for code, label in offered if code in kept or code not in rows or _in_use(rows[code], on)]


def _in_use(item: DictionaryItem, on: date | None) -> bool:
    if on is None:
        return item.is_active
    started = item.effective_on is None or item.effective_on <= on
    return started and (item.stopped_on is None or on < item.stopped_on)


def labels(dictionary: str) -> dict[str, str]:
    """The label of every code ever offered, stopped ones included; one query, for lists. Unknown dictionary: KeyError."""
    own = DictionaryItem.objects.filter(dictionary=dictionary).values_list("code", "label")
    return dict(DICTIONARIES[dictionary].items) | dict(own)


def label(dictionary: str, code: str) -> str:
    """The label of one code, stopped or not; no query for a built-in one. Unknown dictionary or code: KeyError."""
    built_in = dict(DICTIONARIES[dictionary].items)
    return built_in[code] if code in built_in else labels(dictionary)[code]


def items_of(dictionary: str) -> QuerySet[DictionaryItem]:
    """The rows administrators made in a 字典, for its page. Unknown dictionary: KeyError."""
    return DictionaryItem.objects.filter(dictionary=DICTIONARIES[dictionary].code).order_by("sort_no", "pk")
