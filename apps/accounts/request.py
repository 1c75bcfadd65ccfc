"""What a request is once `SessionRules` has seen it; for annotations."""
from dataclasses import dataclass

from django.http import HttpRequest

from .models import User
from .rules import Limits
from .sessions import SessionStore


@dataclass(frozen=True)
class Ending:
    """The session that this request came with and that is no longer there."""

    reason: str
    user: User | None


class PortalRequest(HttpRequest):
    """`limits` is there for somebody logged in; `ending` tells a visitor what became of the session."""

    user: User
    session: SessionStore
    limits: Limits
    ending: Ending | None
    todo_count: int  # set by a page that counted anyway, so that the top bar does not count again
