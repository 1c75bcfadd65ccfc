"""The button 导出 of a list, for a register that declared its sheet (exports.declare)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.audit.services import note
from apps.core.errors import Refused
from apps.documents.services import request_job
from apps.org.scope import scope_of
from apps.pages import exports
from apps.pages.answers import file_answer


class ExportPages:
    """Beside RecordPages; the register adds HANDLERS and ROUTES to its own."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {"export": {"post": "export"}}
    ROUTES: ClassVar[dict[str, str]] = {"export": "export/"}
    base: str
    model: ClassVar[Any]
    request: Any

    def export(self, request: PortalRequest) -> HttpResponseBase:
        """The current filter as xlsx or csv: few rows at once, many by a worker."""
        if not self.may_export():
            raise Http404
        query, kind, at = request.POST.get("query", "")[:2000], "csv" if request.POST.get("kind") == "csv" else "xlsx", timezone.now()
        selection = exports.select(self.base, query=query, by=request.user)
        if selection.total > exports.AT_ONCE:
            return self.export_later(query, kind)
        event = {"register": self.base, "kind": kind, "query": query, "count": selection.total}
        note("exchange.exported", stream="sys", by=request.user, at=at, after=event)
        name = exports.file_name(selection, kind=kind, by=request.user, at=at)
        write = lambda path: exports.write(path, selection, kind=kind, by=request.user, at=at)  # noqa: E731 -- once, here
        return file_answer(name, write, media=exports.MEDIA[kind])

    def may_export(self) -> bool:
        """Who exports as Excel: E of the matrix, and whoever keeps the register of a unit. The printed ledger is for every reader."""
        scope = scope_of(self.request.user)
        return any(scope.may(self.model.FUNCTION, letter) for letter in "EU")

    def export_later(self, query: str, kind: str) -> HttpResponse:
        """Ask a worker for the sheet."""
        params = {"register": self.base, "query": query, "kind": kind}
        title = f"导出{self.model._meta.verbose_name}（{'CSV' if kind == 'csv' else 'Excel'}）"
        try:
            request_job(exports.KIND, by=self.request.user, at=timezone.now(), title=title, params=params)
        except Refused as no:
            messages.error(self.request, no.message)
            return redirect(f"{reverse(f'{self.base}-list')}?{query}".rstrip("?"))
        messages.success(self.request, "正在导出，完成后在此下载。")
        return redirect("jobs")
