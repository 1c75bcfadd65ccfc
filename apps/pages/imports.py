"""批量导入 of a register: upload, map the columns, correct the rows, import all of them or none, undo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views import View

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.exchange import committing, services
from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import batches_of, counts, rows_of
from apps.exchange.reading import TYPES
from apps.exchange.registers import Register, Target, register_of
from apps.exchange.rows import posted, reading
from apps.exchange.values import several
from apps.org.models import UnitRecord
from apps.org.scope import scope_of
from apps.pages.paging import whole

MOST_MB = 10
MOST_SPELLINGS = 60  # asked about at once in one column
PER_PAGE = 50
TABS = (("bad", "需要修改"), ("hint", "有提醒"), ("ok", "通过"), ("", "全部"), ("dropped", "不导入"))


class ImportPages(View):
    """The wizard of one register; subclasses name the register and its pages."""

    register: ClassVar[str]
    model: ClassVar[type[UnitRecord]]
    base: ClassVar[str]
    page: str = ""
    batch: Batch
    request: PortalRequest

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {
        "import": {"get": "start", "post": "upload"},
        "import-batch": {"get": "columns", "post": "arrange"},
        "import-rows": {"get": "rows"},
        "import-row": {"get": "row", "post": "correct"},
        "import-commit": {"post": "commit"},
        "import-undo": {"post": "undo"},
        "import-discard": {"post": "discard"},
    }
    ROUTES: ClassVar[dict[str, str]] = {
        "import": "import/", "import-batch": "import/<int:pk>/", "import-rows": "import/<int:pk>/rows/",
        "import-row": "import/<int:pk>/rows/<int:row>/", "import-commit": "import/<int:pk>/commit/",
        "import-undo": "import/<int:pk>/undo/", "import-discard": "import/<int:pk>/discard/",
    }  # fmt: skip

    @classmethod
    def urls(cls) -> list[URLPattern]:
        """The addresses of the wizard: /base/import/ …"""
        return [path(f"{cls.base}/{tail}", cls.as_view(page=page), name=f"{cls.base}-{page}") for page, tail in cls.ROUTES.items()]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        for verb, name in self.HANDLERS[self.page].items():
            setattr(self, verb, getattr(self, name))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method and request.method.lower() not in {*self.HANDLERS[self.page], "head", "options"}:
            return self.http_method_not_allowed(request)
        if not scope_of(request.user).may(self.model.FUNCTION, "C"):
            raise Http404
        if "pk" in kwargs:
            found = batches_of(self.request.user, self.register).filter(pk=kwargs["pk"]).first()
            if found is None:
                raise Http404
            self.batch = found
        return super().dispatch(request, *args, **kwargs)

    @property
    def kind(self) -> Register:
        """The register that takes the rows."""
        return register_of(self.register)

    # -- 1 上传 --------------------------------------------------------------------------------------------------

    def start(self, request: PortalRequest) -> HttpResponse:
        """Choose a file; below, what is not imported yet and what was."""
        return self.render("imports/start.html", {"batches": batches_of(request.user, self.register)[:10], "most_mb": MOST_MB})

    def upload(self, request: PortalRequest) -> HttpResponse:
        """Read the file and go on to its columns; refused, the page says what to do about the file."""
        try:
            batch = self._opened(request)
        except Refused as no:
            context = {"batches": batches_of(request.user, self.register)[:10], "most_mb": MOST_MB, "fault": no.message}
            return self.render("imports/start.html", context, status=422)
        return redirect(f"{self.base}-import-batch", batch.pk)

    def _opened(self, request: PortalRequest) -> Batch:
        file = request.FILES.get("file")
        if file is None:
            raise Refused("选择要导入的文件。", field="file")
        ending = Path(file.name or "").suffix.lower().lstrip(".")
        if ending not in TYPES:
            raise Refused("上传 xlsx、xls、et 或 csv 格式的文件。", field="file")
        if not file.size or file.size > MOST_MB * 1024 * 1024:
            raise Refused(f"文件不能是空的，且不超过 {MOST_MB} MB。", field="file")
        with tempfile.NamedTemporaryFile(suffix=f".{ending}") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
            kept.flush()
            return services.open_batch(
                self.register, path=Path(kept.name), file_name=file.name or "", by=request.user, at=timezone.now()
            )

    # -- 2 对应列 ------------------------------------------------------------------------------------------------

    def columns(self, request: PortalRequest, pk: int) -> HttpResponse:
        """The columns of the file beside the fields of the register; asks which table where there are several."""
        if self.batch.state != Batch.State.OPEN:
            return self.rows(request, pk)
        if self.batch.table is None:
            return self.render("imports/tables.html", {"tables": self.batch.tables})
        return self.render("imports/columns.html", self.columns_context())

    def columns_context(self, typed: dict[str, Any] | None = None) -> dict[str, Any]:
        """The page of the columns: as typed, as arranged before, or as proposed."""
        units = list(self.kind.units(self.request.user))
        unit = self.batch.unit or self._named_unit(units)
        if typed is None and not self.batch.mapping:
            typed = services.proposal(self.batch, unit)
        seen = typed or {"mapping": self.batch.mapping, "answers": self.batch.answers, "splits": self.batch.splits}
        desk = self.kind.desk(user=self.request.user, unit=unit, today=timezone.localdate())
        columns = [
            column | {"place": str(column["index"]), "field": seen["mapping"].get(str(column["index"]), ""), "samples": self.samples(at)}
            for at, column in enumerate(self.batch.chosen["columns"])
        ]
        same = seen.get("same", self.batch.same)
        return {
            "columns": columns, "units": units, "unit": unit, "targets": self.kind.targets, "splits": seen["splits"],
            "remembered": seen.get("remembered"), "questions": self.questions(seen, desk), "found": self.batch.chosen,
            "same": [self.same_field(t, desk, same) for t in self.kind.targets if t.same and desk.choices(t.name)],
        }  # fmt: skip

    def _named_unit(self, units: list[Any]) -> Any:
        """The unit the sheet's own line names, else the person's first."""
        said = self.batch.chosen["unit"]
        return next((unit for unit in units if said and said in {unit.name, unit.short_name}), units[0])

    def samples(self, at: int) -> list[str]:
        """Up to three different texts of a column."""
        texts = (cells[at].strip() for cells in rows_of(self.batch).values_list("cells", flat=True)[:50] if at < len(cells))
        return list(dict.fromkeys(text for text in texts if text))[:3]

    def same_field(self, target: Target, desk: Any, same: dict[str, list[str]]) -> dict[str, Any]:
        """A field that may be one value for all rows."""
        chosen = same.get(target.name, [])
        choices = [{"key": key, "label": label, "on": key in chosen} for key, label in desk.choices(target.name) if key]
        return {"name": target.name, "label": target.label, "many": target.many, "choices": choices}

    def questions(self, seen: dict[str, Any], desk: Any) -> list[dict[str, Any]]:
        """The spellings nobody can be sure of: those that fit no choice, and every rank of a scale that was not confirmed yet."""
        found = []
        scales = services.scales_of(self.batch, seen["mapping"])
        for place, name in seen["mapping"].items():
            target, choices = self.kind.target(name), desk.choices(name)
            if target is None or choices is None:
                continue
            answers = seen["answers"].get(name, {})
            unsure = name in scales and not scales[name].sure
            asked = [
                {"text": text, "count": count, "key": answers.get(text, "")}
                for text, count in self._parts(place, many=target.many)
                if unsure or not reading(text, choices, target=target, answers={}, also=self.kind.also.get(name, {}))
            ][:MOST_SPELLINGS]
            if asked:
                found.append({"field": name, "label": target.label, "choices": choices, "asked": asked, "unsure": unsure})
        return found

    def _parts(self, place: str, *, many: bool) -> list[tuple[str, int]]:
        """The spellings of a column; of cells that list, each part."""
        if not many:
            return services.spellings(self.batch, place)
        found: dict[str, int] = {}
        for text, count in services.spellings(self.batch, place):
            for part in several(text):
                found[part] = found.get(part, 0) + count
        return sorted(found.items(), key=lambda pair: -pair[1])

    def arrange(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Keep the mapping and check every row; before that, of several tables the chosen one."""
        if "table" in request.POST:
            return self.choose(request)
        typed = self.typed()
        unit = next((u for u in self.kind.units(request.user) if str(u.pk) == request.POST.get("unit")), None)
        try:
            if unit is None:
                raise Refused("选择填报单位。", field="unit")
            services.arrange(self.batch, unit=unit, **typed, by=request.user, at=timezone.now())
        except Refused as no:
            return self.render("imports/columns.html", self.columns_context(typed) | {"fault": no.message}, status=422)
        return redirect(f"{self.base}-import-rows", pk)

    def choose(self, request: PortalRequest) -> HttpResponse:
        """Which of several tables is meant."""
        try:
            services.choose(self.batch, table=whole(request.POST["table"]), by=request.user)
        except Refused as no:
            messages.error(request, no.message)
        return redirect(f"{self.base}-import-batch", self.batch.pk)

    def typed(self) -> dict[str, Any]:
        """What the page of the columns posts: column-<index>, same-<field>, text-<field>-<n> with key-<field>-<n>."""
        post = self.request.POST
        mapping = {str(c["index"]): post.get(f"column-{c['index']}", "") for c in self.batch.chosen["columns"]}
        same = {t.name: [v for v in post.getlist(f"same-{t.name}") if v] for t in self.kind.targets if t.same}
        answers: dict[str, dict[str, str]] = {}
        for name, text in post.items():
            if name.startswith("text-"):
                answers.setdefault(name.split("-")[1], {})[str(text)] = post.get("key-" + name.removeprefix("text-"), "")
        return {"mapping": mapping, "same": same, "answers": answers, "splits": "splits" in post}

    # -- 3 校验并修改 --------------------------------------------------------------------------------------------

    def rows(self, request: PortalRequest, pk: int) -> HttpResponse:
        """The rows by what is wrong with them; each corrected in place."""
        if self.batch.table is None or (self.batch.unit is None and self.batch.state == Batch.State.OPEN):
            return redirect(f"{self.base}-import-batch", pk)
        found = counts(self.batch)
        tab = request.GET.get("tab", "bad" if found.get("bad") else "")
        rows = rows_of(self.batch).filter(state=tab) if tab else rows_of(self.batch)
        shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        tabs = [{"key": key, "label": label, "count": found.get(key, 0) if key else sum(found.values())} for key, label in TABS]
        desk = services.desk_of(self.batch, by=request.user, at=timezone.now())
        going = sum(n for state, n in found.items() if state != "dropped")
        lines, bad = [self.line(row, desk) for row in shown], found.get("bad", 0)
        context = {"lines": lines, "page_obj": shown, "tabs": tabs, "tab": tab, "bad": bad, "going": going}
        return self.render("imports/rows.html", context | {"heads": self.heads(), "may_undo": self.may_undo()})

    def heads(self) -> list[Target]:
        """The fields that are shown: the mapped ones and those a row may not lack."""
        mapped = set(self.batch.mapping.values())
        return [t for t in self.kind.targets if t.name in mapped or t.needed]

    def line(self, row: BatchRow, desk: Any, *, editing: bool = False) -> dict[str, Any]:
        """One row of the table: per cell its text, or the control where something is to be corrected."""
        seen = posted(row, columns=self.batch.chosen["columns"], batch=self.batch, register=self.kind, desk=desk)
        cells = []
        for target in self.heads():
            values, choices = seen.values.get(target.name, []), desk.choices(target.name)
            names = dict(choices or [])
            fault, hint = row.faults.get(target.name, ""), row.hints.get(target.name, "")
            cells.append(
                {
                    "target": target, "values": values, "fault": fault, "hint": hint, "choices": choices,
                    "text": "、".join(names.get(v, v) for v in values) if not target.lines else "\n".join(values),
                    "editing": editing or bool(fault), "unread": seen.texts.get(target.name, "").strip() if not values else "",
                }
            )  # fmt: skip
        is_open = row.state != BatchRow.State.DROPPED and any(cell["editing"] for cell in cells)
        return {"row": row, "cells": cells, "note": row.hints.get("submit", ""), "is_open": is_open}

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
        found = counts(self.batch)
        context = {"line": self.line(row, desk, editing=editing), "bad": found.get("bad", 0), "swapped": True}
        return self.render("imports/row.html", context | {"going": sum(n for s, n in found.items() if s != "dropped")})

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
        return [line.strip() for v in values for line in v.splitlines() if line.strip()] if target.lines else values

    # -- 4 导入 --------------------------------------------------------------------------------------------------

    def commit(self, request: PortalRequest, pk: int) -> HttpResponse:
        """All rows that are not left out, or none."""
        try:
            count = committing.commit(self.batch, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{self.base}-import-rows", pk)
        messages.success(request, f"已导入 {count} 行。导入的记录为草稿，补充完整后提交。24小时内未改动的，可以整批撤销。")
        return redirect(f"{self.base}-import-rows", pk)

    def may_undo(self) -> bool:
        """Whether the batch can still be undone by the clock."""
        done = self.batch.done_at
        return self.batch.state == Batch.State.DONE and done is not None and timezone.now() - done <= committing.UNDO

    def undo(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Take every record of the batch back."""
        try:
            count = committing.undo(self.batch, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{self.base}-import-rows", pk)
        messages.success(request, f"已撤销导入，{count} 条草稿已删除。")
        return redirect(f"{self.base}-import")

    def discard(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Throw an upload away that was not imported."""
        if self.batch.state == Batch.State.OPEN:
            self.batch.delete()
            messages.success(request, f"“{self.batch.file_name}”已删除，没有导入任何数据。")
        return redirect(f"{self.base}-import")

    # -- drawing -------------------------------------------------------------------------------------------------

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """With the breadcrumb, the steps and the register's words."""
        name = str(self.model._meta.verbose_name)
        trail = [("工作台", reverse("home")), (name, reverse(f"{self.base}-list")), ("批量导入", "")]
        shown = {"crumbs": trail, "title": f"批量导入{name}", "base": self.base, "kind": self.kind, "batch": getattr(self, "batch", None)}
        return TemplateResponse(self.request, template, shown | {"strip": self.strip(template)} | context, status=status)

    def strip(self, template: str) -> list[dict[str, str]]:
        """The four steps, as the flow strip draws them."""
        at = {"imports/start.html": 0, "imports/tables.html": 0, "imports/columns.html": 1, "imports/rows.html": 2}.get(template, 2)
        if at and self.batch.state != Batch.State.OPEN:
            at = 4
        kinds = ["ok" if place < at else "cur" if place == at else "" for place in range(4)]
        return [{"label": label, "kind": kind, "note": ""} for label, kind in zip(STEPS, kinds, strict=True)]


STEPS = ("上传文件", "对应列", "校验并修改", "确认导入")
