"""A sheet's way into a register: opened, mapped, checked, corrected, committed as a whole or not at all, undone while untouched."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.utils.timezone import localtime

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.exchange.finding import Table, find
from apps.exchange.models import Batch, BatchRow, RememberedMapping
from apps.exchange.queries import headings_key, remembered, rows_of
from apps.exchange.reading import sheets_of
from apps.exchange.registers import Bound, Desk, Register, register_of
from apps.exchange.rows import posted
from apps.exchange.values import Scheme

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Unit

KEEP = datetime.timedelta(days=7)
UNDO = datetime.timedelta(hours=24)
MOST_ROWS = 10_000
AT_ONCE = 500


# -- open ------------------------------------------------------------------------------------------------------------


@all_or_nothing
def open_batch(register: str, *, path: Path, file_name: str, by: User, at: datetime.datetime) -> Batch:
    """Read an uploaded file; gives the batch with every register that was found in it.

    Raises Refused (field `file`) where the file cannot be read, holds no such register, or has more rows than MOST_ROWS.
    """
    kind = register_of(register)
    sheets = sheets_of(path)
    found = [(sheet, table) for sheet in sheets for table in find(sheet, kind.vocabulary, needed=kind.needed)]
    full = [(sheet, table) for sheet, table in found if table.lines]
    if not full:
        raise Refused(_nothing_found(kind, sheets, headings=bool(found)), field="file")
    if sum(len(table.lines) for _, table in full) > MOST_ROWS:
        raise Refused(f"一次最多导入 {MOST_ROWS:,} 行，分成几个文件导入。", field="file")
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
    shown = {line.number for line in table.lines}
    return {
        "sheet": table.sheet, "first": table.first, "title": table.title, "unit": table.unit, "count": len(table.lines),
        "columns": [asdict(column) for column in table.columns], "left_out": table.left_out, "hidden": sheet["hidden"],
        "hidden_rows": [number for number in sheet["hidden_rows"] if number in shown],
        "formulas": sheet["formulas"][:20],
    }  # fmt: skip


@all_or_nothing
def choose(batch: Batch, *, table: int, by: User) -> Batch:
    """Say which of several registers of the file is meant."""
    fresh = _open(batch, by=by)
    if not 0 <= table < len(fresh.tables):
        raise Refused("选择要导入的登记表。", field="table")
    fresh.table, fresh.mapping, fresh.answers, fresh.version = table, {}, {}, fresh.version + 1
    fresh.save(update_fields=["table", "mapping", "answers", "version"])
    return fresh


def _open(batch: Batch, *, by: User) -> Batch:
    """The locked batch of this person, not committed yet."""
    fresh = Batch.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=batch.pk, owner=by).first()
    if fresh is None or fresh.state != Batch.State.OPEN:
        raise Refused("此批次已导入或已过期，刷新页面查看。")
    return fresh


def proposal(batch: Batch, unit: Unit | None) -> dict[str, Any]:
    """How the columns seem to map: as this unit did the last time, else by their headings."""
    columns = batch.chosen["columns"]
    kept = remembered(unit, batch.register, columns) if unit is not None else None
    known = {target.name for target in register_of(batch.register).targets}
    if kept is not None:
        return {"mapping": kept.mapping, "answers": kept.answers, "splits": kept.splits, "remembered": True}
    mapping = {str(column["index"]): column["field"] for column in columns if column["field"] in known}
    answers = {name: {text: key for text, key in scale.levels.items() if key} for name, scale in scales_of(batch, mapping).items()}
    return {"mapping": mapping, "answers": answers, "splits": False, "remembered": False}


def scales_of(batch: Batch, mapping: Mapping[str, str]) -> dict[str, Scheme]:
    """How the mapped columns with a scale (风险等级) write it, and whether somebody must say that it is so."""
    chosen, found = batch.chosen, {}
    notes = [chosen["title"], *(text for _, text, _ in chosen["left_out"])]
    for place, name in mapping.items():
        if (scale := register_of(batch.register).scales.get(name)) is not None:
            found[name] = scale([text for text, _ in spellings(batch, place)], notes=notes)
    return found


def spellings(batch: Batch, place: str) -> list[tuple[str, int]]:
    """The different texts of a column and how often each stands there, the most frequent first."""
    at = next((at for at, column in enumerate(batch.chosen["columns"]) if str(column["index"]) == place), None)
    texts = Counter(cells[at].strip() for cells in rows_of(batch).values_list("cells", flat=True) if at is not None and at < len(cells))
    texts.pop("", None)
    return texts.most_common()


# -- map and check ---------------------------------------------------------------------------------------------------


@all_or_nothing
def arrange(
    batch: Batch, *, unit: Unit, mapping: Mapping[str, str], same: Mapping[str, Sequence[str]], answers: Mapping[str, Mapping[str, str]],
    splits: bool, by: User, at: datetime.datetime,
) -> Batch:  # fmt: skip
    """Map the columns, give what is the same for all rows, answer for spellings; then check every row. Remembered for the unit.

    Raises Refused for a unit he may not write, a field mapped twice, and a needed field that neither a column nor a value fills.
    """
    fresh, kind = _open(batch, by=by), register_of(batch.register)
    if unit.pk not in {one.pk for one in kind.units(by)}:
        raise Refused("没有在该单位登记的权限，重新选择填报单位。", field="unit")
    places = {str(column["index"]) for column in fresh.chosen["columns"]}
    chosen = {place: name for place, name in mapping.items() if name and place in places and kind.target(name) is not None}
    if double := next((name for name in chosen.values() if list(chosen.values()).count(name) > 1), ""):
        target = kind.target(double)
        raise Refused(f"有两列都对应“{target.label if target else double}”，只保留一列。", field=double)
    fresh.unit, fresh.mapping, fresh.answers, fresh.splits = unit, chosen, {n: dict(a) for n, a in answers.items()}, splits
    fresh.same = {name: list(values) for name, values in same.items() if any(values) and (t := kind.target(name)) and t.same}
    fresh.version += 1
    fresh.save(update_fields=["unit", "mapping", "answers", "splits", "same", "version"])
    facts = {"mapping": fresh.mapping, "answers": fresh.answers, "splits": splits, "used_at": at}
    key: dict[str, Any] = {"unit": unit, "register": fresh.register, "headings": headings_key(fresh.chosen["columns"])}
    RememberedMapping.objects.update_or_create(defaults=facts, **key)
    check(fresh, rows_of(fresh).exclude(state=BatchRow.State.DROPPED), by=by, at=at)
    return fresh


def desk_of(batch: Batch, *, by: User, at: datetime.datetime) -> Desk:
    """The register's side of a batch, with what its form offers asked for once."""
    made: Desk = register_of(batch.register).desk(user=by, unit=batch.unit, today=localtime(at).date())
    return made


def check(batch: Batch, rows: Iterable[BatchRow], *, by: User, at: datetime.datetime) -> None:
    """Hold rows against the register's form and keep what it says of each."""
    kind, desk, done = register_of(batch.register), desk_of(batch, by=by, at=at), []
    for row in rows:
        judge(row, batch=batch, kind=kind, desk=desk)
        done.append(row)
        if len(done) == AT_ONCE:
            BatchRow.objects.bulk_update(done, ["faults", "hints", "state"])
            done = []
    BatchRow.objects.bulk_update(done, ["faults", "hints", "state"])


def judge(row: BatchRow, *, batch: Batch, kind: Register, desk: Desk) -> Bound:
    """Set what is wrong with a row and what it lacks; gives the form's side of it."""
    found = posted(row, columns=batch.chosen["columns"], batch=batch, register=kind, desk=desk)
    bound = desk.bind(found.values)
    must = {target.name for target in kind.targets if target.needed}
    row.faults = bound.faults | {name: text for name, text in found.unread.items() if name in must}
    row.hints = {name: text for name, text in (bound.hints | found.unread).items() if name not in row.faults}
    row.state = BatchRow.State.BAD if row.faults else BatchRow.State.HINT if row.hints else BatchRow.State.OK
    return bound


@all_or_nothing
def correct(row: BatchRow, *, typed: Mapping[str, Sequence[str]], by: User, at: datetime.datetime) -> BatchRow:
    """Type over fields of a row; it is checked again."""
    batch = _open(row.batch, by=by)
    fresh = BatchRow.objects.select_for_update().get(pk=row.pk, batch=batch)
    known = {target.name for target in register_of(batch.register).targets}
    fresh.typed = fresh.typed | {name: list(values) for name, values in typed.items() if name in known}
    judge(fresh, batch=batch, kind=register_of(batch.register), desk=desk_of(batch, by=by, at=at))
    fresh.save(update_fields=["typed", "faults", "hints", "state"])
    return fresh


@all_or_nothing
def drop(row: BatchRow, *, dropped: bool, by: User, at: datetime.datetime) -> BatchRow:
    """Leave a row out of the import, or take it in again."""
    batch = _open(row.batch, by=by)
    fresh = BatchRow.objects.select_for_update().get(pk=row.pk, batch=batch)
    if dropped:
        fresh.state = BatchRow.State.DROPPED
        fresh.save(update_fields=["state"])
    else:
        check(batch, [fresh], by=by, at=at)
    return fresh


# -- commit and undo -------------------------------------------------------------------------------------------------


@all_or_nothing
def commit(batch: Batch, *, by: User, at: datetime.datetime, progress: Any = None) -> int:
    """Make a record of every row that is not left out, in one transaction; gives how many.

    Every row is checked again as things are now. Raises Refused with the number of faulty rows; then nothing is written.
    """
    fresh, kind = _open(batch, by=by), register_of(batch.register)
    if fresh.unit is None or not fresh.mapping:
        raise Refused("先对应各列，再导入。")
    rows = list(rows_of(fresh).exclude(state=BatchRow.State.DROPPED))
    if not rows:
        raise Refused("没有要导入的行。")
    desk, bad = desk_of(fresh, by=by, at=at), []
    for done, row in enumerate(rows, start=1):
        bound = judge(row, batch=fresh, kind=kind, desk=desk)
        if row.faults:
            bad.append(row.number)
        elif not bad:
            record: Any = bound.write(by=by, at=at)
            row.content_type, row.object_id, row.object_version = ContentType.objects.get_for_model(record), record.pk, record.version
        if progress is not None:
            progress(done, len(rows))
    if bad:
        lines = "、".join(map(str, bad[:10])) + ("等" if len(bad) > 10 else "")
        raise Refused(f"还有 {len(bad)} 行需要修改（第 {lines} 行），改好后再导入。")
    BatchRow.objects.bulk_update(rows, ["content_type", "object_id", "object_version", "faults", "hints", "state"], batch_size=AT_ONCE)
    fresh.state, fresh.done_at, fresh.version = Batch.State.DONE, at, fresh.version + 1
    fresh.save(update_fields=["state", "done_at", "version"])
    _note("exchange.imported", fresh, by=by, at=at, count=len(rows))
    return len(rows)


def _note(event: str, batch: Batch, *, by: User, at: datetime.datetime, count: int) -> None:
    assert batch.unit is not None
    note(event, stream=batch.unit.stream, by=by, at=at, unit_id=batch.unit_id, object_type="exchange.batch", object_id=str(batch.pk),
         object_label=batch.file_name, after={"register": batch.register, "count": count})  # fmt: skip


@all_or_nothing
def undo(batch: Batch, *, by: User, at: datetime.datetime) -> int:
    """Take back every record of a batch within 24 hours; gives how many. All or nothing: Refused names the rows somebody touched."""
    fresh = Batch.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=batch.pk, owner=by).first()
    if fresh is None or fresh.state != Batch.State.DONE or fresh.done_at is None:
        raise Refused("此批次没有导入或已撤销。")
    if at - fresh.done_at > UNDO:
        raise Refused("导入已超过24小时，不能撤销，请逐条办理。")
    kind, touched, records = register_of(fresh.register), [], []
    for row in rows_of(fresh).filter(object_id__isnull=False):
        record: Any = row.record
        if record is None or record.version != row.object_version:
            touched.append(f"第 {row.number} 行{f'（{record}）' if record is not None else ''}")
        else:
            records.append(record)
    if touched:
        more = f"等 {len(touched)} 行" if len(touched) > 5 else ""
        raise Refused(f"导入后有记录已被修改或办理，不能整批撤销：{'、'.join(touched[:5])}{more}。")
    for record in records:
        kind.undo(record, by=by, at=at)
    fresh.state, fresh.undone_at, fresh.version = Batch.State.UNDONE, at, fresh.version + 1
    fresh.save(update_fields=["state", "undone_at", "version"])
    _note("exchange.undone", fresh, by=by, at=at, count=len(records))
    return len(records)


def forget_expired(*, at: datetime.datetime) -> int:
    """Remove what nobody committed within its seven days; gives how many batches."""
    return Batch.objects.filter(state=Batch.State.OPEN, expires_at__lt=at).delete()[1].get("exchange.Batch", 0)
