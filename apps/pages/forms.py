"""What forms of every register share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseFormSet, BoundField
from django.forms.utils import ErrorDict, ErrorList
from django.utils.choices import flatten_choices


def without_errors(form: Any) -> Any:
    """A form bound to a draft, shown without complaints: nobody pressed a button yet."""
    if isinstance(form, BaseFormSet):
        formset: Any = form  # what Django keeps the outcome of full_clean in
        formset._errors = [ErrorDict() for _ in formset.forms]
        formset._non_form_errors = ErrorList()
        for child in formset.forms:
            child._errors = ErrorDict()
    else:
        form._errors = ErrorDict()
    return form


class Lines(forms.Textarea):
    """A text of several lines: browsers send each break as two characters, the counter on the page and the limit know one."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


CHOSEN = (forms.Select, forms.RadioSelect, forms.CheckboxSelectMultiple)


def worded(form: forms.BaseForm, *, before: str = "") -> None:
    """Say what to do, with the name of the field, wherever a field has no sentence of its own for a fault.

    The same sentence stands at the field and in the summary above, where nobody sees the field. `before` tells rows apart.
    """
    for field in form.fields.values():
        if type(field.widget) is forms.Textarea:
            lines = Lines(field.widget.attrs)
            lines.is_required, field.widget = field.widget.is_required, lines
        plain: dict[str, Any] = {}
        for kind in reversed(type(field).__mro__):
            plain |= getattr(kind, "default_error_messages", {})
        label = f"{before}{field.label}"
        verb = "选择" if isinstance(field.widget, CHOSEN) else "填写"
        said = {
            "required": f"{before}{verb}{field.label}",
            "max_length": f"{label}不超过%(limit_value)d字，现有%(show_value)d字",
            "min_value": f"{label}不小于%(limit_value)s",
            "max_value": f"{label}不大于%(limit_value)s",
            "invalid": f"{label}{_shape(field)}",
            "invalid_choice": f"{label}不在可选范围内，重新选择",
        }
        field.error_messages |= {code: text for code, text in said.items() if field.error_messages.get(code) == plain.get(code)}


def _shape(field: forms.Field) -> str:
    """How a value of this field is written."""
    if isinstance(field, forms.DateField):
        return "按“2026-11-20”的格式填写"
    if isinstance(field, forms.IntegerField):
        return "填写整数"
    return "只填数字" if isinstance(field, forms.DecimalField) else "填写有误，重新填写"


def as_read(field: BoundField) -> str:
    """What stands in a field of a form, as its reader sees it: names of choices instead of their keys."""
    value = field.value()
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    kind: Any = field.field
    names = dict(flatten_choices(kind.choices)) if hasattr(kind, "choices") else {True: "是", False: "否"}
    named = {str(key): str(name) for key, name in names.items()}
    return "、".join(named.get(str(kind.prepare_value(v)), str(v)) for v in values if v != "")


class MoveForm(forms.Form):
    """What every move posts: the opinion, and the version the actor saw."""

    opinion = forms.CharField(label="意见", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    next = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)

    def __init__(self, *args: Any, record: Any = None, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record, self.user = record, user
        worded(self)
