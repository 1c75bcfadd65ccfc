"""The content of a risk point as plain facts: what a version keeps, an adjustment proposes and an event compares.

Plain content is `{"fields": {name: {"value", "text"}}, "measures": [{name: {"value", "text"}, …}]}`. The telephone
number is personal and in none of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from apps.parameters import queries as parameters
from apps.parameters.dictionaries import DICTIONARIES
from apps.risks.rules import CRITERIA

if TYPE_CHECKING:
    from django.db.models import Field

    from apps.risks.models import Measure, RiskPoint

Plain = dict[str, Any]

# In the order of the form. `ADJUSTABLE` is what an adjustment may change; unit and number stay for ever.
ADJUSTABLE = (
    "layer", "department", "post", "power", "topic", "domain", "category", "name", "manifestation", "step_name", "authority",
    "likelihood", "severity", "consequence", "criteria", "level", "level_reason", "indicator", "responsible", "head", "leader", "secretary",
    "basis", "ways", "source", "publicity_scope", "publicity_channels", "secrecy",
)  # fmt: skip
FIELDS = ("unit", "year", *ADJUSTABLE)
MEASURE_FIELDS = ("kind", "content", "department", "person", "due_on", "is_standing", "basis", "progress", "progress_note")
GRADING = {"lc": ("likelihood", "severity"), "consequence": ("consequence",), "count": ("criteria",)}  # fields of each method
DICTIONARY_OF = {
    "topic": "topic_kind", "domain": "business_area", "category": "risk_kind", "ways": "finding_way",
    "publicity_scope": "publicity_scope", "publicity_channels": "publicity_channel",
}  # fmt: skip


def code_text(dictionary: str, code: str) -> str:
    """The label of a code; the code itself when no dictionary knows it, so that nothing stored can break a page."""
    built_in = dict(DICTIONARIES[dictionary].items)
    return built_in[code] if code in built_in else parameters.labels(dictionary).get(code, code)


def _text(row: RiskPoint | Measure, name: str, value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if name in DICTIONARY_OF:
        return "、".join(code_text(DICTIONARY_OF[name], code) for code in ([value] if isinstance(value, str) else value))
    if name == "criteria":
        return "、".join(CRITERIA.get(code, code) for code in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    field: Field[Any, Any] = row._meta.get_field(name)  # type: ignore[assignment]
    if field.is_relation:
        return str(getattr(row, name))
    return str(getattr(row, f"get_{name}_display")()) if field.choices else str(value)


def _place(name: str) -> Callable[[str], int]:
    """Codes stand in the order of the form, however they were stored: the same ticks are no change."""
    order = [code for code, _ in DICTIONARIES[DICTIONARY_OF[name]].items] if name in DICTIONARY_OF else list(CRITERIA)
    return lambda code: order.index(code) if code in order else len(order)


def _plain_row(row: RiskPoint | Measure, names: Iterable[str]) -> Plain:
    found: Plain = {}
    for name in names:
        field: Field[Any, Any] = row._meta.get_field(name)  # type: ignore[assignment]
        value = getattr(row, field.attname)
        stored = value.isoformat() if hasattr(value, "isoformat") else value
        if isinstance(value, list):
            value = stored = sorted(value, key=_place(name))
        found[name] = {"value": stored, "text": _text(row, name, value)}
    return found


def plain(record: RiskPoint, measures: Iterable[Measure]) -> Plain:
    """The content of a record with these measures."""
    return {"fields": _plain_row(record, FIELDS), "measures": [{"id": m.pk, **_plain_row(m, MEASURE_FIELDS)} for m in measures]}


def snapshot(facts: Plain) -> dict[str, Any]:
    """Plain content as `flow` compares it: {field: {label, value, text}}, the measures as one field."""
    from apps.risks.models import RiskPoint  # noqa: PLC0415 -- the model itself asks for its snapshot

    shown = {
        name: {"label": str(RiskPoint._meta.get_field(name).verbose_name), **facts["fields"][name]}  # type: ignore[union-attr]
        for name in FIELDS
    }
    rows = [{name: row[name]["value"] for name in MEASURE_FIELDS} for row in facts["measures"]]
    lines = [f"{i}. {measure_line(row)}" for i, row in enumerate(facts["measures"], start=1)]
    return shown | {"measures": {"label": "防控措施", "value": rows, "text": "\n".join(lines)}}


def until(due_on: datetime.date | None, *, is_standing: bool) -> str:
    """The 完成时限 of a measure in a table: a date, 长期坚持, or nothing."""
    return "长期坚持" if is_standing else f"{due_on:%Y-%m-%d}" if due_on else ""


def measure_line(row: Plain) -> str:
    """One measure on one line: 【中期监控】单项变更须会签（工程管理部，赵静，长期坚持）."""
    when = "长期坚持" if row["is_standing"]["value"] else row["due_on"]["text"]
    said = dict.fromkeys((row["department"]["text"], row["person"]["text"], when, row["progress"]["text"]))  # 长期坚持 once
    who = "，".join(part for part in said if part)
    kind = f"【{row['kind']['text']}】" if row["kind"]["text"] else ""
    return f"{kind}{row['content']['text']}" + (f"（{who}）" if who else "")


def facts_for_audit(facts: Plain) -> dict[str, Any]:
    """Plain content for an event: values only; measures as their lines."""
    values = {name: cell["value"] for name, cell in facts["fields"].items()}
    return values | {"measures": [measure_line(row) for row in facts["measures"]]}


def write_onto(record: RiskPoint, values: Mapping[str, Any], *, names: Iterable[str]) -> None:
    """Put cleaned values (rows for foreign keys) onto the record; names that are not given stay as they are."""
    for name in names:
        if name in values:
            value = values[name]
            setattr(record, name, list(value) if isinstance(value, tuple | list) else value)


def from_plain(record: RiskPoint, facts: Plain) -> list[dict[str, Any]]:
    """Put the adjustable part of plain content onto the record; gives its measures as column values with their `id`."""
    for name in ADJUSTABLE:
        setattr(record, record._meta.get_field(name).attname, facts["fields"][name]["value"])  # type: ignore[union-attr]
    columns = {"department": "department_id", "person": "person_id"}
    return [{"id": row["id"], **{columns.get(name, name): row[name]["value"] for name in MEASURE_FIELDS}} for row in facts["measures"]]
