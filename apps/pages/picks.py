"""Form fields whose choices are rows loaded once: a form with four people fields asks for the people once.

A choice that does not exist and one the person may not see get the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

NOT_OFFERED = "所选项不在可选范围内，重新选择。"


class LongSelect(forms.Select):
    """A select whose options are put together by hand: a template each takes 30 ms for the thousand companies of a group."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Closing tags of options, which HTML does not need, are left out."""
        given = self.build_attrs(self.attrs, attrs)
        chosen = set(self.format_value(value))
        pairs: Any = (("" if key is None else str(key), text) for key, text in self.choices)
        lines = (f'<option value="{escape(key)}"{" selected" if key in chosen else ""}>{escape(str(text))}' for key, text in pairs)
        options = mark_safe("".join(lines))  # noqa: S308 -- escaped above
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(given), options)


class PickField(forms.ChoiceField):
    """One of the given rows; cleans to the row itself, or to None."""

    def __init__(self, **options: Any) -> None:
        self.rows: dict[str, Model] = {}
        for foreign in ("queryset", "limit_choices_to", "to_field_name", "blank"):  # what a model field hands to its form field
            options.pop(foreign, None)
        super().__init__(**({"required": False} | options))

    def offer(self, rows: Iterable[Model], *, label: Callable[[Any], str] = str) -> None:
        """Set what may be chosen."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [("", "未选择"), *((key, label(row)) for key, row in self.rows.items())]

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, Model) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        row = self.rows.get(str(self.prepare_value(value)))
        if row is None:
            raise ValidationError(NOT_OFFERED, code="invalid_choice")
        return row

    def valid_value(self, value: Any) -> bool:
        return True  # `to_python` gave one of the rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "")


class PickManyField(forms.MultipleChoiceField):
    """Several of the given rows; cleans to the list of rows in the order in which they are offered."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        self.rows: dict[str, Model] = {}
        super().__init__(**options)

    def offer(self, rows: Iterable[Model], *, label: Callable[[Any], str] = str) -> None:
        """Set what may be chosen."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [(key, label(row)) for key, row in self.rows.items()]

    def clean(self, value: Any) -> list[Any]:
        chosen = set(super().clean(value))
        return [row for key, row in self.rows.items() if key in chosen]


class CodesField(forms.MultipleChoiceField):
    """Several codes; cleans to a list in the order in which they are offered, so that ticking again changes nothing."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        for foreign in ("base_field", "max_length", "show_hidden_initial"):  # what a model field hands to its form field
            options.pop(foreign, None)
        super().__init__(**options)

    def clean(self, value: Any) -> list[str]:
        chosen = set(super().clean(value))
        offered: Any = self.choices
        return [code for code, _ in offered if code in chosen]
