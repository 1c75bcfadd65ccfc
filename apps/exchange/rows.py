"""A row of a sheet as a form would have been posted: pure, from the mapping and the answers of its batch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.exchange.registers import Desk, Faults, Register, Target
from apps.exchange.values import Meant, bare, meant, numbered, one_each, several

NOTHING = re.compile(r"[\s\-—–－/／\\、.。…]*")  # how people write that there is nothing to write


@dataclass
class Posted:
    """The values by field, and what could not be read: `unread` names the text, `unclear` the choices between."""

    values: dict[str, list[str]] = field(default_factory=dict)
    unread: Faults = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # as they stood in the sheet
    beyond: Faults = field(default_factory=dict)  # what the lines below say of a field that has one value only
    given: set[str] = field(default_factory=set)  # the fields of which the sheet, the person or the value for all rows speaks


def texts_of(cells: Sequence[str], columns: Sequence[Mapping[str, Any]], mapping: Mapping[str, str]) -> dict[str, str]:
    """The text of each mapped field."""
    by_place = {str(column["index"]): cells[at] for at, column in enumerate(columns) if at < len(cells)}
    return {name: "" if NOTHING.fullmatch(text := by_place.get(place, "")) else text for place, name in mapping.items() if name}


def posted(row: Any, *, columns: Sequence[Mapping[str, Any]], batch: Any, register: Register, desk: Desk) -> Posted:
    """What the form gets for this row: the sheet's own value, else the one for all rows; what somebody typed over it wins."""
    found, counts = Posted(texts=texts_of(row.cells, columns, batch.mapping)), dict[str, list[int]]()
    lower = [texts_of(cells, columns, batch.mapping) for cells in row.more]
    for target in register.targets:
        text, below = found.texts.get(target.name, ""), [texts.get(target.name, "") for texts in lower]
        if target.lines or target.beside:
            apart = one_each if target.beside else numbered if batch.splits else _whole
            parts = [apart(cell) for cell in (text, *below)]
            counts[target.name] = [len(some) for some in parts]
            found.values[target.name] = along(parts, counts.get(target.beside) or counts[target.name])
        elif text.strip():
            _say_more(found, target, below)
            _read(found, target, text, batch.answers.get(target.name, {}), desk, register.also.get(target.name, {}))
            if (beyond := register.target(target.spills)) is not None and beyond.name not in batch.mapping.values():
                _spill(found, beyond, text, batch.answers.get(target.name, {}), desk)
        if not found.values.get(target.name) and target.name not in found.unread and target.name in batch.same:
            found.values[target.name] = list(batch.same[target.name])
    for name, values in row.typed.items():
        found.values[name] = list(values)
        found.unread.pop(name, None)
    # A cell whose text means nothing here says nothing of a record that is there: only an empty one empties.
    silent = {name for name, text in found.texts.items() if text.strip() and not found.values.get(name)} | set(found.unread)
    found.given = ({name for name in batch.mapping.values() if name} - silent) | set(batch.same) | set(row.typed)
    return found


def _say_more(found: Posted, target: Target, below: Sequence[str]) -> None:
    """A second 责任人 in the lines below a record has no place of its own: it is said, and stays with the record as it stood."""
    others = [text.strip() for text in dict.fromkeys(below) if text.strip() and text.strip() != found.texts[target.name].strip()]
    if others:
        found.beyond[target.name] = f"下面各行还写有“{'、'.join(others)[:40]}”，只取第一行，导入后在记录中补充"


def _whole(cell: str) -> list[str]:
    return [cell.strip()] if cell.strip() else []


def along(parts: Sequence[Sequence[str]], counts: Sequence[int]) -> list[str]:
    """The parts of each line's cell, as many as the line has of what they stand beside; one is for all of its line, and one in the first
    line alone (a merged cell), or the same everywhere, for all lines: it is given once. Where they do not match, they are left as they are.
    """
    first, *below = parts
    if len(first) == 1 and not any(below):
        return list(first)
    matches = all(len(some) in {0, 1, count} for some, count in zip(parts, counts, strict=True))
    wide = [list(some) if len(some) == count else list(some or [""]) * count for some, count in zip(parts, counts, strict=True)]
    found = [part for some in (wide if matches else parts) for part in some]
    return found[:1] if len(set(found)) == 1 and found[0] else found if any(found) else []


STROKE = re.compile(r" ?(?:[/／\\]|[-—–－]+) ?")  # of a text whose spaces are single
MOST_PARTS = 50  # of a cell that lists


def beyond_stroke(text: str) -> str:
    """What stands behind the first stroke of a text: 工程管理部/现场工程师."""
    return STROKE.sub("/", " ".join(text.split()), count=1).partition("/")[2].strip()


def _spill(found: Posted, target: Target, text: str, answers: Mapping[str, str], desk: Desk) -> None:
    """「工程管理部/现场工程师」 in a column of departments: the post of that department, or the text stays with the record."""
    rest = beyond_stroke(text)
    if not rest or text.strip() in answers:
        return
    choices = desk.choices(target.name) or ()
    hit = meant(STROKE.sub(" ", " ".join(text.split()), count=1), choices, loose=False) or meant(rest, choices, loose=target.loose)
    if hit:
        found.values[target.name] = [hit.key]
    else:
        found.unread[target.name] = f"“{rest}”不在{target.label}的可选范围内"


def _read(found: Posted, target: Target, text: str, answers: Mapping[str, str], desk: Desk, also: Mapping[str, str]) -> None:
    choices = desk.choices(target.name)
    if choices is None:
        found.values[target.name] = [text.strip()]
        return
    keys, unknown = [], []
    for part in several(text)[:MOST_PARTS] if target.many else [text]:
        if answers.get(part.strip()) == "":  # answered with "none of these": left empty on purpose, and the row says so
            found.beyond[target.name] = f"“{part.strip()[:40]}”按“不填”处理，导入后再补充"
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
