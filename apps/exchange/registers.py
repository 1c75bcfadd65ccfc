"""What a register says of itself so that sheets can come in: named once, in the register's `AppConfig.ready`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.exchange.finding import Vocabulary

Values = Mapping[str, Sequence[str]]  # field: what a browser would post for it
Faults = dict[str, str]


@dataclass(frozen=True)
class Target:
    """A field that a column can fill. `needed`: a row without it is not imported. `same`: may be one value for all rows.

    `lines`: each line that continues a record adds one (measures); also what numbered parts of a cell become.
    `beside`: it says something of each of these lines (their 完成时限): as many values as there are lines, or one for all.
    `spills`: what stands behind a stroke in its cell means this field, where no column of its own does (部门/岗位).
    """

    name: str
    label: str
    needed: bool = False
    same: bool = False
    many: bool = False
    lines: bool = False
    beside: str = ""
    spills: str = ""
    loose: bool = True  # a label that is only part of the text counts (never for people)


class Bound(Protocol):
    """A row held against the register's own form."""

    faults: Faults
    hints: Faults
    does: str  # what the import does with it: "new", "update" or "same"

    def ready(self) -> Any:
        """What `Desk.write` takes of a row without faults: small, for it is kept until every row was looked at."""


@dataclass(frozen=True)
class Written:
    """A record that a row made, or changed: then with the content it had, for the undo; or left alone, being so already."""

    record: Any
    before: Any = None
    is_changed: bool = True


class Desk(Protocol):
    """The register's side of one import by one person into one unit: what its form offers is asked for once."""

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        """What the form offers for a field; None for one that takes any text."""

    def help(self, name: str) -> str:
        """What the form says of a field, for the note on the heading of the blank sheet."""

    def presets(self, given: Set[str]) -> list[tuple[str, str]]:
        """Label and text of what a new record gets although nobody says it; `given`: the fields of which somebody does."""

    def expect(self, rows: Sequence[Values]) -> None:
        """These rows come next: what they all need is read at once."""

    def bind(self, values: Values, *, given: Set[str]) -> Bound:
        """Hold a row against the form. `given`: the fields of which the sheet speaks; a row that updates a record leaves the others."""

    def write(self, ready: Sequence[Any], *, by: User, at: datetime.datetime) -> list[Written]:
        """Make the records, in the order of the rows, inside the caller's transaction."""


@dataclass(frozen=True)
class Register:
    """A register that takes sheets. `needed`: what the headings must name, one of each group."""

    name: str
    label: str
    vocabulary: Vocabulary
    needed: Sequence[Sequence[str]]
    targets: Sequence[Target]
    desk: Any  # (user, unit, today) -> Desk
    units: Any  # (user) -> the units into which he may import
    asks_for: str = ""  # the headings that were looked for, in words
    also: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # other spellings: {field: {bare text: key}}
    scales: Mapping[str, Any] = field(default_factory=dict)  # {field: (spellings, notes) -> values.Scheme}
    samples: Sequence[Mapping[str, str]] = ()  # lines of the blank sheet: {field: text}, or `#1` for the first choice offered
    version: Callable[[Any], int] = attrgetter("version")  # of a record: another number once somebody touched it
    keeps_rows: bool = True  # after the import a record shows what stood in its sheet; else the rows are forgotten with the undo
    undo: Any = None  # (Sequence[Written], by, at): take back, in this order, what rows did to records nobody touched since

    def target(self, name: str) -> Target | None:
        """The field of this name."""
        return next((target for target in self.targets if target.name == name), None)


_registers: dict[str, Register] = {}


def declare(register: Register) -> None:
    """Let sheets come into a register."""
    _registers[register.name] = register


def registers() -> list[Register]:
    """All there are."""
    return list(_registers.values())


def register_of(name: str) -> Register:
    """The register of this name. Raises KeyError."""
    return _registers[name]
