"""How the fields of a risk point are grouped on the form and on the detail page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.core.templatetags.ui import short_day
from apps.pages.paging import whole
from apps.risks.content import GRADING
from apps.risks.models import GRADES, RiskPoint
from apps.risks.rules import LEVELS, is_lower, suggestion_for

if TYPE_CHECKING:
    from apps.exchange.models import BatchRow
    from apps.risks.forms import BaseMeasureFormSet, RiskPointForm

NEEDED = (
    "layer", "power", "domain", "category", "manifestation", "authority", "likelihood", "severity", "consequence", "criteria", "level",
    "head", "leader", "ways", "topic", "publicity_scope", "publicity_channels",
)  # fmt: skip
SECTIONS = (
    ("一、填报信息", ("unit", "department", "year", "layer", "post", "topic", "secrecy")),
    ("二、权力事项与风险", ("name", "power", "authority", "domain", "category", "step_name", "manifestation")),
    ("三、等级评定", ("GRADING", "level", "level_reason", "indicator")),
    ("四、责任人员", ("responsible", "head", "leader", "secretary", "phone")),
    ("五、排查依据与公示", ("ways", "basis", "source", "publicity_scope", "publicity_channels")),
)
FLOOR_FIELDS = ("domain", "authority")  # what the floor rule looks at beside the grading
LONG = 20  # characters that take the whole line
WIDE = {"level_reason", "ways", "basis", "source", "publicity_channels", "criteria"}


def _names(names: tuple[str, ...], method: str) -> list[str]:
    return [n for name in names for n in (GRADING[method] if name == "GRADING" else (name,))]


def in_order(names: Sequence[str] | None = None) -> list[str]:
    """The fields of a section, or of the whole form, as they stand on the page, whatever the method."""
    grading = [name for names in GRADING.values() for name in names]
    asked = names if names is not None else [name for _, some in SECTIONS for name in some]
    return [n for name in asked for n in (grading if name == "GRADING" else [name])]


def of_form(form: RiskPointForm, *, is_submitted: bool) -> list[dict[str, Any]]:
    """The sections of the form, each with its fields and how far it is: done, todo, or the number of faults."""
    shown: list[dict[str, Any]] = []
    method = form.instance.method or "lc"
    for title, names in SECTIONS:
        bound = [form[name] for name in _names(names, method)]
        for field in bound:
            field.field.needed = field.name in NEEDED  # type: ignore[attr-defined]
        shown.append({"title": title, "fields": bound, "status": _status(bound, is_submitted=is_submitted)})
    asked = (*GRADING[method], "level", *FLOOR_FIELDS)
    shown[2] |= {
        "note": f"定级方法：{form.instance.get_method_display()}",
        "template": "risks/riskpoint/grading.html",
        "grading": [form[name] for name in GRADING[method]],
        "rest": [bound for bound in shown[2]["fields"] if bound.name not in GRADING[method]],
        "asks": ",".join(f"#id_{name}" for name in asked),
        "trigger": ",".join(f"change from:#id_{name} delay:200ms" for name in asked),
        "suggestion": suggestion(form.instance, {name: form[name].value() for name in asked}),
    }
    return shown


def suggestion(record: RiskPoint, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule says of grading fields as they are typed, and whether the chosen level differs from it."""
    asked = copy(record)
    ticks = typed.get("criteria") or []
    grades = (whole(str(typed.get(name) or "")) for name in GRADING["lc"])
    asked.likelihood, asked.severity = (grade if grade in dict(GRADES) else None for grade in grades)
    asked.consequence, asked.domain, asked.authority = (str(typed.get(name) or "") for name in ("consequence", *FLOOR_FIELDS))
    asked.criteria = ticks if isinstance(ticks, list) else [ticks]
    found, level = suggestion_for(asked), str(typed.get("level") or "")
    return {
        "method": record.method,
        "found": found,
        "label": LEVELS.get(found.level, ""),
        "differs": bool(found.level and level) and level != found.level,
        "lower": is_lower(level, found.level),
        "takes": bool(found.level) and level != found.level,
    }


def nav_of(shown: list[dict[str, Any]], measures: BaseMeasureFormSet, *, is_submitted: bool) -> list[dict[str, Any]]:
    """The list beside the form: its sections, and the measures below them."""
    rows = [row for row in measures.forms if not row["DELETE"].value()]
    faults = sum(len(row.errors) for row in rows) + len(measures.non_form_errors()) if is_submitted else 0
    status = faults or ("done" if rows else "todo")
    return [*shown, {"title": "六、防控措施", "anchor": "measures", "status": status}]


def _status(bound: list[Any], *, is_submitted: bool) -> str | int:
    if is_submitted and (faults := sum(len(f.errors) for f in bound)):
        return faults
    needed = [f for f in bound if f.field.required or f.field.needed]
    return "done" if all(f.value() not in (None, "", []) for f in needed) else "todo"


def facts(record: RiskPoint) -> list[tuple[str, Any]]:
    """The key facts under the title; what is not there yet is left out."""
    shown = [
        ("编号", record.number), ("填报单位", record.unit.short_name), ("部门", record.department), ("岗位", record.post),
        ("评定等级", record.get_level_display()), ("风险值D", record.score), ("填报人", record.created_by),
        ("公示", f"{short_day(record.publicity_from)}～{short_day(record.publicity_until)}" if record.publicity_from else ""),
        ("生效日期", short_day(record.effective_on) if record.effective_on else ""),
        ("复查期限", short_day(record.review_due_on) if record.review_due_on else ""),
    ]  # fmt: skip
    return [(label, value) for label, value in shown if value not in {None, ""}]


def content(record: RiskPoint, *, phone: str) -> list[dict[str, Any]]:
    """The content by sections, as pairs of label and text; `phone` is masked by the caller's right."""
    shot = record.snapshot()
    shown = []
    for title, names in SECTIONS:
        rows: list[tuple[str, Any, bool]] = [
            (shot[name]["label"], shot[name]["text"], name in WIDE or name == "manifestation")
            for name in _names(names, record.method)
            if name in shot
        ]
        if "phone" in names:
            rows.append(("联系电话", phone, False))
        if "GRADING" in names:
            taken = record.level_source == "sheet" and not record.suggested  # nobody has graded it by the method yet
            rows.insert(0, ("定级方法", f"{record.get_method_display()}（尚未评定）" if taken else record.get_method_display(), False))
            rows.append(("建议等级", reasons(record), True))
            if record.level_source:
                rows.append(("等级来源", record.get_level_source_display(), False))
            if record.is_lowered:
                rows.append(("降级", "纪检部门同意" if record.lowering_agreed else "待纪检部门同意", False))
        if "publicity_scope" in names and record.sitting is not None:
            rows.append(("审定会议", f"{record.sitting} {record.sitting.met_on:%Y-%m-%d}", False))
        shown.append({"title": title, "rows": rows})
    return shown


def original(row: BatchRow) -> dict[str, Any]:
    """The line of the sheet from which a draft came, as it stood there: also what found no place on the form."""
    columns = row.batch.tables[row.table]["columns"]
    cells = [(column["title"] or "（无表头）", text) for column, text in zip(columns, row.cells, strict=False) if text]
    more = "\n".join("　".join(text for text in cells if text) for cells in row.more)
    rows = [(title, text, len(text) > LONG) for title, text in cells] + ([("续行", more, True)] if more else [])
    return {"title": f"原表内容（{row.batch.file_name} 第 {row.number} 行）", "rows": rows}


def reasons(record: RiskPoint) -> SafeString | str:
    """Which level is suggested and why."""
    if not record.suggested:
        return ""
    label = record.get_suggested_display()
    return format_html_join("；", "{}", ((text,) for text in (f"{label}", *record.level_reasons)))
