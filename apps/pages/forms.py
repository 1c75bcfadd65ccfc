"""What forms of every register share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseFormSet
from django.forms.utils import ErrorDict, ErrorList


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


class MoveForm(forms.Form):
    """What every move posts: the opinion, and the version the actor saw."""

    opinion = forms.CharField(label="意见", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    next = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)

    def __init__(self, *args: Any, record: Any = None, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record, self.user = record, user
