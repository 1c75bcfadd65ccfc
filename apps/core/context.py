"""Who is asking, from where: filled by the middleware for a request, empty in tasks and commands."""
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """The facts of one request that an audit event carries beside its actor."""

    ip: str | None = None
    session: str = ""  # a hash of the session key, never the key
    request_id: str = ""


_current: ContextVar[Context] = ContextVar("portal_context", default=Context())  # noqa: B039 -- frozen


def current() -> Context:
    """The context of the running request; an empty one outside a request."""
    return _current.get()


@contextmanager
def request_context(context: Context) -> Iterator[None]:
    """Make `context` current inside the block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
