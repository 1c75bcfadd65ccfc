"""A batch goes into the register, all of it or nothing; and comes out again while nobody touched a record of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.db.models.functions import Coalesce

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.exchange.models import Batch, BatchRow, RememberedMapping
from apps.exchange.queries import headings_key, rows_of
from apps.exchange.registers import Written, register_of, registers
from apps.exchange.services import (
    AT_ONCE,
    KEEP,
    LOOKED_AT,
    TOGETHER,
    Progress,
    check,
    desk_of,
    going,
    judged,
    open_one,
    refuse_without_table,
)  # fmt: skip

if TYPE_CHECKING:
    from apps.accounts.models import User

UNDO = datetime.timedelta(hours=24)


def commit(batch: Batch, *, by: User, at: datetime.datetime, progress: Progress | None = None) -> int:
    """Make a record of every row that is not left out, in one transaction; gives how many were added or changed.

    Every row is checked again as things are now; `progress(done, total)` hears of it. Raises Refused with the number of
    faulty rows, which are marked then, or when a row was changed meanwhile; then no record is written.
    """
    batch = open_one(batch, by=by, locked=False)
    refuse_without_table(batch)
    if batch.unit is None or not batch.mapping:
        raise Refused("先对应各列，再导入。")
    rows, ready, bad, total = [], [], [], going(batch).count()
    for done, some in judged(batch, going(batch), by=by, at=at):
        bad += [row for row, _ in some if row.faults]
        if not bad:
            ready += [bound.ready() for _, bound in some]
            for row, _ in some:
                row.cells, row.more, row.typed = [], [], {}  # read; ten thousand rows of text are not kept until all are written
                rows.append(row)
        if progress is not None:
            progress(done, total)
    if bad:
        BatchRow.objects.bulk_update(bad, LOOKED_AT, batch_size=AT_ONCE)
        lines = "、".join(str(row.number) for row in bad[:10]) + ("等" if len(bad) > 10 else "")
        raise Refused(f"还有 {len(bad)} 行需要修改（第 {lines} 行），改好后再导入。")
    if not rows:
        raise Refused("没有要导入的行。")
    return _write(batch, rows, ready, by=by, at=at, alive=lambda: progress(total, total) if progress is not None else None)


@all_or_nothing
def _write(
    batch: Batch, rows: list[BatchRow], ready: list[Any], *, by: User, at: datetime.datetime, alive: Callable[[], object]
) -> int:
    """The one transaction of a commit; `alive` is told between its two long parts."""
    fresh = open_one(batch, by=by)
    if fresh.version != batch.version:
        raise Refused("导入期间有行被修改，核对后重新导入。")
    written = desk_of(fresh, by=by, at=at).write(ready, by=by, at=at)
    alive()
    kind, version = ContentType.objects.get_for_model(written[0].record), register_of(fresh.register).version
    for row, one in zip(rows, written, strict=True):
        row.content_type, row.object_id, row.before = kind, one.record.pk, one.before
        row.object_version = version(one.record) if one.is_changed else None
    count = sum(one.is_changed for one in written)
    BatchRow.objects.bulk_update(rows, ["content_type", "object_id", "object_version", "before", *LOOKED_AT], batch_size=AT_ONCE)
    fresh.state, fresh.done_at, fresh.version = Batch.State.DONE, at, fresh.version + 1
    fresh.save(update_fields=["state", "done_at", "version"])
    _remember(fresh, by=by, at=at)
    _note("exchange.imported", fresh, by=by, at=at, count=count)
    return count


def _remember(batch: Batch, *, by: User, at: datetime.datetime) -> None:
    """The same form comes back: what brought records in is proposed to the unit the next time."""
    facts = {"mapping": batch.mapping, "answers": batch.answers, "splits": batch.splits, "used_by": by, "used_at": at}
    key: dict[str, Any] = {"unit": batch.unit, "register": batch.register, "headings": headings_key(batch.chosen["columns"])}
    RememberedMapping.objects.update_or_create(defaults=facts, **key)


def _note(event: str, batch: Batch, *, by: User, at: datetime.datetime, count: int) -> None:
    assert batch.unit is not None
    note(event, stream=batch.unit.stream, by=by, at=at, unit_id=batch.unit_id, object_type="exchange.batch", object_id=str(batch.pk),
         object_label=batch.file_name, after={"register": batch.register, "count": count})  # fmt: skip


@all_or_nothing
def undo(batch: Batch, *, by: User, at: datetime.datetime, progress: Progress | None = None) -> int:
    """Take back what every row of a batch did, within 24 hours; gives how many. All or nothing: Refused names the rows somebody touched.

    `progress(done, total)` hears of it.
    """
    fresh = Batch.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=batch.pk, owner=by).first()
    if fresh is None or fresh.state != Batch.State.DONE or fresh.done_at is None:
        raise Refused("此批次没有导入或已撤销。")
    if at - fresh.done_at > UNDO:
        raise Refused("导入已超过24小时，不能撤销，请逐条办理。")
    kind, touched, records = register_of(fresh.register), [], []
    for row in rows_of(fresh).filter(object_version__isnull=False).defer("cells", "more", "typed", "hints").prefetch_related("record"):
        record: Any = row.record
        if record is None or kind.version(record) != row.object_version:
            touched.append(f"第 {row.number} 行{f'（{record}）' if record is not None else ''}")
        else:
            records.append(Written(record, row.before))
    if touched:
        more = f"等 {len(touched)} 行" if len(touched) > 5 else ""
        raise Refused(f"导入后有记录已被修改或办理，不能整批撤销：{'、'.join(touched[:5])}{more}。")
    records.reverse()  # a record may refer to one above it
    for done in range(0, len(records), TOGETHER):
        kind.undo(records[done : done + TOGETHER], by=by, at=at)
        if progress is not None:
            progress(done, len(records))
    fresh.state, fresh.undone_at, fresh.version = Batch.State.UNDONE, at, fresh.version + 1
    fresh.save(update_fields=["state", "undone_at", "version"])
    _note("exchange.undone", fresh, by=by, at=at, count=len(records))
    return len(records)


@all_or_nothing
def take_up(batch: Batch, *, by: User, at: datetime.datetime, checks: bool = True) -> Batch:
    """An import that was undone is open again, with its columns, answers and what was typed over its rows. Raises Refused otherwise.

    Without `checks` the rows stay unchecked until somebody calls `check`.
    """
    fresh = Batch.objects.select_for_update(of=("self",)).filter(pk=batch.pk, owner=by, state=Batch.State.UNDONE).first()
    if fresh is None or not rows_of(fresh).exists():
        raise Refused("此文件的各行已不再保留，需要时重新上传。")
    fresh.state, fresh.expires_at, fresh.version = Batch.State.OPEN, at + KEEP, fresh.version + 1
    fresh.done_at = fresh.undone_at = None
    fresh.save(update_fields=["state", "expires_at", "version", "done_at", "undone_at"])
    going(fresh).update(content_type=None, object_id=None, object_version=None, before=None, state=BatchRow.State.NEW, does="")
    _note("exchange.taken_up", fresh, by=by, at=at, count=going(fresh).count())
    if checks:
        check(fresh, going(fresh), by=by, at=at)
    return fresh


def forget_expired(*, at: datetime.datetime) -> int:
    """Remove what nobody committed within its seven days, and the rows that no record shows; gives how many batches."""
    unseen = [register.name for register in registers() if not register.keeps_rows]
    closed = Batch.objects.filter(register__in=unseen, expires_at__lt=at).exclude(state=Batch.State.OPEN)
    BatchRow.objects.filter(batch__in=closed).delete()
    late = BatchRow.objects.filter(batch__expires_at__lt=at).exclude(batch__state=Batch.State.OPEN)
    late.exclude(table=Coalesce(F("batch__table"), 0)).delete()  # the other registers of the file
    return Batch.objects.filter(state=Batch.State.OPEN, expires_at__lt=at).delete()[1].get("exchange.Batch", 0)
