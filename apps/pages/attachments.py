"""Attachments on a record's page: shown to whoever sees the record, added and removed while it can be edited."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Refused
from apps.files.queries import attachments_of
from apps.files.rules import ACCEPT, hint
from apps.files.services import attach, remove
from apps.pages.flow_pages import FlowPages
from apps.parameters.queries import choices, whole


class AttachForm(forms.Form):
    """One file and what it is."""

    file = forms.FileField(label="附件", error_messages={"required": "选择要上传的文件。", "empty": "文件是空的，换一个文件。"})
    kind = forms.ChoiceField(label="材料类别")

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        max_mb = whole("file.max_mb", on=timezone.localdate())
        self.hint = hint(max_mb=max_mb)
        self.fields["file"].widget.attrs = {"accept": ACCEPT, "data-max-mb": str(max_mb)}


class AttachmentPages(FlowPages):
    """FlowPages of a record that carries files."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = FlowPages.HANDLERS | {"attach": {"post": "attach"}, "detach": {"post": "detach"}}
    ROUTES: ClassVar[dict[str, str]] = {"attach": "<int:pk>/files/", "detach": "<int:pk>/files/<uuid:file>/remove/"} | FlowPages.ROUTES
    EDITING: ClassVar[frozenset[str]] = FlowPages.EDITING | {"attach", "detach"}

    def attach(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a file on the record."""
        form = AttachForm(request.POST, request.FILES, kinds=choices("material_kind"))
        if not form.is_valid():
            messages.error(request, "；".join(str(m) for errors in form.errors.values() for m in errors))
            return redirect(self.object.get_absolute_url())
        chosen = form.cleaned_data
        try:
            made = attach(self.object, upload=chosen["file"], kind=chosen["kind"], by=self.request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"附件“{made.name}”已上传。")
        return redirect(self.object.get_absolute_url())

    def detach(self, request: HttpRequest, pk: int, file: UUID) -> HttpResponse:
        """Take a file off the record."""
        found = attachments_of(self.object).filter(pk=file).first()
        if found is None:
            raise Http404
        try:
            remove(found, reason="填报人移除", by=self.request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"附件“{found.name}”已移除。")
        return redirect(self.object.get_absolute_url())

    def detail_context(self) -> dict[str, Any]:
        may, kept = self.may_edit(self.object), list(attachments_of(self.object))
        kinds = choices("material_kind") if may or kept else []
        names = dict(kinds)
        shown = [
            {
                "name": a.name, "url": a.url, "size": a.size, "kind_label": names.get(a.kind, a.kind),
                "delete_url": reverse(f"{self.base}-detach", args=[self.object.pk, a.pk]) if may else "",
            }
            for a in kept
        ]  # fmt: skip
        extra = {"attach_form": AttachForm(kinds=kinds), "attach_url": reverse(f"{self.base}-attach", args=[self.object.pk])} if may else {}
        return super().detail_context() | {"attachments": shown} | extra
