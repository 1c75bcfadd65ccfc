"""What was typed into a form survives the end of the session and of the page's proof: sealed, bound to its user and its own address.

Where nobody can tell any more whose page it was (the session cookie itself is gone), it waits for ANYBODY who logs in on the very
page that answered the press. Only forms of our own pages are kept so: another site could otherwise have its form pressed by our user.
"""
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing

from . import rules
from .request import PortalRequest

SALT = "accounts.carry"
LIFE = timedelta(hours=12)
MOST_FIELDS, MOST_BYTES = 500, 256 * 1024
NEVER = ("csrfmiddlewaretoken", "password")
ANYBODY = 0


@dataclass(frozen=True)
class Carried:
    """A form that waits for its user: where it goes, what it holds, whether files or anything else had to be left behind."""

    user_id: int
    path: str
    fields: list[tuple[str, str]]
    files_lost: bool


def is_from_here(request: PortalRequest) -> bool:
    """Whether the browser says that one of our own pages sent this; no other site can make it say so."""
    headers = request.headers
    if site := headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    origin = headers.get("Origin") or "{0.scheme}://{0.netloc}".format(urlsplit(headers.get("Referer", "")))
    return origin in {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}


def asks_for_password(request: PortalRequest) -> bool:
    """Whether the posted form holds a password: those are never kept, and the form is worth nothing without it."""
    return any("password" in name for name in request.POST)


def typed(request: PortalRequest, *, user_id: int) -> Carried:
    """The posted form of `request`."""
    fields = [
        (name, value) for name, values in request.POST.lists() for value in values if not any(word in name for word in NEVER)
    ]
    return Carried(user_id, request.get_full_path(), fields, bool(request.FILES))


def pack(request: PortalRequest, *, user_id: int) -> str:
    """The posted form of `request` as sealed text for a hidden input; empty when it is too large to be carried."""
    kept = typed(request, user_id=user_id)
    fields = kept.fields
    if len(fields) > MOST_FIELDS or sum(len(name.encode()) + len(value.encode()) for name, value in fields) > MOST_BYTES:
        return ""
    load = {"user": user_id, "path": kept.path, "fields": fields, "files": kept.files_lost}
    return signing.dumps(load, salt=SALT, compress=True)


def _load(sealed: str) -> dict[str, Any] | None:
    try:
        load: dict[str, Any] = signing.loads(sealed, salt=SALT, max_age=LIFE)
    except (signing.BadSignature, json.JSONDecodeError):
        return None
    return load


def is_named(sealed: str) -> bool:
    """Whether a kept form waits for one known person."""
    load = _load(sealed)
    return load is not None and load["user"] != ANYBODY


def unpack(sealed: str, *, user_id: int) -> Carried | None:
    """The form again, within 12 hours, for its own user or for whoever it waits; None for anything else."""
    load = _load(sealed)
    if load is None or load["user"] not in {user_id, ANYBODY} or not rules.own_path(load["path"]):
        return None
    return Carried(load["user"], load["path"], [(name, value) for name, value in load["fields"]], load["files"])
