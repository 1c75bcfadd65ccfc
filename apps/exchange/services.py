"""A sheet's way into a register up to its commit: opened, mapped, checked, corrected."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.exchange.finding import Table
from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import others_in, remembered, rows_of
from apps.exchange.reading import registers_in
from apps.exchange.registers import Bound, Desk, Register, register_of
from apps.exchange.rows import Posted, beyond_stroke, posted
from apps.exchange.values import Scheme, numbered

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.accounts.models import User
    from apps.org.models import Unit

Progress = Callable[[int, int], None]
KEEP = datetime.timedelta(days=7)
MOST_ROWS = 10_000
AT_ONCE = 500
LEFT_OUT = 200  # lines that are no records: the first and the last of them are shown, with how many there are
TOGETHER = 100  # rows that are held against the form before what it found is kept: their forms are in memory at once
LOOKED_AT = ["faults", "hints", "state", "does"]


# -- open ------------------------------------------------------------------------------------------------------------


@all_or_nothing
def open_batch(register: str, *, path: Path, file_name: str, by: User, at: datetime.datetime) -> Batch:
    """Read an uploaded file; gives the batch with every register that was found in it.

    Raises Refused (field `file`) where the file cannot be read, holds no such register, or has more rows than MOST_ROWS.
    """
    kind = register_of(register)
    sheets = registers_in(path, kind.vocabulary, needed=kind.needed, most=MOST_ROWS)
    found = [(sheet, table) for sheet, tables in sheets for table in tables]
    full = [(sheet, table) for sheet, table in found if table.lines]
    if not full:
        raise Refused(_nothing_found(kind, [sheet for sheet, _ in sheets], headings=bool(found)), field="file")
    facts = [_facts(sheet, table) for sheet, table in full]
    only = 0 if len(full) == 1 and not facts[0]["hidden"] else None
    batch = Batch.objects.create(
        owner=by, register=register, file_name=file_name[:200], tables=facts, table=only, made_at=at, expires_at=at + KEEP
    )
    rows = [
        BatchRow(batch=batch, table=number, number=line.number, cells=line.cells, more=line.more)
        for number, (_, table) in enumerate(full)
        for line in table.lines
    ]
    BatchRow.objects.bulk_create(rows, batch_size=AT_ONCE)
    return batch


def _nothing_found(kind: Register, sheets: Sequence[Mapping[str, Any]], *, headings: bool) -> str:
    if headings:
        return f"{kind.label}登记表只有表头，没有数据行，检查后重新上传。"
    names = "、".join(sheet["name"] for sheet in sheets if sheet["name"])
    looked = f"（已查看工作表：{names[:60]}）" if names else ""
    return f"没有找到{kind.label}登记表：表头中须有{kind.asks_for}{looked}。"


def _facts(sheet: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """What a page says of a table, and what it asks about: hidden sheet and lines, formulas."""
    shown, left_out = {line.number for line in table.lines}, table.left_out
    if len(left_out) > LEFT_OUT:
        left_out = [*left_out[: LEFT_OUT // 2], *left_out[-LEFT_OUT // 2 :]]
    return {
        "sheet": table.sheet, "first": table.first, "title": table.title, "unit": table.unit, "count": len(table.lines),
        "columns": [asdict(column) for column in table.columns], "left_out": left_out,
        "left_out_count": len(table.left_out), "hidden": sheet["hidden"],
        "hidden_rows": [number for number in sheet["hidden_rows"] if number in shown],
        "formulas": sheet["formulas"][:20],
    }  # fmt: skip


@all_or_nothing
def choose(batch: Batch, *, table: int, by: User) -> Batch:
    """Say which of several registers of the file is meant."""
    fresh = open_one(batch, by=by)
    if not 0 <= table < len(fresh.tables):
        raise Refused("选择要导入的登记表。", field="table")
    fresh.table, fresh.unit, fresh.mapping, fresh.answers, fresh.choices = table, None, {}, {}, {}
    fresh.version += 1
    fresh.save(update_fields=["table", "unit", "mapping", "answers", "choices", "version"])
    return fresh


@all_or_nothing
def jot(batch: Batch, *, choices: Mapping[str, Any], by: User) -> None:
    """Keep what is chosen on the page of the columns before it is handed in: loaded anew, the page shows it. Nothing is checked."""
    fresh = open_one(batch, by=by)
    fresh.choices = dict(choices)
    fresh.save(update_fields=["choices"])


@all_or_nothing
def go_on(batch: Batch, *, by: User, at: datetime.datetime) -> Batch:
    """The other registers of an imported file as a batch of their own. Raises Refused where there is none."""
    done = Batch.objects.select_for_update(of=("self",)).filter(pk=batch.pk, owner=by).exclude(state=Batch.State.OPEN).first()
    left = others_in(done) if done is not None else []
    if done is None or not left:
        raise Refused("此文件中没有其他登记表，需要时重新上传。")
    facts = [done.tables[number] for number in left]
    only = 0 if len(left) == 1 and not facts[0]["hidden"] else None
    made: dict[str, Any] = {"owner": by, "register": done.register, "file_name": done.file_name, "made_at": at, "expires_at": at + KEEP}
    new = Batch.objects.create(tables=facts, table=only, **made)
    for place, number in enumerate(left):
        BatchRow.objects.filter(batch=done, table=number).update(batch=new, table=place)
    return new


@all_or_nothing
def discard(batch: Batch, *, by: User) -> None:
    """Throw an upload away. Raises Refused once it is imported."""
    open_one(batch, by=by).delete()


def open_one(batch: Batch, *, by: User, locked: bool = True) -> Batch:
    """The batch of this person as it is stored, locked inside a transaction. Raises Refused once it is committed or gone."""
    rows = Batch.objects.select_for_update(of=("self",)) if locked else Batch.objects
    fresh = rows.select_related("unit").filter(pk=batch.pk, owner=by).first()
    if fresh is None or fresh.state != Batch.State.OPEN:
        raise Refused("此批次已导入或已过期，刷新页面查看。")
    return fresh


def proposal(batch: Batch, unit: Unit | None) -> dict[str, Any]:
    """How the columns seem to map: as this unit did the last time, else by their headings."""
    columns = batch.chosen["columns"]
    kept = remembered(unit, batch.register, columns) if unit is not None else None
    known = {target.name for target in register_of(batch.register).targets}
    if kept is not None:
        levels = guessed(batch, kept.mapping)
        answers = kept.answers | {name: found | kept.answers.get(name, {}) for name, found in levels.items()}
        is_own = kept.used_by_id == batch.owner_id  # what a colleague confirmed is proposed, and confirmed once more
        found = {"mapping": kept.mapping, "answers": answers, "splits": kept.splits, "known": kept.answers}
        return found | {"remembered": True, "is_guess": not is_own}
    mapping = {str(column["index"]): column["field"] for column in columns if column["field"] in known}
    return {"mapping": mapping, "answers": guessed(batch, mapping), "splits": bool(parted(batch, mapping)), "is_guess": True}


def parted(batch: Batch, mapping: Mapping[str, str]) -> int:
    """How many rows have a cell with numbered parts in a column of which each part is one (measures)."""
    lines = {target.name for target in register_of(batch.register).targets if target.lines}
    places = [at for at, column in enumerate(batch.chosen["columns"]) if mapping.get(str(column["index"])) in lines]
    return sum(any(at < len(cells) and len(numbered(cells[at])) > 1 for at in places) for cells in cells_of(batch)) if places else 0


def guessed(batch: Batch, mapping: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the spellings of the mapped columns with a scale seem to mean, by field."""
    return {name: {text: key for text, key in scale.levels.items() if key} for name, scale in scales_of(batch, mapping).items()}


def scales_of(batch: Batch, mapping: Mapping[str, str]) -> dict[str, Scheme]:
    """How the mapped columns with a scale (风险等级) write it, and whether somebody must say that it is so."""
    chosen, found = batch.chosen, {}
    notes = [chosen["title"], *(text for _, text, _ in chosen["left_out"])]
    for place, name in mapping.items():
        if (scale := register_of(batch.register).scales.get(name)) is not None:
            found[name] = scale([text for text, _ in spellings(batch, place)], notes=notes)
    return found


def cells_of(batch: Batch) -> list[list[str]]:
    """The cells of every row, decrypted once for this object of the batch and its table."""
    kept: dict[int | None, list[list[str]]] = batch.__dict__.setdefault("_cells", {})
    if batch.table not in kept:
        kept[batch.table] = list(rows_of(batch).values_list("cells", flat=True))
    return kept[batch.table]


def spellings(batch: Batch, place: str) -> list[tuple[str, int]]:
    """The different texts of a column and how often each stands there, the most frequent first."""
    at = next((at for at, column in enumerate(batch.chosen["columns"]) if str(column["index"]) == place), None)
    texts = Counter(cells[at].strip() for cells in cells_of(batch) if at is not None and at < len(cells))
    texts.pop("", None)
    return texts.most_common()


# -- map and check ---------------------------------------------------------------------------------------------------


@all_or_nothing
def arrange(
    batch: Batch, *, unit: Unit, mapping: Mapping[str, str], same: Mapping[str, Sequence[str]], answers: Mapping[str, Mapping[str, str]],
    splits: bool, by: User, at: datetime.datetime, checks: bool = True,
) -> Batch:  # fmt: skip
    """Map the columns, give what is the same for all rows, answer for spellings; then check every row.

    Without `checks` the rows stay unchecked until somebody calls `check`.

    Raises Refused for a unit he may not write, a field mapped twice, and a needed field that neither a column nor a value fills.
    """
    fresh, kind = open_one(batch, by=by), register_of(batch.register)
    refuse_without_table(fresh)
    if unit.pk not in {one.pk for one in kind.units(by)}:
        raise Refused("没有在此单位登记的权限，重新选择填报单位。", field="unit")
    places = {str(column["index"]) for column in fresh.chosen["columns"]}
    chosen = {place: name for place, name in mapping.items() if name and place in places and kind.target(name) is not None}
    if double := next((name for name in chosen.values() if list(chosen.values()).count(name) > 1), ""):
        target = kind.target(double)
        raise Refused(f"有两列都对应“{target.label if target else double}”，只保留一列。", field=double)
    _refuse_without_needed(kind, {*chosen.values(), *(name for name, values in same.items() if any(values))})
    fresh.unit, fresh.mapping, fresh.answers, fresh.splits = unit, chosen, {n: dict(a) for n, a in answers.items()}, splits
    fresh.same = {name: list(values) for name, values in same.items() if any(values) and (t := kind.target(name)) and t.same}
    fresh.choices = {}
    fresh.version += 1
    fresh.save(update_fields=["unit", "mapping", "answers", "splits", "same", "choices", "version"])
    if checks:
        check(fresh, going(fresh), by=by, at=at)
    return fresh


def refuse_without_table(batch: Batch) -> None:
    """Of several registers, or a hidden one, somebody has to say which is meant. Raises Refused."""
    if batch.table is None:
        raise Refused("选择要导入的登记表。", field="table")


def _refuse_without_needed(kind: Register, named: set[str]) -> None:
    """The columns must say what a record is called, as the headings had to; what else a row lacks is said of the row."""
    for group in kind.needed[:1]:
        if not named & set(group):
            labels = [target.label for name in group if (target := kind.target(name)) is not None]
            raise Refused(f"对应{'或'.join(f'“{label}”' for label in labels)}的列。", field=group[0])


def going(batch: Batch) -> QuerySet[BatchRow]:
    """The rows that are not left out."""
    return rows_of(batch).exclude(state=BatchRow.State.DROPPED)


def desk_of(batch: Batch, *, by: User, at: datetime.datetime) -> Desk:
    """The register's side of a batch, with what its form offers asked for once."""
    made: Desk = register_of(batch.register).desk(user=by, unit=batch.unit, today=localtime(at).date())
    return made


def check(batch: Batch, rows: QuerySet[BatchRow], *, by: User, at: datetime.datetime, progress: Progress | None = None) -> None:
    """Hold rows against the register's form and keep what it says of each; tells `progress(done, total)` on the way."""
    total = rows.count()
    for done, some in judged(batch, rows, by=by, at=at):
        _keep([row for row, _ in some])
        if progress is not None:
            progress(done, total)


@all_or_nothing
def _keep(rows: list[BatchRow]) -> None:
    """Store what was found, but not over a row that was left out meanwhile."""
    kept = BatchRow.objects.select_for_update().filter(pk__in=[row.pk for row in rows]).exclude(state=BatchRow.State.DROPPED)
    going_on = set(kept.values_list("pk", flat=True))
    BatchRow.objects.bulk_update([row for row in rows if row.pk in going_on], LOOKED_AT)


def judged(
    batch: Batch, rows: QuerySet[BatchRow], *, by: User, at: datetime.datetime
) -> Iterator[tuple[int, list[tuple[BatchRow, Bound]]]]:
    """The rows with the form's side of each, some at a time, and how many that were so far."""
    kind, desk, done = register_of(batch.register), desk_of(batch, by=by, at=at), 0
    each = rows.iterator(chunk_size=AT_ONCE)
    while some := list(islice(each, TOGETHER)):
        read = [posted(row, columns=batch.chosen["columns"], batch=batch, register=kind, desk=desk) for row in some]
        desk.expect([one.values for one in read])
        done += len(some)
        yield done, [(row, judge(row, one, kind=kind, desk=desk)) for row, one in zip(some, read, strict=True)]


def judge(row: BatchRow, read: Posted, *, kind: Register, desk: Desk) -> Bound:
    """Set what is wrong with a row and what it lacks; gives the form's side of it."""
    bound = desk.bind(read.values, given=read.given)
    must = {target.name for target in kind.targets if target.needed}
    row.faults = bound.faults | {name: text for name, text in read.unread.items() if name in must}
    row.hints = {name: text for name, text in (read.beyond | bound.hints | read.unread).items() if name not in row.faults}
    row.does = bound.does
    is_hinted = bool(row.hints) and row.does != BatchRow.Does.SAME  # nothing happens to a row that says what is there
    row.state = BatchRow.State.BAD if row.faults else BatchRow.State.HINT if is_hinted else BatchRow.State.OK
    return bound


@all_or_nothing
def correct(row: BatchRow, *, typed: Mapping[str, Sequence[str]], by: User, at: datetime.datetime) -> BatchRow:
    """Type over fields of a row; it is checked again."""
    batch = _touched(row.batch, by=by)
    fresh = BatchRow.objects.select_for_update().get(pk=row.pk, batch=batch)
    known = {target.name for target in register_of(batch.register).targets}
    fresh.typed = fresh.typed | {name: list(values) for name, values in typed.items() if name in known}
    fresh.save(update_fields=["typed"])
    check(batch, BatchRow.objects.filter(pk=fresh.pk), by=by, at=at)
    fresh.refresh_from_db()
    return fresh


@all_or_nothing
def drop(row: BatchRow, *, dropped: bool, by: User, at: datetime.datetime) -> BatchRow:
    """Leave a row out of the import, or take it in again."""
    batch = _touched(row.batch, by=by)
    fresh = BatchRow.objects.select_for_update().get(pk=row.pk, batch=batch)
    if dropped:
        fresh.state = BatchRow.State.DROPPED
        fresh.save(update_fields=["state"])
    else:
        fresh.state = BatchRow.State.NEW
        fresh.save(update_fields=["state"])
        check(batch, BatchRow.objects.filter(pk=fresh.pk), by=by, at=at)
        fresh.refresh_from_db()
    return fresh


@all_or_nothing
def drop_bad(batch: Batch, *, by: User) -> int:
    """Leave every row out that is wrong; gives how many."""
    fresh = _touched(batch, by=by)
    return rows_of(fresh).filter(state=BatchRow.State.BAD).update(state=BatchRow.State.DROPPED)


def filled(batch: Batch) -> set[str]:
    """The mapped fields of which at least one row says something."""
    columns = batch.chosen["columns"]
    used = {str(column["index"]) for at, column in enumerate(columns) if any(at < len(c) and c[at].strip() for c in cells_of(batch))}
    typed = {name for row in rows_of(batch).only("typed") for name in row.typed}
    named = {name for place, name in batch.mapping.items() if place in used}
    spilled = {target.spills for target in register_of(batch.register).targets if target.spills and _spills(batch, target.name)}
    return named | typed | spilled


def _spills(batch: Batch, name: str) -> bool:
    """Whether some cell of this field's column says two things."""
    columns = [at for at, column in enumerate(batch.chosen["columns"]) if batch.mapping.get(str(column["index"])) == name]
    return any(at < len(cells) and beyond_stroke(cells[at]) for at in columns for cells in cells_of(batch))


def _touched(batch: Batch, *, by: User) -> Batch:
    """The locked batch, of which a row is going to change: whoever judged the rows before has to judge them again."""
    fresh = open_one(batch, by=by)
    fresh.version += 1
    fresh.save(update_fields=["version"])
    return fresh
