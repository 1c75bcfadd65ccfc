"""批量导入 of a register: upload, map the columns, correct the rows, import all of them or none, undo."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views import View

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.exchange import committing, services
from apps.exchange.handouts import write_faults, write_template
from apps.exchange.models import Batch
from apps.exchange.queries import batches_of, counts, rows_of
from apps.exchange.reading import TYPES
from apps.exchange.registers import register_of
from apps.org.scope import scope_of
from apps.pages import import_jobs
from apps.pages.answers import file_answer
from apps.pages.import_columns import ColumnPages
from apps.pages.import_rows import RowPages

MOST_MB = 10
LISTED = 30


class ImportPages(ColumnPages, RowPages, View):
    """The wizard of one register; subclasses name the register and its pages."""

    register: ClassVar[str]
    model: ClassVar[Any]
    base: ClassVar[str]
    place: ClassVar[str] = ""  # where the addresses begin, when not with `base`
    within: ClassVar[Sequence[tuple[str, str]]] = ()  # what stands before the register in the breadcrumb
    has_detail: ClassVar[bool] = True  # each record has a page of its own
    lists_batches: ClassVar[bool] = False  # the list has the filter `batch`
    unit_label: ClassVar[str] = "填报单位"
    kept_as: ClassVar[str] = "导入为草稿，补充完整后再提交。24小时内未改动的，可以整批撤销。"  # asked before, said after
    page: str = ""
    batch: Batch
    request: PortalRequest

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {
        "import": {"get": "start", "post": "upload"},
        "import-batch": {"get": "columns", "post": "arrange"},
        "import-rows": {"get": "rows", "post": "drop_bad"},
        "import-row": {"get": "row", "post": "correct"},
        "import-progress": {"get": "progress"},
        "import-faults": {"get": "faults"},
        "import-template": {"get": "blank"},
        "import-commit": {"post": "commit"},
        "import-undo": {"post": "undo"},
        "import-discard": {"post": "discard"},
        "import-next": {"post": "go_on"},
        "import-again": {"post": "take_up"},
    }
    STILL: ClassVar[set[str]] = {"import-batch", "import-row", "import-faults", "import-commit", "import-undo", "import-discard"}
    ROUTES: ClassVar[dict[str, str]] = {
        "import": "import/", "import-template": "import/template/", "import-batch": "import/<int:pk>/",
        "import-rows": "import/<int:pk>/rows/",
        "import-row": "import/<int:pk>/rows/<int:row>/", "import-progress": "import/<int:pk>/progress/",
        "import-faults": "import/<int:pk>/faults/", "import-commit": "import/<int:pk>/commit/",
        "import-undo": "import/<int:pk>/undo/", "import-discard": "import/<int:pk>/discard/",
        "import-next": "import/<int:pk>/next/", "import-again": "import/<int:pk>/again/",
    }  # fmt: skip

    @classmethod
    def urls(cls) -> list[URLPattern]:
        """The addresses of the wizard: /base/import/ …"""
        place = cls.place or cls.base
        return [path(f"{place}/{tail}", cls.as_view(page=page), name=f"{cls.base}-{page}") for page, tail in cls.ROUTES.items()]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.kind = register_of(self.register)
        for verb, name in self.HANDLERS[self.page].items():
            setattr(self, verb, getattr(self, name))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method and request.method.lower() not in {*self.HANDLERS[self.page], "head", "options"}:
            return self.http_method_not_allowed(request)
        if not scope_of(request.user).may(self.function, "C"):
            raise Http404
        if "pk" in kwargs:
            found = batches_of(self.request.user, self.register).filter(pk=kwargs["pk"]).first()
            if found is None:
                raise Http404
            self.batch = found
            changes = self.page in self.STILL or request.method == "POST"
            if changes and import_jobs.is_open(found, of=self.request.user):
                return self.wait()
        return super().dispatch(request, *args, **kwargs)

    def wait(self) -> HttpResponse:
        """A worker has the batch: nothing about it is changed until it is done."""
        if self.request.method == "POST":
            messages.error(self.request, "此批次正在后台处理，完成后再修改。")
        return redirect(f"{self.base}-import-rows", self.batch.pk)

    @property
    def function(self) -> str:
        """The row of the permission matrix."""
        return self.model.FUNCTION

    # -- 1 上传 --------------------------------------------------------------------------------------------------

    def start(self, request: PortalRequest) -> HttpResponse:
        """Choose a file; below, what is not imported yet and what was."""
        return self.render("imports/start.html", self.start_context())

    def start_context(self) -> dict[str, Any]:
        """What was uploaded before; the blank sheets of a few units, more would be a list of their own."""
        units = list(self.kind.units(self.request.user)[:4])
        shown = units if len(units) < 4 else units[:1]
        batches = list(batches_of(self.request.user, self.register).defer("tables", "answers")[:LISTED])
        busy = import_jobs.busy(self.request.user)
        return {"batches": batches, "busy": busy, "most_mb": MOST_MB, "units": shown}

    def upload(self, request: PortalRequest) -> HttpResponse:
        """Read the file and go on to its columns; refused, the page says what to do about the file."""
        try:
            batch = self._opened(request)
        except Refused as no:
            return self.render("imports/start.html", self.start_context() | {"fault": no.message}, status=422)
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

    # -- 3 校验并修改: import_rows.py ------------------------------------------------------------------------------

    def faults(self, request: PortalRequest, pk: int) -> HttpResponseBase:
        """The rows that are wrong, as a sheet of their own with the reasons."""
        if self.batch.unit is None:
            raise Http404
        desk = services.desk_of(self.batch, by=request.user, at=timezone.now())
        name = f"需要修改的行_{Path(self.batch.file_name).stem}.xlsx"
        return file_answer(name, lambda path: write_faults(path, self.batch, self.kind, desk))

    def blank(self, request: PortalRequest) -> HttpResponseBase:
        """The empty sheet with its drop-downs and notes, for one of the person's units."""
        units = list(self.kind.units(request.user))
        unit = next((one for one in units if str(one.pk) == request.GET.get("unit")), units[0])
        desk = self.kind.desk(user=request.user, unit=unit, today=timezone.localdate())
        name = f"{self.kind.label}登记表模板_{unit.short_name}.xlsx"
        return file_answer(name, lambda path: write_template(path, self.kind, desk, unit=unit.name))

    # -- 4 导入 --------------------------------------------------------------------------------------------------

    def commit(self, request: PortalRequest, pk: int) -> HttpResponse:
        """All rows that are not left out, or none; many of them by a worker."""
        try:
            if services.going(self.batch).count() > import_jobs.AT_ONCE:
                self.later(import_jobs.COMMIT)
                return redirect(f"{self.base}-import-rows", pk)
            count = committing.commit(self.batch, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{self.base}-import-rows", pk)
        messages.success(request, f"已导入 {count} 行。{self.kept_as}")
        return redirect(f"{self.base}-import-rows", pk)

    def progress(self, request: PortalRequest, pk: int) -> HttpResponse:
        """How far the worker is, asked for every other second; at the end the whole page is loaded anew."""
        job = import_jobs.last_job(self.batch, of=request.user)
        if job is None or not job.is_open:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return self.render("imports/progress.html", {"job": job})

    def may_undo(self) -> bool:
        """Whether the batch can still be undone by the clock."""
        done = self.batch.done_at
        return self.batch.state == Batch.State.DONE and done is not None and timezone.now() - done <= committing.UNDO

    def undo(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Take every record of the batch back; many by a worker."""
        try:
            if rows_of(self.batch).filter(object_version__isnull=False).count() > import_jobs.AT_ONCE:
                self.later(import_jobs.UNDO)
                return redirect(f"{self.base}-import-rows", pk)
            count = committing.undo(self.batch, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{self.base}-import-rows", pk)
        messages.success(request, f"已撤销导入，涉及 {count} 行：新增的已删除，更新的已恢复为导入前的内容。")
        return redirect(f"{self.base}-import-rows", pk)

    def take_up(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Correct what was undone, and import it anew."""
        try:
            self.check_now_or_later(committing.take_up)
        except Refused as no:
            messages.error(request, no.message)
        return redirect(f"{self.base}-import-rows", pk)

    def go_on(self, request: PortalRequest, pk: int) -> HttpResponse:
        """On to the other registers of the file."""
        try:
            batch = services.go_on(self.batch, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{self.base}-import-rows", pk)
        return redirect(f"{self.base}-import-batch", batch.pk)

    def discard(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Throw an upload away that was not imported."""
        try:
            services.discard(self.batch, by=request.user)
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"“{self.batch.file_name}”已删除，没有导入任何数据。")
        return redirect(f"{self.base}-import")

    # -- drawing -------------------------------------------------------------------------------------------------

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """With the breadcrumb, the steps and the register's words."""
        name = str(self.model._meta.verbose_name)
        trail = [("工作台", reverse("home")), *self.within, (name, reverse(f"{self.base}-list")), ("批量导入", "")]
        shown = {"crumbs": trail, "title": f"批量导入{name}", "base": self.base, "kind": self.kind, "view": self}
        shown["batch"] = getattr(self, "batch", None)
        return TemplateResponse(self.request, template, shown | {"strip": self.steps(template)} | context, status=status)

    def steps(self, template: str) -> list[dict[str, str]]:
        """The four steps, as the flow strip draws them."""
        at = {"imports/start.html": 0, "imports/tables.html": 0, "imports/columns.html": 1, "imports/rows.html": 2}.get(template, 2)
        if at and self.batch.state != Batch.State.OPEN:
            at = 4
        notes = self.strip_notes() if at else [""] * 4
        kinds = ["ok" if place < at else "cur" if place == at else "" for place in range(4)]
        return [{"label": label, "kind": kind, "note": note} for label, kind, note in zip(STEPS, kinds, notes, strict=True)]

    def strip_notes(self) -> list[str]:
        """How much there is, what became of the columns, what is still wrong."""
        batch = self.batch
        columns, used = len(batch.chosen["columns"]), len(batch.mapping)
        bad = counts(batch).get("bad", 0) if batch.state == Batch.State.OPEN and batch.unit_id else 0
        mapped = f"{used} 列已对应，{columns - used} 列忽略" if used else f"共 {columns} 列"
        return [f"{batch.chosen['count']} 行", mapped, f"{bad} 行需要修改" if bad else "", ""]


STEPS = ("上传文件", "对应列", "校验并修改", "确认导入")
