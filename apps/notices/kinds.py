"""Kinds of notices whose mail is only worth sending while something still holds."""
from collections.abc import Callable

from apps.notices.models import Notice

_still_due: dict[str, Callable[[Notice], bool]] = {}


def declare_kind(kind: str, *, still_due: Callable[[Notice], bool]) -> None:
    """Let `still_due` decide, at the moment of sending, whether a mail of this kind goes out.

    Apps call it in `AppConfig.ready`. A kind nobody declared is always still due.
    """
    _still_due[kind] = still_due


def still_due(notice: Notice) -> bool:
    """What the declaring app says about this notice now."""
    check = _still_due.get(notice.kind)
    return check is None or check(notice)


def has_check(kind: str) -> bool:
    """Whether an app declared this kind."""
    return kind in _still_due
