"""What the wizard hands out: the blank sheet of a register, and the rows that are wrong with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import rows_of
from apps.exchange.registers import Desk, Register, Target
from apps.exchange.rows import texts_of
from apps.exchange.writing import Head, Page, write_xlsx

MOST_CHOICES = 1000  # of a drop-down
REASON = "错误原因"
SAMPLE = "示例"


def write_template(path: Path, register: Register, desk: Desk, *, unit: str) -> None:
    """An empty sheet whose headings the import knows, with drop-downs of what the form offers and two lines that are left out."""
    heads = [Head("序号", 8), *(_head(target, desk) for target in register.targets)]
    names = [target.name for target in register.targets]
    samples = [[f"{SAMPLE}{n}", *(_sample(row, name, desk) for name in names)] for n, row in enumerate(register.samples, start=1)]
    line = f"填报单位：{unit}　带*的栏目必填，其余可以导入后补充；鼠标移到表头看填写说明；“{SAMPLE}”行不导入"
    write_xlsx(path, Page(f"{register.label}登记表", line, heads), samples)


def _head(target: Target, desk: Desk) -> Head:
    choices = tuple(label for key, label in desk.choices(target.name) or () if key)
    notes = [desk.help(target.name), "多个选项用顿号分开" if target.many else "", "可从下拉列表选择" if choices and not target.many else ""]
    return Head(
        f"{target.label}{'*' if target.needed else ''}",
        width=32 if target.needed else 14,
        choices=choices[:MOST_CHOICES] if not target.many else (),
        note="；".join(note for note in notes if note),
    )


def _sample(row: Any, name: str, desk: Desk) -> str:
    """The text of a sample; where it is a place in the offered choices (`#1`), that one's label."""
    text = str(row.get(name, ""))
    if text.startswith("#"):
        labels = [label for key, label in desk.choices(name) or () if key]
        return labels[int(text[1:]) - 1] if len(labels) >= int(text[1:]) else ""
    return text


def write_faults(path: Path, batch: Batch, register: Register, desk: Desk) -> None:
    """The wrong rows under their own headings, with what was typed over them, and why each is wrong."""
    columns = batch.chosen["columns"]
    heads = [Head("行号", 8), *(Head(column["title"] or "（无表头）", 20) for column in columns), Head(REASON, 50)]
    line = f"{batch.file_name}：改好后可以直接重新上传"
    write_xlsx(path, Page(f"{register.label}登记表（需要修改的行）", line, heads), _faulty(batch, register, desk, columns))


def _faulty(batch: Batch, register: Register, desk: Desk, columns: Sequence[Any]) -> Iterator[list[Any]]:
    for row in rows_of(batch).filter(state=BatchRow.State.BAD).iterator(chunk_size=500):
        typed = {name: _typed(register.target(name), values, desk) for name, values in row.typed.items()}
        more = [texts_of(cells, columns, {str(c["index"]): str(c["index"]) for c in columns}) for cells in row.more]
        cells = []
        for at, column in enumerate(columns):
            place = str(column["index"])
            name = batch.mapping.get(place, "")
            own = [row.cells[at] if at < len(row.cells) else "", *(texts.get(place, "") for texts in more)]
            cells.append(typed[name] if name in typed else "\n".join(text for text in own if text))
        labels = {target.name: target.label for target in register.targets}
        yield [row.number, *cells, "；".join(_reason(labels.get(name, name), text) for name, text in row.faults.items())]


def _reason(label: str, text: str) -> str:
    return text if text.startswith(label) else f"{label}：{text}"


def _typed(target: Target | None, values: Sequence[str], desk: Desk) -> str:
    """What somebody typed over a cell, as a sheet says it."""
    names = dict(desk.choices(target.name) or ()) if target is not None else {}
    return ("\n" if target is not None and (target.lines or target.beside) else "、").join(names.get(value, value) for value in values)
