"""A row of a sheet as a form would have been posted: pure, from the mapping and the answers of its batch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.exchange.registers import Desk, Faults, Register, Target
from apps.exchange.values import Meant, bare, meant, numbered, several

NOTHING = re.compile(r"[\s\-—–－/／\\、.。…]*")  # how people write that there is nothing to write


@dataclass
class Posted:
    """The values by field, and what could not be read: `unread` names the text, `unclear` the choices between."""

    values: dict[str, list[str]] = field(default_factory=dict)
    unread: Faults = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # as they stood in the sheet
    given: set[str] = field(default_factory=set)  # the fields of which the sheet, the person or the value for all rows speaks


def texts_of(cells: Sequence[str], columns: Sequence[Mapping[str, Any]], mapping: Mapping[str, str]) -> dict[str, str]:
    """The text of each mapped field."""
    by_place = {str(column["index"]): cells[at] for at, column in enumerate(columns) if at < len(cells)}
    return {name: "" if NOTHING.fullmatch(text := by_place.get(place, "")) else text for place, name in mapping.items() if name}


def posted(row: Any, *, columns: Sequence[Mapping[str, Any]], batch: Any, register: Register, desk: Desk) -> Posted:
    """What the form gets for this row: the sheet's own value, else the one for all rows; what somebody typed over it wins."""
    found = Posted(texts=texts_of(row.cells, columns, batch.mapping))
    for target in register.targets:
        text = found.texts.get(target.name, "")
        if target.lines:
            below = [texts_of(cells, columns, batch.mapping).get(target.name, "") for cells in row.more]
            parts = [part for cell in (text, *below) for part in (numbered(cell) if batch.splits else [cell.strip()])]
            found.values[target.name] = [part for part in parts if part]
        elif text.strip():
            _read(found, target, text, batch.answers.get(target.name, {}), desk, register.also.get(target.name, {}))
        if not found.values.get(target.name) and target.name not in found.unread and target.name in batch.same:
            found.values[target.name] = list(batch.same[target.name])
    for name, values in row.typed.items():
        found.values[name] = list(values)
        found.unread.pop(name, None)
    found.given = ({name for name in batch.mapping.values() if name} | set(batch.same) | set(row.typed)) - set(found.unread)
    return found


def _read(found: Posted, target: Target, text: str, answers: Mapping[str, str], desk: Desk, also: Mapping[str, str]) -> None:
    choices = desk.choices(target.name)
    if choices is None:
        found.values[target.name] = [text.strip()]
        return
    keys, unknown = [], []
    for part in several(text) if target.many else [text]:
        if answers.get(part.strip()) == "":  # answered with "none of these": left empty on purpose
            continue
        hit = reading(part, choices, target=target, answers=answers, also=also)
        if hit.key:
            keys.append(hit.key)
        else:
            unknown.append((part.strip(), hit))
    found.values[target.name] = keys
    if unknown:
        part, hit = unknown[0]
        found.unread[target.name] = (
            f"“{part}”可以是{'、'.join(hit.between[:4])}，选择其中一个" if hit.between else f"“{part}”不在{target.label}的可选范围内"
        )


def reading(text: str, choices: Any, *, target: Target, answers: Mapping[str, str], also: Mapping[str, str]) -> Meant:
    """What a text means: as somebody answered for it, else as its words say."""
    if answer := answers.get(text.strip()):
        return Meant(answer)
    return meant(text, choices, also={bare(word): key for word, key in also.items()}, loose=target.loose)
