"""What is on its way into a register. Only its owner sees a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet

from apps.core.keys import among
from apps.exchange.models import Batch, BatchRow, RememberedMapping
from apps.exchange.registers import register_of

if TYPE_CHECKING:
    from django.db.models import Model

    from apps.accounts.models import User
    from apps.org.models import Unit


def batches_of(user: User, register: str) -> QuerySet[Batch]:
    """The batches of one person, newest first; none of a unit for which he no longer may register: its rows speak of records there."""
    units = [unit.pk for unit in register_of(register).units(user)]
    rows = Batch.objects.filter(Q(unit=None) | among("unit_id", units), owner=user, register=register)
    return rows.select_related("unit").order_by("-made_at", "-pk")


def rows_of(batch: Batch) -> QuerySet[BatchRow]:
    """The rows of the table that is imported, as they stand in the sheet."""
    return BatchRow.objects.filter(batch=batch, table=batch.table or 0).order_by("number")


def others_in(batch: Batch) -> list[int]:
    """The registers of the file that were not the one imported, as long as their rows are kept."""
    rows = BatchRow.objects.filter(batch=batch).exclude(table=batch.table or 0)
    return list(rows.order_by("table").values_list("table", flat=True).distinct())


def counts(batch: Batch) -> dict[str, int]:
    """How many rows are in which state."""
    return dict(rows_of(batch).order_by().values_list("state").annotate(n=Count("pk")))


def plan_of(batch: Batch) -> dict[str, int]:
    """How many rows the import adds, updates and leaves as they are."""
    going = rows_of(batch).exclude(state=BatchRow.State.DROPPED).order_by()
    return dict(going.values_list("does").annotate(n=Count("pk")))


def changes_of(batch: Batch) -> list[str]:
    """What the import changes of records that are there, a sentence each, in the order of the sheet; at most twenty."""
    rows = rows_of(batch).filter(does=BatchRow.Does.UPDATE).exclude(state=BatchRow.State.DROPPED)
    return [hints["update"][:200] for hints in rows.values_list("hints", flat=True)[:20] if "update" in hints]


def file_of(number: int | None, user: User, register: str) -> str:
    """The name of the file of this person's batch; "" where he has none of this number."""
    found = batches_of(user, register).filter(pk=number).values_list("file_name", flat=True).first() if number else None
    return found or ""


def keys_of(number: int, user: User) -> QuerySet[Any]:
    """The keys of the records that a batch of this person made or changed."""
    rows = BatchRow.objects.filter(batch=number, batch__owner=user, batch__state=Batch.State.DONE, object_version__isnull=False)
    return rows.values("object_id")


def headings_key(columns: Iterable[dict[str, Any]]) -> str:
    """The same headings in the same order have the same key."""
    return hashlib.sha256("\n".join(f"{c['group']}/{c['title']}" for c in columns).encode()).hexdigest()


def remembered(unit: Unit, register: str, columns: Iterable[dict[str, Any]]) -> RememberedMapping | None:
    """How these headings were mapped the last time in this unit."""
    return RememberedMapping.objects.filter(unit=unit, register=register, headings=headings_key(columns)).first()


def origin_of(record: Model) -> BatchRow | None:
    """The line of a sheet from which a record came."""
    kind = ContentType.objects.get_for_model(record)
    rows = BatchRow.objects.filter(content_type=kind, object_id=record.pk, object_version__isnull=False, batch__state=Batch.State.DONE)
    return rows.select_related("batch").order_by("-batch__done_at", "-pk").first()
