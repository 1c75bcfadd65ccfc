"""Tags every template may use: icons, pills, lamps, field blocks. Loaded as builtins, so no {% load %} is needed."""
import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import differences
from apps.core.counts import TALLIED

register = template.Library()

EMPTY = "—"
LAMPS = {"r": "oct", "y": "trif", "g": "okf", "n": "clock"}
LEVELS = {"高": "h", "中": "m", "低": "l"}
CODES = {"h": "高", "high": "高", "m": "中", "medium": "中", "mid": "中", "l": "低", "low": "低"}
MESSAGE_KINDS = {"success": ("ok", "okc"), "error": ("bad", "xc"), "warning": ("warn", "tri"), "info": ("", "info"), "debug": ("", "info")}
INPUTS_WITHOUT_BOX = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)


@cache
def _sprite() -> SafeString:
    return SafeString((settings.BASE_DIR / "static" / "icons.svg").read_text("utf-8"))  # our own file


@register.simple_tag
def sprite() -> SafeString:
    """The icon sprite, once per page, so that `{% icon %}` needs no request of its own."""
    return _sprite()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite; decoration only, the words beside it carry the meaning."""
    return format_html('<svg class="ico{}" aria-hidden="true"><use href="#i-{}"></use></svg>', f" {css}" if css else "", name)


@register.simple_tag
def pill(kind: str, text: Any, icon_name: str = "", large: bool = False) -> SafeString:
    """A state in words with a tint. `kind`: ok, warn, bad, info, vio or grey (ux.md §17)."""
    mark = icon(icon_name) if icon_name else ""
    return format_html('<span class="pill pill-{}{}">{}{}</span>', kind, " pill-lg" if large else "", mark, text)


@register.simple_tag
def lamp(kind: str, text: Any) -> SafeString:
    """A 红黄绿灯 with its words; the shape differs as well as the colour. `kind`: r, y, g or n (none)."""
    return format_html('<span class="lamp lamp-{}">{}<span>{}</span></span>', kind, icon(LAMPS[kind]), text)


@register.simple_tag
def level(code: Any) -> SafeString:
    """The badge of a 高, 中 or 低 risk; a dash when it is not rated yet."""
    word = CODES.get(str(code or "").lower(), str(code or ""))
    if word not in LEVELS:
        return format_html('<span class="sec">{}</span>', word or EMPTY)
    return format_html('<span class="lv lv-{}" title="{}风险">{}</span>', LEVELS[word], word, word)


@register.simple_tag
def bar(value: Any, maximum: Any, label: str, kind: str = "") -> SafeString:
    """A progress bar without inline style. `kind`: empty, ok, y or r. A maximum of 0 shows an empty bar."""
    return format_html('<progress class="bar {}" value="{}" max="{}" aria-label="{}"></progress>', kind, value or 0, maximum or 1, label)


@register.simple_tag
def message_kind(level_tag: str) -> dict[str, str]:
    """Class and icon of a Django message by its level."""
    kind, name = MESSAGE_KINDS.get(level_tag, ("", "info"))
    return {"kind": kind, "icon": name}


@register.inclusion_tag("parts/crumbs.html")
def crumb(crumbs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The trail above the title; pairs of label and address, the last one is the page itself."""
    return {"crumbs": list(crumbs)}


# ---- lists -------------------------------------------------------------------------------------------------------


def _link(context: template.Context, changes: dict[str, str]) -> str:
    """The running query string with some parameters replaced; an empty value drops one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_link(context: template.Context, table: Any, order: str) -> str:
    """This list in another order, from its first page."""
    return _link(context, {table.prefixed_order_by_field: str(order), table.prefixed_page_field: ""})


@register.simple_tag(takes_context=True)
def page_link(context: template.Context, number: int) -> str:
    """Another page of this list, everything else as it is."""
    return _link(context, {context["table"].prefixed_page_field: str(number)})


@register.simple_tag(takes_context=True)
def kept(context: template.Context, *names: str) -> list[tuple[str, str]]:
    """The parameters of the running address that a query form hands on, as (name, value)."""
    return [(name, context["request"].GET[name]) for name in names if context["request"].GET.get(name)]


HANDED_ON = ("sort", "ordering", "view", "per_page", "ids", "batch")  # parameters of the list that a query form keeps but does not show


@register.simple_tag
def query_fields(form: forms.BaseForm) -> list[BoundField]:
    """The fields of a filter form that are drawn in the query form."""
    return [bound for bound in form.visible_fields() if bound.name not in HANDED_ON]


@register.simple_tag
def query_kind(bound: BoundField) -> str:
    """How a query form draws a field: many (several values), check (one box) or plain."""
    widget = bound.field.widget
    if isinstance(widget, (forms.SelectMultiple, forms.CheckboxSelectMultiple)):
        return "many"
    return "check" if isinstance(widget, forms.CheckboxInput) else "plain"


@register.simple_tag
def chosen(bound: BoundField) -> str:
    """What is chosen in a field with several values, in words: 全部, the one label, or how many."""
    labels = [str(option.choice_label) for option in bound.subwidgets if option.data["selected"]]
    if not labels:
        return "全部"
    return labels[0] if len(labels) == 1 else f"已选 {len(labels)} 项"


@register.simple_tag
def query_said(form: forms.BaseForm) -> list[str]:
    """The conditions of a filter form in words, as an empty list repeats them: 关键词“王建”, 评定等级“高”."""
    said = []
    for bound in query_fields(form) if form else ():
        value = bound.value()
        if isinstance(bound.field.widget, forms.CheckboxInput):
            said += [str(bound.label)] if value in (True, "on", "true", "1") else []
        elif value not in (None, "", []):
            chosen_ones = [str(option.choice_label) for option in bound.subwidgets if option.data.get("selected")]
            said.append(f"{bound.label}“{'、'.join(chosen_ones) if chosen_ones else value}”")
    return said


@register.filter
def page_range(table: Any) -> list[int | str]:
    """The page numbers to draw: first, last and the neighbours; … stands for what is left out."""
    return list(table.paginator.get_elided_page_range(table.page.number, on_each_side=1, on_ends=1))


@register.filter
def total(paginator: Any) -> str:
    """How many rows in words: 137, or 超过 10,000 where a list is not counted to its end."""
    return f"超过 {paginator.count - 1:,}" if getattr(paginator, "is_capped", False) else f"{paginator.count:,}"


@register.filter
def tally(count: int) -> str:
    """The number on a tab: exact up to 999, then 999+."""
    return str(count) if count <= TALLIED else f"{TALLIED}+"


@register.filter
def words(text: str) -> list[str]:
    """A text cut at its blanks, to loop over."""
    return text.split()


# ---- form fields -------------------------------------------------------------------------------------------------


def _css_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, INPUTS_WITHOUT_BOX):
        return ""
    return "form-select" if isinstance(widget, forms.Select) and not isinstance(widget, forms.SelectMultiple) else "form-control"


@register.simple_tag
def control(bound: BoundField, **attrs: Any) -> SafeString:
    """Only the input of a field, with the class its kind needs; further attributes by keyword (`_` becomes `-`)."""
    given = {key.replace("_", "-"): value for key, value in attrs.items() if value not in (None, "")}
    if limit := bound.field.widget.attrs.get("maxlength"):
        given |= {"maxlength": False, "data-limit": limit}  # a browser cuts what is pasted off without a word; the server says it
    css = " ".join(filter(None, [_css_of(bound.field.widget), bound.field.widget.attrs.get("class", ""), given.pop("class", "")]))
    return bound.as_widget(attrs={**given, **({"class": css} if css else {})})


def _length_shown(bound: BoundField) -> tuple[int, int] | None:
    limit = getattr(bound.field, "max_length", None)
    if not limit or not isinstance(bound.field.widget, forms.Textarea):
        return None
    return len(bound.value() or ""), limit


def _mark(bound: BoundField, optional: bool) -> str:
    if (bound.field.required or getattr(bound.field, "needed", False)):
        return "req"
    return "opt" if optional and not isinstance(bound.field.widget, forms.CheckboxInput) else ""


@register.inclusion_tag("parts/field.html")
def field(
    bound: BoundField, wide: bool = False, unit: str = "", hint: str = "", label: str = "", marks: bool = True, optional: bool = True
) -> dict[str, Any]:
    """One form field: label above, 必填 in words, input, hint, error. The ids are Django's, so aria-describedby fits.

    `wide` takes the whole row, `unit` stands inside the box on the right (money), `hint` replaces the help text,
    `optional=False` leaves out 选填, `marks=False` 必填 as well. Long texts and groups of more than three choices are wide by themselves.
    """
    widget = bound.field.widget
    grouped = isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
    return {
        "field": bound,
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "wide": wide or isinstance(widget, forms.Textarea) or (grouped and len(widget.choices) > 3),
        "unit": unit,
        "is_check": isinstance(widget, forms.CheckboxInput),
        "grouped": grouped,
        "mark": _mark(bound, optional) if marks else "",
        "length": _length_shown(bound),
    }


def _faults(part: Any) -> Iterator[tuple[str, str]]:
    """(id of the input or an empty string, message) of a form or a formset, in the order of the page."""
    if hasattr(part, "management_form"):
        yield from ((str(part.prefix), str(text)) for text in part.non_form_errors())
        for form in part.forms:
            yield from _faults(form)
        return
    yield from (("", str(text)) for text in part.non_field_errors())
    for bound in part:
        yield from ((bound.auto_id if not bound.is_hidden else "", str(text)) for text in bound.errors)


@register.inclusion_tag("parts/errsum.html")
def errsum(*parts: Any, verb: str = "提交", closed: bool = False) -> dict[str, Any]:
    """The error summary above the title: one line per fault, word for word as at the field. Nothing when there is none.

    `parts` are forms, formsets, or the dict of formsets that a register's page carries. `closed`: nothing can be corrected now.
    """
    flat = [single for part in parts if part for single in (part.values() if isinstance(part, dict) else [part])]
    return {"faults": [fault for part in flat if part.is_bound for fault in _faults(part)], "verb": verb, "closed": closed}


@register.filter
def has_faults(part: Any) -> bool:
    """Whether a bound form or formset holds a fault; for the 「错误：」 before the title."""
    return part is not None and getattr(part, "is_bound", False) and next(_faults(part), None) is not None


# ---- moves and steps ---------------------------------------------------------------------------------------------

SENT_BACK = ("return", "send_back", "give_back", "refuse", "reject")
ENDING = ("void", "withdraw", "cancel", "stop", "disable")
STATE_KINDS = {"draft": "grey", "returned": "bad", "void": "grey", "voided": "grey", "disabled": "grey", "closed": "ok", "done": "ok"}


@register.simple_tag
def step_kind(step: Any) -> str:
    """The look of a step in the timeline: bad for a return, else ok."""
    return "bad" if step.move.startswith(SENT_BACK) else "ok"


@register.filter
def state_kind(record: Any) -> str:
    """The tint of a record's state: its own `state_kind` when the model says so, else by the usual codes."""
    return getattr(record, "state_kind", None) or STATE_KINDS.get(record.state, "info")


@register.simple_tag
def split_moves(moves: Iterable[Any]) -> dict[str, list[dict[str, str]]]:
    """The moves open to somebody: judgements for the opinion panel, everything else for the title line.

    Each becomes {name, label, opinion, kind, ask}: kind is primary, danger or line; ask says that it is confirmed first.
    In the panel what sends back comes first (left), the approval last (right).
    """
    panel, others = [], []
    for move in moves or ():
        back, ends = move.name.startswith(SENT_BACK), move.name.startswith(ENDING)
        kind = "danger" if back or ends else "primary"
        line = {"name": move.name, "label": move.label, "opinion": move.opinion, "asks": move.asks, "kind": kind}
        if move.decides or back or move.speaks:
            panel.append(line)
        else:
            others.append(line | {"ask": "1" if ends or move.opinion == "required" else ""})
    panel.sort(key=lambda line: line["kind"] == "primary")
    for line in panel[:-1]:
        line["kind"] = "line" if line["kind"] == "primary" else line["kind"]
    return {"panel": panel, "others": sorted(others, key=lambda line: line["kind"] == "primary")}


@register.simple_tag
def opinion_rule(moves: list[dict[str, str]]) -> str:
    """When an opinion must be written, in words: 必填, 选填, or 退回时必填."""
    musts = [line["label"] for line in moves if line["opinion"] == "required"]
    if not musts:
        return "选填"
    return "必填" if len(musts) == len(moves) else f"{'、'.join(musts)}时必填"


@register.simple_tag
def opinion_name(moves: list[dict[str, str]]) -> str:
    """What is written beside the buttons: what all of them ask for, as 答复, or 意见."""
    asked = {line["asks"] for line in moves}
    return (asked.pop() if len(asked) == 1 else "") or "意见"


@register.filter
def filled(rows: Iterable[Any]) -> list[tuple[Any, Any, bool]]:
    """Pairs of label and value for two columns: one that would stand alone in its line takes the whole line."""
    shown: list[tuple[Any, Any, bool]] = []
    alone = False
    for label, value, *more in rows:
        wide = bool(more and more[0])
        if wide and alone:
            shown[-1] = (*shown[-1][:2], True)
        shown.append((label, value, wide))
        alone = not wide and not alone
    if alone:
        shown[-1] = (*shown[-1][:2], True)
    return shown


@register.filter
def rows_title(formset: Any) -> str:
    """The heading over repeating rows: the formset's own `title`, else what its rows are called."""
    return getattr(formset, "title", "") or str(formset.model._meta.verbose_name)


# ---- values ------------------------------------------------------------------------------------------------------


@register.filter
def dash(value: Any) -> Any:
    """The value, or — when there is none. Zero is a value."""
    return EMPTY if value is None or value == "" else value


def _local(value: datetime.date | datetime.datetime) -> datetime.date | datetime.datetime:
    return timezone.localtime(value) if isinstance(value, datetime.datetime) and timezone.is_aware(value) else value


@register.filter
def day(value: datetime.date | None) -> str:
    """2026-11-20."""
    return _local(value).strftime("%Y-%m-%d") if value else EMPTY


@register.filter
def short_day(value: datetime.date | None) -> str:
    """11-20 for a day of this year, else 2025-11-20."""
    if not value:
        return EMPTY
    return _local(value).strftime("%m-%d" if _local(value).year == timezone.localdate().year else "%Y-%m-%d")


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """2026-11-20 10:42."""
    return _local(value).strftime("%Y-%m-%d %H:%M") if value else EMPTY


@register.filter
def short_moment(value: datetime.datetime | None) -> str:
    """11-20 10:42 in this year, else with the year."""
    return f"{short_day(value)} {_local(value).strftime('%H:%M')}" if value else EMPTY


@register.filter
def money(value: Decimal | float | None, decimals: int = 2) -> str:
    """4,860.00; the unit (万元, 元) stands in the heading or label."""
    return EMPTY if value is None or value == "" else f"{Decimal(str(value)):,.{decimals}f}"


@register.filter
def filesize(value: int | None) -> str:
    """12.4 MB, 380 KB."""
    if value is None:
        return EMPTY
    return f"{value / 1048576:.1f} MB" if value >= 1048576 else f"{max(1, round(value / 1024))} KB"


changes = register.simple_tag(differences.changes)
