"""Pages of records with a state: the moves, and the comparison of versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.accounts.rules import own_path
from apps.calendars.queries import lamp_of
from apps.core.errors import Refused
from apps.core.templatetags.ui import short_day
from apps.flow.models import Return, Step, Todo
from apps.flow.queries import compare, last_move, may_urge, open_return, open_todos, passed, steps_of, versions_of, with_content
from apps.flow.rules import RETURNED, opinion_fault
from apps.flow.services import mark_seen, owner_names
from apps.flow.side import urge
from apps.pages import services
from apps.pages.forms import MoveForm
from apps.pages.idempotency import answered, once
from apps.pages.paging import whole
from apps.pages.views import RecordPages


def label_of(field: Any) -> str:
    """What a field is called; repeating rows by what one of them is."""
    return str(field.verbose_name if field.concrete else field.related_model._meta.verbose_name)


@dataclass(frozen=True)
class MovePage:
    """How a move is made from a page: its service, its form, and the sentence said afterwards."""

    service: Callable[..., Any]
    done: str
    form: type[MoveForm] = MoveForm
    own_page: bool = False  # it asks for more than an opinion: a link to its own small page, not a button


class FlowPages(RecordPages):
    """RecordPages of a model with a MACHINE: one address per move, `/base/<pk>/<move>/`, POST only."""

    MOVES: ClassVar[dict[str, MovePage]] = {}
    STANDS_FOR: ClassVar[dict[str, str]] = {}  # a state beside the line: the one of the line it belongs to
    delete_draft: ClassVar[Callable[..., None]]  # the service that deletes a draft never handed in
    HANDLERS: ClassVar[dict[str, dict[str, str]]] = RecordPages.HANDLERS | {
        "move": {"get": "ask", "post": "move"},
        "diff": {"get": "diff"},
        "urge": {"post": "urge"},
        "delete": {"post": "delete_it"},
    }
    ROUTES: ClassVar[dict[str, str]] = RecordPages.ROUTES | {
        "diff": "<int:pk>/diff/",
        "move": "<int:pk>/do/<slug:name>/",
        "urge": "<int:pk>/urge/",
        "delete": "<int:pk>/delete/",
    }
    EDITING: ClassVar[frozenset[str]] = RecordPages.EDITING | {"delete"}

    def move_page(self, name: str) -> MovePage:
        """How this move is made here; what is no move of this register is not found."""
        if name not in self.MOVES:
            raise Http404
        return self.MOVES[name]

    def ask(self, request: PortalRequest, pk: int, name: str) -> HttpResponse:
        """The small page of a move that asks for more than an opinion."""
        page = self.move_page(name)
        if not page.own_page or name not in {m.name for m in self.object.MACHINE.open_to(request.user, self.object)}:
            raise Http404
        initial = {"version": self.object.version, "token": self.form_context()["token"]}
        return self.asking(name, page.form(initial=initial, record=self.object, user=request.user))

    def asking(self, name: str, form: MoveForm, status: int = 200) -> HttpResponse:
        """Draw the page of a move."""
        self.page = "move"
        move = self.object.MACHINE.by_name[name]
        form.fields["opinion"].needed = move.opinion == "required"  # type: ignore[attr-defined]  # the mark 必填; the service asks
        return self.render({"object": self.object, "form": form, "move": move, "has_errors": form.is_bound}, status=status)

    def move(self, request: PortalRequest, pk: int, name: str) -> HttpResponse:
        """Make one move. Refused: the reason where the caller stood, with what he typed still in its place."""
        page = self.move_page(name)
        form = page.form(request.POST, record=self.object, user=request.user)
        if not form.is_valid():
            return self.unfit(name, page, form)
        try:
            return self.made(page, dict(form.cleaned_data))
        except Refused as no:
            if page.own_page:
                form.add_error(no.field if no.field in form.fields else None, no.message)
                self.object = self.get_queryset().filter(pk=self.object.pk).first() or self.object  # as stored, not as undone
                return self.asking(name, form, status=409)
            beside = no.field in {f.name for f in form.visible_fields()} - {"opinion"}
            if beside:
                form.add_error(no.field, no.message)
            return self.stay(form, no.message, at_opinion="" if beside else no.message)

    def unfit(self, name: str, page: MovePage, form: MoveForm) -> HttpResponse:
        """The page again with every fault, also the missing opinion: the service would speak of it only after the next press."""
        move = self.object.MACHINE.by_name[name]
        opinion = str(form.cleaned_data.get("opinion", "")) if "opinion" not in form.errors else None
        if opinion is not None and (fault := opinion_fault(move.opinion == "required", opinion, move.asked, least=move.least)):
            form.add_error("opinion", fault)
        if page.own_page:
            return self.asking(name, form, status=422)
        own = "；".join(str(m) for name in ("opinion", "__all__") for m in form.errors.get(name, ()))
        return self.stay(form, "；".join(str(m) for errors in form.errors.values() for m in errors), at_opinion=own)

    def made(self, page: MovePage, data: dict[str, Any]) -> HttpResponse:
        """Call the service once, however often the button was pressed, and go on to where the page asked."""
        token, onward = data.pop("token", ""), data.pop("next", "")
        if data.get("is_anonymous"):
            token = ""  # a kept press would name the person and the minute
        with transaction.atomic():
            press = once(token, user=self.request.user, at=timezone.now(), place=self.request.path)
            if press.answer is None:
                page.service(self.object, by=self.request.user, at=timezone.now(), **data)
                press.keep({"message": page.done})
        messages.success(self.request, page.done)
        if path := own_path(onward):
            return redirect(path)
        still_seen = self.get_queryset().filter(pk=self.object.pk).exists()
        return redirect(self.object.get_absolute_url() if still_seen else reverse("home"))

    def urge(self, request: PortalRequest, pk: int) -> HttpResponse:
        """催办 whoever it waits for; back to where the button stood."""
        try:
            told = urge(self.object, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"已催办，提醒 {told} 人。")
        return redirect(own_path(request.POST.get("next", "")) or self.object.get_absolute_url())

    def closed(self) -> HttpResponse:
        """What was typed while somebody else moved the record on stays, with the reason; the second of two presses goes on."""
        request = self.request
        done = answered(request.POST.get("token", ""), user=request.user, place=request.path)
        if done is not None:
            return self.on_to(done)  # the first press ended the editing
        if request.method != "POST" or not self.may_write(self.object):
            return super().closed()
        why = self.why_closed()
        if self.page.endswith("draft"):
            with suppress(Refused):
                services.save_draft(request.user, key=self.draft_key, posted=request.POST, at=timezone.now())
            return JsonResponse({"message": f"{why}您填写的内容已保留。"}, status=409)
        if self.page in self.TEMPLATES:
            form, formsets = self.get_form(data=request.POST), self.get_formsets(data=request.POST)
            return self.refused_form(form, formsets, Refused(f"{why}您填写的内容已保留，记录退回后可以继续填写。"))
        if self.page != "delete":
            return super().closed()
        messages.error(request, why)
        return redirect(self.object.get_absolute_url())

    def why_closed(self) -> str:
        """Who moved it on, and when."""
        return last_move(self.object) or f"此记录当前状态为“{self.object.state_label}”，不能修改。"

    def delete_it(self, request: PortalRequest, pk: int) -> HttpResponse:
        """Delete a draft never handed in."""
        try:
            type(self).delete_draft(self.object, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
            return redirect(self.object.get_absolute_url())
        services.drop_draft(request.user, self.draft_key)
        messages.success(request, f"草稿已删除，编号 {self.object.number} 不再使用。")
        return redirect(f"{self.base}-list")

    def stay(self, form: MoveForm, reason: str, *, at_opinion: str) -> HttpResponse:
        """The detail page again, with the reason above and what was typed in place; elsewhere when the record left his sight.

        `at_opinion`: what to say beside the opinion; what belongs to another field stands beside that one.
        """
        fresh = self.get_queryset().filter(pk=self.object.pk).first()
        if fresh is None:
            messages.error(self.request, reason)
            return redirect("home")
        self.object, self.page = fresh, "detail"
        context = {"object": self.object, "may_edit": self.may_edit(self.object), "refused": reason, "at_opinion": at_opinion}
        shown = self.request.POST.copy()  # the version shown from now on is the one on the page
        shown["version"] = str(self.object.version)
        form.data = shown
        return self.render(self.detail_context() | context | {"move_form": form}, status=409)

    def detail(self, request: PortalRequest, pk: int) -> HttpResponse:
        """One record; when it waits for the caller, it counts as opened from now on."""
        mark_seen(self.object, user=request.user, at=timezone.now())
        return super().detail(request, pk)

    def detail_context(self) -> dict[str, Any]:
        """The moves open to the caller, the timeline, and whom it waits for."""
        today = timezone.localdate()
        todos = list(open_todos(self.object).select_related("unit", "department", "user", "asked_by"))
        waiting: list[dict[str, Any]] = [{"todo": t, "who": owner_names(t, on=today)} for t in todos]
        moves = [m for m in self.object.MACHINE.open_to(self.request.user, self.object) if m.name in self.MOVES]
        steps, versions = list(steps_of(self.object)), list(versions_of(self.object))
        returned = open_return(self.object) if self.object.is_editable else None
        deletable = not steps and self.object.state == "draft" and self.may_edit(self.object)
        return {
            "moves": [m for m in moves if not self.MOVES[m.name].own_page and not (deletable and m.name == "void")],
            "actions": [
                {"label": m.label, "url": reverse(f"{self.base}-move", args=[self.object.pk, m.name])}
                for m in moves
                if self.MOVES[m.name].own_page
            ]
            + self.asides(todos, deletable=deletable),
            "steps": with_content(steps, versions),
            "versions": versions,
            "waiting": waiting,
            "returned": returned,
            "asked_fields": self.asked_fields(returned),
            "status": {"kind": "bad", "text": RETURNED, "icon": "undo"} if returned else None,
            "lamp": lamp_of(todos[0].due_on, since=todos[0].opened_at, today=today) if todos else None,
            "move_form": self.panel_form(initial={"version": self.object.version, "token": self.form_context()["token"]}),
            "strip": self.strip(steps, waiting[0]["who"] if waiting else ""),
        }

    def asides(self, waiting: list[Todo], *, deletable: bool) -> list[dict[str, Any]]:
        """催办 and 删除草稿, as buttons of the title line."""
        found: list[dict[str, Any]] = []
        if may_urge(self.request.user, self.object, waiting=waiting):
            found.append({"label": "催办", "method": "post", "url": reverse(f"{self.base}-urge", args=[self.object.pk])})
        if deletable:
            ask = {"title": "删除草稿？", "body": f"{self.object.flow_title()}。删除后不能恢复，编号不再使用。", "label": "删除草稿"}
            url = reverse(f"{self.base}-delete", args=[self.object.pk])
            found.append({"label": "删除草稿", "method": "post", "url": url, "danger": True, "confirm": ask})
        return found

    def form_context(self, *, version: int | None = None) -> dict[str, Any]:
        """With the reason of the return, while one is open: whoever corrects a record reads it beside the fields."""
        returned = open_return(self.object) if self.object is not None and self.page in self.EDITING else None
        return super().form_context(version=version) | {"returned": returned, "asked_fields": self.asked_fields(returned)}

    def asked_fields(self, returned: Return | None) -> list[tuple[str, str]]:
        """The fields a return named, as (id on the form, label)."""
        known: dict[str, Any] = {field.name: field for field in self.model._meta.get_fields()}
        named = [name for name in returned.fields if name in known] if returned else []
        return [(f"id_{name}" if known[name].concrete else name, label_of(known[name])) for name in named]

    def panel_form(self, **kwargs: Any) -> MoveForm:
        """The form beside the record: the opinion, and what the judgement of this state asks for."""
        return MoveForm(record=self.object, user=self.request.user, **kwargs)

    def line(self) -> tuple[tuple[str, str], ...]:
        """The main states this record goes through."""
        return self.object.MACHINE.line

    def strip(self, steps: Sequence[Step], who: str) -> list[dict[str, Any]]:
        """The flow strip: the states of the line in order, each ok, cur or later, with who passed it and when.

        A state passed over without a step is left out; none at all for a state that leads nowhere on the line.
        """
        line = self.line()
        names = [state for state, _ in line]
        state = self.STANDS_FOR.get(self.object.state, self.object.state)
        if state not in names:
            return []
        here, done = names.index(state), passed(steps, names)
        notes = {name: f"{short_day(step.at)} {step.who}" for name, step in done.items()}
        behind = [pair for pair in line[:here] if pair[0] in done or pair[0] == names[0]]
        passed_by = [{"label": label, "kind": "ok", "note": notes.get(name, "")} for name, label in behind]
        ahead = [{"label": label, "kind": "", "note": ""} for _, label in line[here + 1 :]]
        return [*passed_by, {"label": line[here][1], "kind": "cur", "note": who}, *ahead]

    def diff(self, request: PortalRequest, pk: int) -> HttpResponse:
        """What changed between two versions; the last two unless the address names others."""
        kept = {v.number: v for v in versions_of(self.object)}
        if not kept:
            raise Http404
        new = kept.get(whole(request.GET.get("to"))) or kept[max(kept)]
        old = kept.get(whole(request.GET.get("from"))) or kept.get(new.number - 1) or new
        rows = compare(old.data, new.data)
        return self.render({"object": self.object, "versions": list(kept.values()), "old": old, "new": new, "rows": rows})
