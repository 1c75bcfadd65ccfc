"""Every page somebody may open, in a browser: axe-core finds nothing, nothing scrolls sideways, the skip link comes first (ux.md §22).

The pages are those of the permission table: a new route is looked at from its first day on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse

from tests.journeys.desk import Desk
from tests.kit.people import grant, user
from tests.permissions import test_matrix as matrix
from tests.permissions.rows import ROWS

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = (1440, 768, 390, 320)
LOOKS = ({"prefers_large": True}, {"prefers_dark": True})
SEEN_ONCE = {"logout", "healthz", "readyz", "api-schema"}


@pytest.fixture
def scene(world: Any) -> Any:
    """One of everything a route may name."""
    for role in ("R09", "R21"):
        world.people[role] = user(role)
        grant(world.people[role], role, world.company)
    matrix._things(world)
    return world


def pages(world: Any) -> Iterator[tuple[str, str]]:
    """(who, address): each page once, by the first person of its row; the addresses of programs and parts are sorted out later."""
    for (name, method), row in ROWS.items():
        who = next((matrix.NAMED[role] for role in row.roles.split() if role in matrix.NAMED), "")
        if method == "get" and row.ok == 200 and who and name not in SEEN_ONCE and not name.startswith("api-"):
            yield who, reverse(name, kwargs=row.kwargs(world))


def is_page(desk: Desk, url: str) -> bool:
    """Whether this address answers with a whole page, not with a file or a part of one."""
    answer = desk.context.request.get(url, max_redirects=0)
    return answer.status == 200 and "html" in answer.headers.get("content-type", "") and "<html" in answer.text()[:2000]


def faults_of(desk: Desk, url: str) -> list[str]:
    """What is wrong with one page, in every width; axe looks at the widest and at the phone."""
    found = []
    page = desk.open(url)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{url} at {width}: sideways"] * desk.too_wide()
        if width in {1440, 390}:
            found += [f"at {width}: {fault}" for fault in desk.axe()]
    if page.locator("h1").count() != 1:
        found.append(f"{url}: {page.locator('h1').count()} h1")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className")
    if "skip" not in first and not page.evaluate("Boolean(document.activeElement.closest('.errsum, dialog, form'))"):
        found.append(f"{url}: the first Tab goes to {first!r}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("look", [{}, *LOOKS], ids=["standard", "large", "dark"])
def test_every_page_can_be_read_and_used_by_everybody(scene: Any, desk: Callable[..., Desk], look: dict[str, bool]) -> None:
    by_person: dict[str, list[str]] = {}
    for who, url in pages(scene):
        by_person.setdefault(who, []).append(url)
    found, looked_at = [], 0
    for who, urls in by_person.items():
        type(scene.people[who]).objects.filter(pk=scene.people[who].pk).update(**look)
        person = desk(who)
        for url in urls:
            if is_page(person, url):
                looked_at += 1
                found += faults_of(person, url)
        person.faults.clear()  # what a page's own requests complain about is for its journey
    assert looked_at > 30
    assert found == []
