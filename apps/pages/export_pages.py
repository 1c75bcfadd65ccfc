"""The button 导出 of a list, for a register that declared its sheet (exports.declare)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.documents.services import request_job
from apps.pages import exports
from apps.pages.answers import file_answer
from apps.pages.paging import whole


class ExportPages:
    """Beside RecordPages; the register adds HANDLERS and ROUTES to its own."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {"export": {"post": "export"}}
    ROUTES: ClassVar[dict[str, str]] = {"export": "export/"}
    base: str
    model: ClassVar[Any]
    function: Any
    request: Any

    def export(self, request: PortalRequest) -> HttpResponseBase:
        """The current filter, or the ticked rows, as xlsx or csv: few rows at once, many by a worker."""
        if not self.may_export():
            raise Http404
        asked, at = self.export_asked(), timezone.now()
        selection = exports.select(asked, by=request.user)
        if selection.total > exports.AT_ONCE:
            return self.export_later(asked)
        exports.told(selection, by=request.user, at=at)
        write = lambda path: exports.write(path, selection, by=request.user, at=at)  # noqa: E731 -- once, here
        return file_answer(exports.file_name(selection, by=request.user, at=at), write, media=exports.MEDIA[asked.kind])

    def export_asked(self) -> exports.Asked:
        """What the button posts: the filter, the kind, the columns as they stand in the list, the ticked rows."""
        post = self.request.POST
        names = [name for name in post.get("columns", "")[:1000].split(",") if name]
        keys = [] if post.get("all") else [whole(key) for key in post.getlist("pk")]  # what is no key is one that finds nothing
        kind = "csv" if post.get("kind") == "csv" else "xlsx"
        return exports.Asked(self.base, query=post.get("query", "")[:2000], kind=kind, columns=names, keys=keys[: exports.AT_ONCE])

    def export_menu(self) -> list[dict[str, Any]]:
        """The lines of the menu 导出."""
        line = {"method": "post", "url": reverse(f"{self.base}-export")}
        query = self.request.GET.urlencode()
        shown = [
            ("导出Excel（当前列）", {"kind": "xlsx", "columns": "shown"}),  # list.js names the columns when it is sent
            ("导出Excel（全部列）", {"kind": "xlsx"}),
            ("导出CSV（全部列）", {"kind": "csv"}),
        ]
        return [line | {"label": label, "hidden": hidden | {"query": query}} for label, hidden in shown]

    def export_chosen(self) -> list[dict[str, str]]:
        """The button of the bar over ticked rows."""
        return [{"label": "导出所选", "url": reverse(f"{self.base}-export")}] if self.may_export() else []

    def may_export(self) -> bool:
        """Who exports as Excel."""
        return exports.may_export(self.function, self.request.user)

    def export_later(self, asked: exports.Asked) -> HttpResponse:
        """Ask a worker for the sheet."""
        title = f"导出{self.model._meta.verbose_name}（{'CSV' if asked.kind == 'csv' else 'Excel'}）"
        try:
            request_job(exports.KIND, by=self.request.user, at=timezone.now(), title=title, params=asked.as_params(), told=asked.told())
        except Refused as no:
            messages.error(self.request, no.message)
            return redirect(f"{reverse(f'{self.base}-list')}?{asked.query}".rstrip("?"))
        messages.success(self.request, "正在导出，完成后在此下载。")
        return redirect("jobs")
