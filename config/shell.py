"""What the shell of every page shows: menu, unit, counts, text size and colours.

Everything is worked out only when a template asks, so a fragment or a JSON answer costs nothing; a whole page costs
one query (open to-dos) beside the scope, which the page itself needs too. Visitors cost none.
"""
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from apps.flow.queries import open_count
from apps.org.scope import scope_of
from config.menu import Item, address, menu_of, tabs_of

SIZE_COOKIE = "size"
THEME_COOKIE = "theme"


class Shell:
    """The shell's facts for one request; templates read its attributes."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @property
    def signed_in(self) -> bool:
        return bool(self.user and self.user.is_authenticated)

    @property
    def large(self) -> bool:
        """关怀版: stored with the user, before login in a cookie."""
        if self.user and self.user.is_authenticated:
            return self.user.prefers_large
        return self.request.COOKIES.get(SIZE_COOKIE) == "large"

    @property
    def theme(self) -> str:
        """`dark` or `light`: stored with the user, before login in a cookie; never taken from the machine (ux.md §18)."""
        if self.user and self.user.is_authenticated:
            return "dark" if self.user.prefers_dark else "light"
        return "dark" if self.request.COOKIES.get(THEME_COOKIE) == "dark" else "light"

    @cached_property
    def menu(self) -> list[Item]:
        return menu_of(scope_of(self.user), self.request.path) if self.signed_in else []

    @cached_property
    def tabs(self) -> tuple[Item, ...]:
        return tabs_of(scope_of(self.user), self.request.path) if self.signed_in else ()

    @cached_property
    def unit_name(self) -> str:
        """The unit the user works in: that of the first assignment."""
        grips = scope_of(self.user).grips if self.signed_in else ()
        return grips[0].unit_name if grips else ""

    @cached_property
    def todo_count(self) -> int:
        """The open to-dos; a page that counted them already says so on the request."""
        known = getattr(self.request, "todo_count", None)
        return known if known is not None else open_count(self.user) if self.signed_in else 0

    @property
    def links(self) -> dict[str, str]:
        """The addresses the top bar uses; an empty one means the page is not built and its link is left out."""
        names = {
            "home": "home", "search": "search", "size": "size", "help": "help", "todo": "todo", "todo_count": "todo-count",
            "profile": "profile", "password": "password", "logout": "logout", "preferences": "preferences",
        }
        return {key: address(name) for key, name in names.items()}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: puts `shell` into every template."""
    return {"shell": Shell(request)}
