"""全局搜索: which registers are searched and how they are told by their numbers. Every hit comes through `visible_to`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from apps.org.models import Sitting
from apps.pages.paging import FOUND_UP_TO
from apps.pages.sittings import SittingFilter
from apps.risks.models import RiskPoint
from apps.risks.queries import containing, sorted_by

if TYPE_CHECKING:
    from apps.accounts.models import User

EACH = 5
MOST_CHARACTERS = 60  # as in the lists


@dataclass(frozen=True)
class Provider:
    """One register that is searched: its rows for a text, and the list with exactly these rows."""

    label: str
    list_name: str
    unit_word: str
    rows: Callable[[User, str], QuerySet[Any]]
    line: Callable[[Any], dict[str, str]]


@dataclass(frozen=True)
class Hits:
    """What was found in one register: at most five lines, the count, and the list with all of them."""

    label: str
    unit_word: str
    lines: list[dict[str, str]]
    count: int
    url: str

    @property
    def said(self) -> str:
        """The count in words, as the list behind says it."""
        return f"超过 {FOUND_UP_TO:,}" if self.count > FOUND_UP_TO else str(self.count)


def sittings(user: User, text: str) -> QuerySet[Sitting]:
    """The sittings the register's own list finds for a text, the latest first."""
    rows = Sitting.objects.visible_to(user).select_related("unit", "body").order_by("-met_on", "-pk")
    return SittingFilter({"q": text}, rows).qs


def _sitting_line(sitting: Sitting) -> dict[str, str]:
    url = reverse("sittings-detail", args=[sitting.pk])
    return {"title": str(sitting), "note": sitting.subject, "unit": sitting.unit.short_name, "url": url}


def risks(user: User, text: str) -> QuerySet[RiskPoint]:
    """The risk points the register's own list finds for a text, the latest change first."""
    return sorted_by(RiskPoint.objects.visible_to(user).filter(containing(text)).select_related("unit"), "")


def _risk_line(point: RiskPoint) -> dict[str, str]:
    note = f"{point.number}　{point.state_label}"
    return {"title": point.name, "note": note, "unit": point.unit.short_name, "url": point.get_absolute_url()}


PROVIDERS = (
    Provider("廉政风险点", "risks-list", "条", risks, _risk_line),
    Provider("会议", "sittings-list", "场", sittings, _sitting_line),
)
NUMBERED = (RiskPoint,)


def groups(user: User, text: str) -> list[Hits]:
    """The hits by register, those without a hit left out; nothing for an empty text."""
    if not text:
        return []
    found = []
    for provider in PROVIDERS:
        rows = provider.rows(user, text)
        lines = [provider.line(row) for row in rows[: EACH + 1]]
        count = rows.order_by()[: FOUND_UP_TO + 1].count() if len(lines) > EACH else len(lines)
        if count:
            url = f"{reverse(provider.list_name)}?{urlencode({'q': text})}"
            found.append(Hits(provider.label, provider.unit_word, lines[:EACH], count, url))
    return found


def by_number(user: User, text: str) -> Any:
    """The record with exactly this number, in either case, when the user may see it; else None."""
    if not text:
        return None
    for model in NUMBERED:
        if record := model.objects.visible_to(user).filter(number=text.upper()).first():
            return record
    return None
