"""What a register says of itself so that sheets can come in: named once, in the register's `AppConfig.ready`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from django.db import models

    from apps.accounts.models import User
    from apps.exchange.finding import Vocabulary

Values = Mapping[str, Sequence[str]]  # field: what a browser would post for it
Faults = dict[str, str]


@dataclass(frozen=True)
class Target:
    """A field that a column can fill. `needed`: a row without it is not imported. `same`: may be one value for all rows.

    `lines`: each line that continues a record adds one (measures); also what numbered parts of a cell become.
    """

    name: str
    label: str
    needed: bool = False
    same: bool = False
    many: bool = False
    lines: bool = False
    loose: bool = True  # a label that is only part of the text counts (never for people)


class Bound(Protocol):
    """A row held against the register's own form."""

    faults: Faults
    hints: Faults

    def write(self, *, by: User, at: datetime.datetime) -> models.Model:
        """Make the record; called only without faults, inside the batch's transaction."""


class Desk(Protocol):
    """The register's side of one import by one person into one unit: what its form offers is asked for once."""

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        """What the form offers for a field; None for one that takes any text."""

    def bind(self, values: Values) -> Bound:
        """Hold a row against the form."""


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
    undo: Any = None  # (record, by, at): take back a record nobody touched

    def target(self, name: str) -> Target | None:
        """The field of this name."""
        return next((target for target in self.targets if target.name == name), None)


_registers: dict[str, Register] = {}


def declare(register: Register) -> None:
    """Let sheets come into a register."""
    _registers[register.name] = register


def register_of(name: str) -> Register:
    """The register of this name. Raises KeyError."""
    return _registers[name]
