"""The pages of the risk points."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.documents.services import request_job
from apps.exchange.queries import file_of, origin_of
from apps.pages.attachments import AttachmentPages
from apps.pages.bulk_pages import BulkPages
from apps.pages.export_pages import ExportPages
from apps.pages.flow_pages import MovePage
from apps.pages.forms import MoveForm, without_errors
from apps.pages.imports import ImportPages
from apps.pages.paging import whole
from apps.pages.services import as_posted, draft_of
from apps.pages.side_forms import SignersForm
from apps.pages.views import Trail
from apps.risks import move_forms, queries, sections, services
from apps.risks.content import ADJUSTABLE
from apps.risks.filters import RiskFilter
from apps.risks.forms import MeasureFormSet, RiskPointForm, content_from, full_errors, new_point
from apps.risks.machine import NODES, may_adjust, may_edit, node_of
from apps.risks.models import RiskPoint
from apps.risks.rules import Incomplete, missing_for_submission
from apps.risks.tables import RiskTable

PHRASES = {
    "department": {"on": ("情况属实，同意上报。",), "back": ("表现形式过于笼统，请补充。", "措施缺少频次和责任人，请补充。")},
    "leader": {"on": ("措施可行，同意。",), "back": ("等级评定依据不足，请说明。",)},
    "discipline": {"on": ("等级评定恰当，同意。", "同意降级。"), "back": ("措施与风险点不对应，请修改。",)},
    "adjusting": {"on": ("同意调整。",), "back": ("调整依据不足。",)},
}
TITLES = {
    "department": "部门审核", "leader": "分管领导审定", "discipline": "纪检复核", "party": "登记党委会审定",
    "objection": "答复异议", "adjusting": "审核调整"
}  # fmt: skip
AFTER_JUDGING = {*RiskPoint.OPEN_STATES, "struck", "void"}


class DisciplineForm(move_forms.AgreeForm, move_forms.GiveBackForm):
    """纪检复核 of a lowered level: agree expressly, or return."""


class PartyForm(move_forms.SittingForm, move_forms.GiveBackForm):
    """待党委会审定: with its sitting, or return."""

    field_order = ("opinion", "sitting", "fields")


class RiskPages(BulkPages, ExportPages, AttachmentPages):
    """廉政风险点."""

    model = RiskPoint
    form_class = RiskPointForm
    table_class = RiskTable
    filterset_class = RiskFilter
    base = "risks"
    new_label = "登记风险点"
    form: Any = None

    delete_draft = staticmethod(services.delete_draft)
    STANDS_FOR: ClassVar[dict[str, str]] = {"objection": "publicity", "adjusting": "in_force"}
    MOVES: ClassVar[dict[str, MovePage]] = {
        "submit": MovePage(services.submit, "风险点已提交，下一步由部门负责人审核。"),
        "withdraw": MovePage(services.withdraw, "风险点已撤回，修改后可再次提交。"),
        "agree": MovePage(services.agree, "已同意，办理记录已保存。", move_forms.AgreeForm),
        "give_back": MovePage(services.give_back, "风险点已退回填报人。", move_forms.GiveBackForm),
        "give_back_one": MovePage(services.give_back_one, "风险点已退回上一环节。"),
        "hand_over": MovePage(services.hand_over, "已转办，对方在待办中可以看到。", move_forms.HandOverForm, own_page=True),
        "add_signers": MovePage(services.add_signers, "已加签，意见提交后通知您。", SignersForm, own_page=True),
        "sign": MovePage(services.sign, "加签意见已提交。"),
        "drop_signers": MovePage(services.drop_signers, "加签已撤销。"),
        "pass_at_sitting": MovePage(services.pass_at_sitting, "会议审定已登记，风险点进入公示。", move_forms.SittingForm),
        "object_to": MovePage(services.object_to, "异议已提出，纪检部门答复后通知您。", move_forms.ObjectForm, own_page=True),
        "object_again": MovePage(services.object_to, "异议已提出，纪检部门答复后通知您。", move_forms.ObjectForm, own_page=True),
        "answer_objection": MovePage(services.answer_objection, "异议已答复。", move_forms.AnswerForm),
        "agree_adjustment": MovePage(services.agree_adjustment, "已同意调整。", move_forms.AgreeAdjustmentForm),
        "refuse_adjustment": MovePage(services.refuse_adjustment, "调整已驳回，风险点按原内容继续生效。"),
        "withdraw_adjustment": MovePage(services.withdraw_adjustment, "调整已撤回，风险点按原内容继续生效。"),
        "confirm_review": MovePage(services.confirm_review, "复查已登记，下次复查期限已顺延。"),
        "strike": MovePage(services.strike, "风险点已销号。", move_forms.StrikeForm, own_page=True),
        "void": MovePage(services.void, "风险点已作废。"),
    }
    HANDLERS: ClassVar[dict[str, dict[str, str]]] = AttachmentPages.HANDLERS | ExportPages.HANDLERS | BulkPages.HANDLERS | {
        "ledger": {"post": "ledger"}, "suggest": {"get": "suggest"}, "point-suggest": {"get": "suggest"},
    }  # fmt: skip
    ROUTES: ClassVar[dict[str, str]] = {
        "ledger": "ledger/", "suggest": "suggest/", "point-suggest": "<int:pk>/suggest/",
    } | ExportPages.ROUTES | BulkPages.ROUTES | AttachmentPages.ROUTES  # fmt: skip

    # -- list ----------------------------------------------------------------------------------------------------

    def for_list(self, rows: Any) -> Any:
        return queries.for_list(rows)

    def list_context(self, rows: Any) -> dict[str, Any]:
        chosen = self.request.GET.get("view") or ("all" if not self.request.GET else "")
        figures = queries.view_counts(self.request.user, today=timezone.localdate(), rows=self.visible)
        views = [{"label": f.label, "url": f.url, "count": f.count, "on": f.key == chosen, "hot": f.key == "todo"} for f in figures]
        query = self.request.GET.urlencode()
        ledger = {
            "label": "导出台账",
            "icon": "dl",
            "method": "post",
            "url": reverse("risks-ledger"),
            "wide_only": True,
            "hidden": {"query": query},
        }
        empty = {"title": "还没有登记风险点", "text": "按“自己找、群众帮、领导提、集体定、组织审”排查后在此登记。"}
        sheet = {"label": "批量导入", "icon": "up", "url": reverse("risks-import"), "wide_only": True}
        printed = ledger | {"label": "导出台账（PDF）", "icon": ""}
        menu = {"label": "导出", "icon": "dl", "wide_only": True, "menu": [printed, *self.export_menu()]}
        actions = [*([sheet] if self.may_add() else []), menu if self.may_export() else ledger]
        bulk = self.bulk_bar() + self.export_chosen()
        shown = {"views": views, "actions": actions, "bulk": bulk, "title": "廉政风险点", "empty": empty, "unit_word": "条"}
        return shown | {"only": self.only()}

    def only(self) -> str:
        """What the list is narrowed to by a link, for no field of the query form says it."""
        name = file_of(whole(self.request.GET.get("batch", "")), self.request.user, "risk")
        return f"仅导入批次“{name}”" if name else ""

    def ledger(self, request: PortalRequest) -> HttpResponse:
        """Ask for the 台账 of the current filter as PDF; a worker prints it."""
        try:
            request_job(
                "risk-ledger",
                by=request.user,
                at=timezone.now(),
                title="廉政风险点台账",
                params={"query": request.POST.get("query", "")[:2000]},
            )
        except Refused as no:
            messages.error(request, no.message)
            return redirect(f"{reverse('risks-list')}?{request.POST.get('query', '')}".rstrip("?"))
        messages.success(request, "台账正在生成，完成后在此下载。")
        return redirect("jobs")

    # -- form ----------------------------------------------------------------------------------------------------

    def suggest(self, request: PortalRequest, pk: int | None = None) -> HttpResponse:
        """The suggested level for what is typed so far, by the parameters of the record or of today."""
        record = self.object or new_point(request.user, today=timezone.localdate())
        typed = request.GET.dict() | {"criteria": request.GET.getlist("criteria")}
        return TemplateResponse(request, "risks/riskpoint/suggestion.html", {"s": {"suggestion": sections.suggestion(record, typed)}})

    def form_context(self, *, version: int | None = None) -> dict[str, Any]:
        where = reverse("risks-point-suggest", args=[self.object.pk]) if self.object else reverse("risks-suggest")
        return super().form_context(version=version) | {"suggest_url": where, "subtitle": str(self.object or "")}

    def may_write(self, record: Any) -> bool:
        return may_edit(self.request.user, record)

    def get_form(self, **kwargs: Any) -> Any:
        """Kept for the measures beside it, which offer the same people."""
        self.form = super().get_form(**kwargs)
        return self.form

    def get_formsets(self, **kwargs: Any) -> dict[str, Any]:
        formset = MeasureFormSet(user=self.request.user, instance=self.object, beside=self.form, **kwargs)
        formset.title, formset.add_label = "防控措施", "添加一条措施"
        return {"measures": formset}

    def faults(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> bool:
        if submit or "adjust" in self.page:
            return bool(full_errors(form, formsets["measures"]))
        return super().faults(form, formsets, submit=submit)

    def lacks(self, form: Any, formsets: dict[str, Any]) -> list[str]:
        """By the rules of handing in; of a new form only once something was typed."""
        if form.is_bound:
            return sorted(full_errors(form, formsets["measures"]))
        stored = self.object
        return sorted(missing_for_submission(stored, stored.listed_measures, today=timezone.localdate())) if stored else []

    def write(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> tuple[RiskPoint, str]:
        fields, measures = content_from(form, formsets["measures"])
        acts: dict[str, Any] = {"measures": measures, "by": self.request.user, "at": timezone.now()}
        if self.object is None:
            record = services.create_draft(fields, **acts)
        else:
            record = services.update_point(self.object, fields=fields, version=self.posted_version(), **acts)
        if not submit:
            return record, f"草稿已保存，编号 {record.number}。"
        try:
            services.submit(record, by=self.request.user, at=timezone.now())
        except Incomplete as incomplete:
            raise Refused(incomplete.message) from incomplete
        return record, f"风险点已提交，编号 {record.number}。{self.next_handler(record)}"

    def posted_version(self) -> int | None:
        """The version the page showed; a page without one is an old page."""
        return whole(self.request.POST.get("version"))

    def next_handler(self, record: RiskPoint) -> str:
        """「下一步由部门负责人赵静审核，11月25日前办结。」"""
        waiting = queries.waiting_line(record, on=timezone.localdate())
        return f"下一步由{waiting}。" if waiting else ""

    def render(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if self.page in self.TEMPLATES:
            was_sent = bool(context.get("has_errors"))
            shown = sections.of_form(context["form"], is_submitted=was_sent)
            nav = sections.nav_of(shown, context["formsets"]["measures"], is_submitted=was_sent)
            context = {"sections": shown, "nav": nav, "submit_label": "提交"} | context
        return super().render(context, status=status)

    # -- detail --------------------------------------------------------------------------------------------------

    def get_queryset(self) -> Any:
        """The row a move acts on is read anew by its service: it needs none of what the page shows."""
        rows = super().get_queryset()
        acts = self.page == "move" and self.request.method == "POST" and self.object is None
        return rows if self.page == "list" or acts else queries.for_detail(rows)

    def line(self) -> tuple[tuple[str, str], ...]:
        """Only a high point has the party committee still before it."""
        line = super().line()
        ahead = self.object.state in {"draft", *NODES[:3]}
        below = self.object.level in {"mid", "low"}
        return tuple(pair for pair in line if pair[0] != "party") if ahead and below else line

    def origin(self) -> list[dict[str, Any]]:
        """Until it is made public, the line of the sheet it came from: those who judge read it too."""
        row = origin_of(self.object) if self.object.state not in AFTER_JUDGING else None
        return [sections.original(row)] if row is not None else []

    def panel_form(self, **kwargs: Any) -> MoveForm:
        record = self.object
        forms: dict[str, type[MoveForm]] = {
            "department": move_forms.GiveBackForm, "leader": move_forms.GiveBackForm, "party": PartyForm,
            "objection": move_forms.AnswerForm,
            "discipline": DisciplineForm if record.is_lowered else move_forms.GiveBackForm,
        }  # fmt: skip
        if record.state == "adjusting":
            by_node: dict[str, type[MoveForm]] = {"party": move_forms.SittingForm, "discipline": move_forms.AgreeForm}
            forms["adjusting"] = by_node.get(node_of(record), MoveForm)
        return forms.get(record.state, MoveForm)(record=record, user=self.request.user, **kwargs)

    def detail_context(self) -> dict[str, Any]:
        record = self.object
        context = super().detail_context()
        if record.state == "in_force" and "open_adjustment" in {m.name for m in record.MACHINE.open_to(self.request.user, record)}:
            context["actions"].insert(0, {"label": "发起调整", "url": reverse("risks-adjust", args=[record.pk])})
        return context | {
            "title": record.name,
            "facts": sections.facts(record),
            "sections": [*sections.content(record, phone=queries.phone_for(self.request.user, record)), *self.origin()],
            "measures": record.listed_measures,
            "objections": list(record.objections.select_related("by", "answered_by").order_by("pk")),
            "adjustments": list(record.adjustments.select_related("opened_by").order_by("-pk")),
            "phrases": PHRASES.get(record.state, {}),
            "panel_title": TITLES.get(record.state, "办理"),
            "today": timezone.localdate(),
        }


class AdjustPages(RiskPages):
    """发起调整: the form of a point in force; nothing changes until every node agreed."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {
        "adjust": {"get": "edit", "post": "save"},
        "adjust-draft": {"post": "autosave", "delete": "discard"},
    }
    ROUTES: ClassVar[dict[str, str]] = {"adjust": "<int:pk>/adjust/", "adjust-draft": "<int:pk>/adjust/draft/"}
    EDITING: ClassVar[frozenset[str]] = frozenset({"adjust", "adjust-draft"})
    TEMPLATES: ClassVar[dict[str, str]] = {"adjust": "adjust"}

    def may_edit(self, record: Any) -> bool:
        return "open_adjustment" in {m.name for m in record.MACHINE.open_to(self.request.user, record)}

    def may_write(self, record: Any) -> bool:
        return may_adjust(self.request.user, record)

    @property
    def draft_key(self) -> str:
        return f"risks-adjust:{self.object.pk}"

    def draft_url(self) -> str:
        return reverse("risks-adjust-draft", args=[self.object.pk])

    def save_url(self) -> str:
        return reverse("risks-adjust", args=[self.object.pk])

    def get_form(self, **kwargs: Any) -> Any:
        form = super().get_form(**kwargs)
        for name in set(form.fields) - set(ADJUSTABLE):
            form.fields[name].disabled = True
        return form

    def asked(self) -> move_forms.OpenAdjustmentForm:
        """Kind and reason: as posted, else as last typed."""
        if self.request.method == "POST":
            return move_forms.OpenAdjustmentForm(self.request.POST)
        draft = draft_of(self.request.user, self.draft_key)
        return without_errors(move_forms.OpenAdjustmentForm(as_posted(draft))) if draft else move_forms.OpenAdjustmentForm()

    def form_context(self, *, version: int | None = None) -> dict[str, Any]:
        words = {"title": "发起调整", "submit_label": "发起调整", "verb": "发起调整", "no_save": True}
        return super().form_context(version=version) | words | {"adjustment": self.asked()}

    def crumbs(self) -> Trail:
        return [*super().crumbs()[:-1], (self.object.number, self.object.get_absolute_url()), ("发起调整", "")]

    def faults(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> bool:
        fine = [self.asked().is_valid(), not super().faults(form, formsets, submit=submit)]
        return not all(fine)

    def write(self, form: Any, formsets: dict[str, Any], *, submit: bool) -> tuple[RiskPoint, str]:
        asked = self.asked()
        asked.is_valid()
        fields, measures = content_from(form, formsets["measures"])
        services.open_adjustment(
            self.object, kind=asked.cleaned_data["kind"], reason=asked.cleaned_data["reason"], fields=fields, measures=measures,
            by=self.request.user, at=timezone.now(), version=self.posted_version(),
        )  # fmt: skip
        return self.object, "调整已发起，审核通过前按原内容继续生效。"


class RiskImportPages(ImportPages):
    """批量导入 of the risk points."""

    register = "risk"
    lists_batches = True
    model = RiskPoint
    base = "risks"
