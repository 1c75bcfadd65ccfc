"""State machines: a table of moves that a person can read aloud. No rule of any one register stands here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from apps.core.errors import Refused

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.flow.models import FlowRecord

Data = dict[str, Any]
RETURN_OPINION = 5  # characters a reason for a return has at least (domain.md §1.0, Appendix A)


def _nothing(record: FlowRecord, data: Data) -> str | None:
    return None


def nobody(user: User, record: FlowRecord) -> bool:
    """For moves only the system makes."""
    return False


@dataclass(frozen=True)
class Move:
    """One arrow: where from, where to, who may, and what must hold.

    `may` has no default, so nothing is open by accident. `needs` gives the reason it cannot go, in Chinese, or None;
    a Refused instead of a text names the field of the form that is to blame.
    `decides` marks a judgement: nobody makes it on what he filed or already decided in this round.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    target: str | Callable[[FlowRecord, Data], str]
    may: Callable[[User, FlowRecord], bool]
    event: str
    needs: Callable[[FlowRecord, Data], Refused | str | None] = _nothing
    opinion: Literal["none", "optional", "required"] = "none"
    least: int = RETURN_OPINION  # characters of a required opinion
    asks: str = ""  # what the opinion is, where it is no reason
    decides: bool = False
    system: bool = False
    speaks: bool = False  # an opinion beside the record that decides nothing
    keeps_todos: bool = False  # the open to-dos stay (somebody else's act beside the line)

    @property
    def asked(self) -> str:
        """What is to be written, for the sentence that asks for it."""
        return self.asks or f"{self.label}的理由"

    def target_for(self, record: FlowRecord, data: Data) -> str:
        """The state this move leads to for this record."""
        return self.target if isinstance(self.target, str) else self.target(record, data)


@dataclass(frozen=True)
class Machine:
    """The moves of one kind of record, and the order in which its main states are drawn."""

    moves: tuple[Move, ...]
    final: tuple[str, ...]
    line: tuple[tuple[str, str], ...] = ()  # (state, label) of the flow strip
    by_name: dict[str, Move] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {move.name: move for move in self.moves})

    def open_to(self, user: User, record: FlowRecord) -> list[Move]:
        """The moves this user could make now: the page draws its buttons from it, the API its `moves`."""
        return [m for m in self.moves if record.state in m.sources and not m.system and m.may(user, record)]
