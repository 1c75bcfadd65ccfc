"""What was typed into a form survives the end of the session: sealed, bound to its user and its own address."""
import json
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

from . import rules
from .request import PortalRequest

SALT = "accounts.carry"
LIFE = timedelta(hours=12)
MOST_FIELDS, MOST_BYTES = 500, 256 * 1024
NEVER = ("csrfmiddlewaretoken", "password")


@dataclass(frozen=True)
class Carried:
    """A form that waits for its user: where it goes, what it holds, whether files or anything else had to be left behind."""

    user_id: int
    path: str
    fields: list[tuple[str, str]]
    files_lost: bool


def pack(request: PortalRequest, *, user_id: int) -> str:
    """The posted form of `request` as sealed text for a hidden input; empty when it is too large to be carried."""
    fields = [
        (name, value) for name, values in request.POST.lists() for value in values if not any(word in name for word in NEVER)
    ]
    if len(fields) > MOST_FIELDS or sum(len(name.encode()) + len(value.encode()) for name, value in fields) > MOST_BYTES:
        return ""
    load = {"user": user_id, "path": request.get_full_path(), "fields": fields, "files": bool(request.FILES)}
    return signing.dumps(load, salt=SALT, compress=True)


def unpack(sealed: str, *, user_id: int) -> Carried | None:
    """The form again, for its own user within 12 hours; None for anything else."""
    try:
        load = signing.loads(sealed, salt=SALT, max_age=LIFE)
    except (signing.BadSignature, json.JSONDecodeError):
        return None
    if load["user"] != user_id or not rules.own_path(load["path"]):
        return None
    return Carried(user_id, load["path"], [(name, value) for name, value in load["fields"]], load["files"])
