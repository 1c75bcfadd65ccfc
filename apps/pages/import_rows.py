"""Step 3 of 批量导入: the rows by what is wrong with them, each corrected in place."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.exchange import services
from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import changes_of, counts, others_in, plan_of, rows_of
from apps.exchange.registers import Register, Target
from apps.exchange.rows import posted
from apps.pages import import_jobs

PER_PAGE = 50
LISTED_CHANGES = 5  # before the import, of the records it changes
TABS = (("bad", "需要修改"), ("hint", "有提醒"), ("ok", "通过"), ("", "全部"), ("dropped", "不导入"))


class RowPages:
    """The page of the rows; ImportPages brings the batch, the register and the drawing."""

    base: ClassVar[str]
    lists_batches: ClassVar[bool]
    batch: Batch
    request: PortalRequest
    kind: Register
    render: Any  # how ImportPages draws a step
    steps: Any
    may_undo: Any

    def rows(self, request: PortalRequest, pk: int) -> HttpResponse:
        """The rows by what is wrong with them; each corrected in place."""
        if self.batch.table is None or (self.batch.unit is None and self.batch.state == Batch.State.OPEN):
            return redirect(f"{self.base}-import-batch", pk)
        job = import_jobs.last_job(self.batch, of=request.user)
        if job is not None and job.is_open:
            return self.render("imports/working.html", {"job": job})
        state = self.state(request.GET.get("tab"))
        tab = state["tab"]
        rows = rows_of(self.batch).filter(state=tab) if tab else rows_of(self.batch)
        shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        desk = services.desk_of(self.batch, by=request.user, at=timezone.now())
        context = state | {"lines": [self.line(row, desk) for row in shown], "page_obj": shown}
        context["failed"] = job if job is not None and job.error and self.batch.state != Batch.State.UNDONE else None
        is_done = self.batch.state != Batch.State.OPEN
        context |= {"others": others_in(self.batch) if is_done else [], "presets": [] if is_done else self.presets(desk)}
        return self.render("imports/rows.html", context | {"heads": self.heads, "may_undo": self.may_undo(), "imported": self.imported()})

    def state(self, tab: str | None) -> dict[str, Any]:
        """How the rows stand: for the note, the tabs and the bar, which are drawn anew with every corrected row."""
        found = counts(self.batch)
        bad = found.get("bad", 0)
        tabs = [{"key": key, "label": label, "count": found.get(key, 0) if key else sum(found.values())} for key, label in TABS]
        chosen = tab if tab is not None else "bad" if bad else ""
        return {"tabs": tabs, "tab": chosen, "bad": bad} | self.plan(sum(n for state, n in found.items() if state != "dropped"))

    def drop_bad(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Leave every row out that is wrong."""
        try:
            count = services.drop_bad(self.batch, by=request.user)
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"{count} 行已设为不导入，可以在“不导入”中查看和恢复。")
        return redirect(f"{self.base}-import-rows", pk)

    def imported(self) -> str:
        """The list of what this batch brought, where the register's list knows batches."""
        known = self.lists_batches and self.batch.state == Batch.State.DONE
        return f"{reverse(f'{self.base}-list')}?batch={self.batch.pk}" if known else ""

    def plan(self, going: int) -> dict[str, Any]:
        """「新增 84 条，更新 2 条，不变 3 条。」, how many rows that are no 不变, and the first changes in words."""
        found = plan_of(self.batch)
        said = [f"{label} {found[does]} 条" for does, label in BatchRow.Does.choices if found.get(does)]
        changes, updated = changes_of(self.batch)[:LISTED_CHANGES], found.get(BatchRow.Does.UPDATE, 0)
        told = [*changes, f"等 {updated} 条更新，其余见“有提醒”"] if changes and updated > len(changes) else changes
        acts = going - found.get(BatchRow.Does.SAME, 0)
        return {"going": going, "acts": acts, "plan": "，".join(said) + "。" if said else "", "changes": "\n".join(told)}

    def presets(self, desk: Any) -> list[tuple[str, str]]:
        """What new records get that neither the sheet nor the person says."""
        return desk.presets({*self.batch.mapping.values(), *self.batch.same}) if plan_of(self.batch).get(BatchRow.Does.NEW) else []

    @cached_property
    def heads(self) -> list[Target]:
        """The fields that are shown: those of which some row speaks, those given for all rows, and those none may lack."""
        filled = services.filled(self.batch)
        title = self.kind.needed[0][0]  # what a record is called, and which one it is, before all else
        shown = [t for t in self.kind.targets if t.name in filled or t.needed or t.name in self.batch.same]
        return sorted(shown, key=lambda target: (target.name != "number", target.name != title))

    def line(self, row: BatchRow, desk: Any, *, editing: bool = False) -> dict[str, Any]:
        """One row of the table: per cell its text, or the control where something is to be corrected."""
        seen = posted(row, columns=self.batch.chosen["columns"], batch=self.batch, register=self.kind, desk=desk)
        cells = []
        for target in self.heads:
            values, choices = seen.values.get(target.name, []), desk.choices(target.name)
            names = dict(choices or [])
            fault, hint = row.faults.get(target.name, ""), row.hints.get(target.name, "")
            cells.append(
                {
                    "target": target, "values": values, "fault": fault, "hint": hint, "choices": choices,
                    "text": ("\n" if target.lines or target.beside else "、").join(names.get(v, v) for v in values),
                    "editing": editing or bool(fault), "unread": seen.texts.get(target.name, "").strip() if not values else "",
                }
            )  # fmt: skip
        wide = next(at for at, cell in enumerate(cells) if cell["target"].name != "number")
        is_open = row.state != BatchRow.State.DROPPED and any(cell["editing"] for cell in cells)
        return {"row": row, "cells": cells, "note": row.hints.get("update", ""), "note_at": wide, "is_open": is_open, "is_whole": editing}

    def row(self, request: PortalRequest, pk: int, row: int) -> HttpResponse:
        """One row with every cell open."""
        return self.fragment(self._row(row), editing=True)

    def _row(self, number: int) -> BatchRow:
        found = rows_of(self.batch).filter(number=number).first()
        if found is None or self.batch.unit is None:  # no row before its columns
            raise Http404
        return found

    def fragment(self, row: BatchRow, *, editing: bool = False) -> HttpResponse:
        """One line of the table, drawn alone."""
        desk = services.desk_of(self.batch, by=self.request.user, at=timezone.now())
        shown = self.shown_tab()
        context = self.state(shown) | {"line": self.line(row, desk, editing=editing), "swapped": True, "presets": self.presets(desk)}
        return self.render("imports/row.html", context | {"strip": self.steps("imports/rows.html")})

    def shown_tab(self) -> str | None:
        """The tab of the page into which a row is drawn, as the page or the browser's address tells it."""
        sent = self.request.POST.get("tab", self.request.GET.get("tab"))
        if sent is not None:
            return sent
        try:
            query = urlsplit(self.request.headers.get("HX-Current-URL", "")).query
            return parse_qs(query, keep_blank_values=True).get("tab", [None])[0]
        except ValueError:  # no address at all, or a hundred parameters
            return None

    def correct(self, request: PortalRequest, pk: int, row: int) -> HttpResponse:
        """Type over cells of a row, leave it out, or take it in again."""
        act: dict[str, Any] = {"by": request.user, "at": timezone.now()}
        found = self._row(row)
        try:
            if "drop" in request.POST:
                found = services.drop(found, dropped=request.POST["drop"] == "1", **act)
            else:
                typed = {t.name: self.values_of(t) for t in self.kind.targets if f"cell-{t.name}" in request.POST}
                found = services.correct(found, typed=typed, **act)
        except Refused as no:
            messages.error(request, no.message)
        if request.headers.get("HX-Request"):
            return self.fragment(found)
        return redirect(f"{reverse(f'{self.base}-import-rows', args=[pk])}?{request.GET.urlencode()}")

    def values_of(self, target: Target) -> list[str]:
        """What was typed into a cell; of measures each line is one."""
        values = [str(v).strip() for v in self.request.POST.getlist(f"cell-{target.name}") if str(v).strip()]
        if target.lines or target.beside:
            return [line.strip() for v in values for line in v.splitlines() if line.strip()]
        return values
