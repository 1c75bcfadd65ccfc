"""Every event the portal can write, with its Chinese name; each app declares its own in `<app>/events.py`."""
import re

_labels: dict[str, str] = {}
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def declare(events: dict[str, str]) -> None:
    """Add `events` (name: Chinese label) to the catalogue.

    Raises ValueError for a name that is no dotted lower-case word or already stands for something else.
    """
    for name, label in events.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"event name {name!r} is not a dotted lower-case word")
        if _labels.setdefault(name, label) != label:
            raise ValueError(f"event {name!r} is already declared as {_labels[name]!r}")


def label_of(name: str) -> str:
    """The Chinese name of an event; the name itself for one an older version wrote."""
    return _labels.get(name, name)


def is_declared(name: str) -> bool:
    """Whether some app declared the event."""
    return name in _labels


def labels() -> dict[str, str]:
    """A copy of the whole catalogue, sorted by name."""
    return dict(sorted(_labels.items()))
