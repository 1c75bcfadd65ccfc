"""Two persons change a 参数; administrators keep the 字典. Who may call these (R22 writes, R04 or R03 confirms) is decided above."""
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import Actor, note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing

from . import queries, rules
from .catalogue import CATALOGUE, RISING_PAIRS, JsonValue
from .dictionaries import DICTIONARIES
from .models import DictionaryItem, ParameterValue

REASON_LIMIT = 500


@all_or_nothing
def propose_change(key: str, *, value: object, effective_on: date, reason: str, by: Actor, at: datetime) -> ParameterValue:
    """Write down a new value of a 参数; it stays without effect until a second person confirms it (domain.md 2.5).

    Raises Refused: no reason, effective date in the past, value outside its limits or equal to the one in force,
    another change of the key still open. Raises KeyError for an unknown key.
    """
    parameter = CATALOGUE[key]
    if not 0 < len(reason.strip()) <= REASON_LIMIT:
        raise Refused(f"应填写变更理由，不超过{REASON_LIMIT}字。", field="reason")
    if effective_on < timezone.localdate(at):
        raise Refused("生效日期不能早于今天。", field="effective_on")
    stored = rules.checked(parameter, value)
    before = queries.frozen([key], on=effective_on)[key]
    if stored == before:
        raise Refused("填写的值与该日现行值相同，无需变更。", field="value")
    _check_pairs(key, stored, effective_on)
    try:
        with transaction.atomic():
            change = ParameterValue.objects.create(
                key=key, value=stored, effective_on=effective_on, reason=reason.strip(), written_by_id=by.pk, written_at=at
            )
    except IntegrityError as error:
        raise Refused(f"「{parameter.name}」已有待确认的变更，应先确认、驳回或撤回。") from error
    _note("param.proposed", change, by=by, at=at, before=before, reason=change.reason)
    return change


@all_or_nothing
def confirm_change(change: ParameterValue, *, by: Actor, at: datetime) -> ParameterValue:
    """The second person's yes: the value is in force from its effective date on; the older values stay.

    Raises Refused: the writer himself, a change already settled, an effective date that has passed meanwhile.
    """
    fresh = _open(change)
    if fresh.written_by_id == by.pk:
        raise Refused("提出人不能确认本人提出的参数变更。")
    if fresh.effective_on < timezone.localdate(at):
        raise Refused("生效日期已过，不能再确认；应驳回后按新的生效日期重新提出。")
    _check_pairs(fresh.key, fresh.value, fresh.effective_on)
    before = queries.frozen([fresh.key], on=fresh.effective_on)[fresh.key]
    fresh.confirmed_by_id, fresh.confirmed_at = by.pk, at
    fresh.save(update_fields=["confirmed_by", "confirmed_at"])
    _note("param.confirmed", fresh, by=by, at=at, before=before, reason=fresh.reason)
    return fresh


@all_or_nothing
def reject_change(change: ParameterValue, *, reason: str, by: Actor, at: datetime) -> ParameterValue:
    """The second person's no; the row stays as a record. Raises Refused: no reason, already settled, the writer himself."""
    fresh = _open(change)
    if fresh.written_by_id == by.pk:
        raise Refused("提出人不能驳回本人提出的参数变更，可以撤回。")
    if not 0 < len(reason.strip()) <= REASON_LIMIT:
        raise Refused(f"应填写驳回理由，不超过{REASON_LIMIT}字。", field="reason")
    return _settle_without_effect(fresh, "param.rejected", reason=reason.strip(), by=by, at=at)


@all_or_nothing
def withdraw_change(change: ParameterValue, *, by: Actor, at: datetime) -> ParameterValue:
    """The writer takes an open change back. Raises Refused: another person, already settled."""
    fresh = _open(change)
    if fresh.written_by_id != by.pk:
        raise Refused("参数变更只能由提出人撤回。")
    return _settle_without_effect(fresh, "param.withdrawn", reason="提出人撤回", by=by, at=at)


def _open(change: ParameterValue) -> ParameterValue:
    fresh = ParameterValue.objects.select_for_update().get(pk=change.pk)
    if not fresh.is_open:
        raise Refused("此参数变更已办结，刷新页面查看结果。")
    return fresh


def _settle_without_effect(fresh: ParameterValue, event: str, *, reason: str, by: Actor, at: datetime) -> ParameterValue:
    fresh.rejected_by_id, fresh.rejected_at, fresh.rejected_reason = by.pk, at, reason
    fresh.save(update_fields=["rejected_by", "rejected_at", "rejected_reason"])
    _note(event, fresh, by=by, at=at, before=None, reason=reason)
    return fresh


def _check_pairs(key: str, stored: JsonValue, on: date) -> None:
    for low, high in RISING_PAIRS:
        if key not in (low, high):
            continue
        both = queries.frozen([low, high], on=on) | {key: stored}
        if not rules.stays_below(both[low], both[high]):
            raise Refused(f"「{CATALOGUE[low].name}」应小于「{CATALOGUE[high].name}」。", field="value")


def _note(event: str, change: ParameterValue, *, by: Actor, at: datetime, before: object, reason: str) -> None:
    note(
        event, stream="sys", by=by, at=at, record=change, reason=reason,
        before=None if before is None else {"value": before},
        after={"key": change.key, "value": change.value, "effective_on": change.effective_on.isoformat()},
    )


@all_or_nothing
def add_item(dictionary: str, *, label: str, effective_on: date, by: Actor | None, at: datetime) -> DictionaryItem:
    """Add an item to a 字典, after the present ones; its code is made here and never changes.

    Raises Refused when the name is empty, too long or already there (stopped items included). Unknown dictionary: KeyError.
    """
    label = label.strip()
    if not 0 < len(label) <= 60:
        raise Refused("应填写名称，不超过60字。", field="label")
    if label in dict(DICTIONARIES[dictionary].items).values():
        raise Refused("此名称已有，已停用的可以恢复。", field="label")
    number = DictionaryItem.objects.filter(dictionary=dictionary, code__startswith="own_").count() + 1
    try:
        with transaction.atomic():
            item = DictionaryItem.objects.create(
                dictionary=dictionary, code=f"own_{number}", label=label, effective_on=effective_on,
                sort_no=len(DICTIONARIES[dictionary].items) + number,
            )
    except IntegrityError as error:
        raise Refused("此名称已有，已停用的可以恢复。", field="label") from error
    _note_item("dictionary.added", item, by=by, at=at)
    return item


@all_or_nothing
def stop_item(dictionary: str, *, code: str, by: Actor | None, at: datetime) -> DictionaryItem:
    """Offer an item no longer, from the day of `at` on; rows that hold it keep it.

    Raises Refused when it is stopped already or the last one in use. Unknown dictionary or code: KeyError.
    """
    item = _row(dictionary, code)
    if not item.is_active:
        raise Refused("此字典项已停用。")
    if [offered for offered, _ in queries.choices(dictionary)] == [code]:
        raise Refused("字典至少保留一项，应先新增再停用。")
    item.is_active, item.stopped_on = False, timezone.localdate(at)
    item.save()
    _note_item("dictionary.stopped", item, by=by, at=at)
    return item


@all_or_nothing
def resume_item(dictionary: str, *, code: str, by: Actor | None, at: datetime) -> DictionaryItem:
    """Offer a stopped item again. Raises Refused when it is in use. Unknown dictionary or code: KeyError."""
    item = _row(dictionary, code)
    if item.is_active:
        raise Refused("此字典项正在使用。")
    item.is_active, item.stopped_on = True, None
    item.save()
    _note_item("dictionary.resumed", item, by=by, at=at)
    return item


def _row(dictionary: str, code: str) -> DictionaryItem:
    """The row of a code, locked; for a built-in item that was never touched a new one, not saved."""
    found = DictionaryItem.objects.select_for_update().filter(dictionary=dictionary, code=code).first()
    if found:
        return found
    built_in = dict(DICTIONARIES[dictionary].items)
    return DictionaryItem(dictionary=dictionary, code=code, label=built_in[code], sort_no=list(built_in).index(code) + 1)


def _note_item(event: str, item: DictionaryItem, *, by: Actor | None, at: datetime) -> None:
    note(
        event, stream="sys", by=by, at=at, record=item,
        after={"dictionary": item.dictionary, "code": item.code, "label": item.label, "is_active": item.is_active},
    )
