"""The bar over a list when rows are chosen: the act's page, and what came of it."""

from __future__ import annotations

from secrets import token_hex
from time import sleep
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.documents.services import request_job
from apps.pages import bulk
from apps.pages.idempotency import Busy, Once, once
from apps.pages.paging import whole

KEPT = 6  # selections and outcomes of one session
MOST_KEYS = 30_000  # characters
TRIES, PAUSE = 100, 0.2  # how often, and after how many seconds, a second press asks for what came of the first


class BulkPages:
    """Beside RecordPages; the register declares its acts (bulk.declare) and adds HANDLERS and ROUTES to its own."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = {
        "bulk": {"get": "ask_first", "post": "act_on_chosen"},
        "bulk-result": {"get": "bulk_result"},
    }
    ROUTES: ClassVar[dict[str, str]] = {"bulk": "bulk/<slug:name>/", "bulk-result": "bulk/<slug:name>/result/"}
    base: str
    model: ClassVar[Any]
    filterset_class: ClassVar[Any]
    request: Any

    def bulk_bar(self) -> list[dict[str, str]]:
        """The buttons of the bar, as list_table.html wants them."""
        acts = bulk.acts_of(self.base, self.request.user)
        return [{"label": act.label, "url": reverse(f"{self.base}-bulk", args=[act.name])} for act in acts]

    def chosen_keys(self) -> list[int]:
        """The ticked rows, or every row of the filter; of those the person may see, in the order of the list."""
        post, user = self.request.POST, self.request.user
        rows = self.model.objects.visible_to(user)
        if post.get("all"):
            rows = self.filterset_class(QueryDict(self.query()), rows, request=self.request).qs
        else:
            ticked = [*post.getlist("pk"), *post.get("keys", "")[:MOST_KEYS].split(",")]  # `keys`: a form may hold a thousand fields only
            rows = rows.filter(pk__in=[key for key in map(whole, ticked) if key]).order_by("-updated_at", "-pk")
        return list(rows.values_list("pk", flat=True)[: bulk.MOST + 1])

    def act_on_chosen(self, request: PortalRequest, name: str) -> HttpResponse:
        """Ask what is to be done and how many rows that is; then do it: few at once, many by a worker."""
        act = self.act(name)
        keys, back = self.chosen_keys(), self.list_url(self.query())
        if not keys or len(keys) > bulk.MOST:
            messages.error(request, f"一次最多处理 {bulk.MOST} 条，缩小查询范围后再试。" if keys else "先勾选要处理的记录。")
            return redirect(back)
        if not request.POST.get("confirm"):
            return self.leave_to("bulk", name, {"keys": keys, "query": self.query()})
        records = bulk.records_of(self.base, keys, by=request.user)
        form = act.form(records, request.user, request.POST) if act.form is not None else None
        if form is not None and not form.is_valid():
            return self.ask_page(act, records, form, query=self.query(), status=422)
        press = self.first_press()
        if isinstance(press, HttpResponse):
            return press
        answer = self.bulk_later(act, keys, back) if len(keys) > bulk.AT_ONCE else self.bulk_now(act, records)
        press.keep({"url": answer["Location"]})
        return answer

    def first_press(self) -> Once | HttpResponse:
        """The press of the button that does it; any other waits for what came of that one, and is led there."""
        token, place, at, told = self.request.POST.get("token", ""), self.request.path, timezone.now(), ""
        for _ in range(TRIES):
            try:
                with transaction.atomic():
                    press = once(token, user=self.request.user, at=at, place=place)
            except Busy as no:
                told = no.message
                sleep(PAUSE)
            except Refused as no:  # no token of a page of ours
                told = no.message
                break
            else:
                return redirect(press.answer["url"]) if press.answer is not None else press
        messages.error(self.request, told)
        return redirect(f"{self.base}-list")

    def bulk_now(self, act: bulk.Act, records: list[Any]) -> HttpResponse:
        """Work through the records, and show what came of it."""
        request, name = self.request, act.name
        outcomes = list(bulk.work(act, records, request.POST, by=request.user))
        failed = [(outcome.record.pk, outcome.reason) for outcome in outcomes if outcome.reason]
        did = [outcome.record.pk for outcome in outcomes if not outcome.reason]
        return self.leave_to("bulk-result", name, {"did": did, "failed": failed, "query": self.query()})

    def leave_to(self, page: str, name: str, facts: dict[str, Any]) -> HttpResponse:
        """Show this on a page of its own: going back to it asks for nothing to be sent again. The session keeps the last few."""
        kept = [*self.request.session.get("bulk", []), facts | {"for": [self.base, page, name], "token": token_hex(6)}]
        self.request.session["bulk"] = kept[-KEPT:]
        return redirect(f"{reverse(f'{self.base}-{page}', args=[name])}?of={kept[-1]['token']}")

    def left(self, page: str, name: str) -> dict[str, Any] | None:
        """What was left to this page, as long as the session keeps it."""
        asked = [[self.base, page, name], self.request.GET.get("of", "")]
        kept: list[dict[str, Any]] = self.request.session.get("bulk", [])
        return next((facts for facts in kept if [facts["for"], facts["token"]] == asked), None)

    def ask_first(self, request: PortalRequest, name: str) -> HttpResponse:
        """What is to be done with the chosen rows."""
        act, chosen = self.act(name), self.left("bulk", name)
        if chosen is None:
            return redirect(f"{self.base}-list")
        records = bulk.records_of(self.base, chosen["keys"], by=request.user)
        if not records:
            messages.error(request, "所选记录已删除或已无权查看。")
            return redirect(self.list_url(chosen["query"]))
        form = act.form(records, request.user, None) if act.form is not None else None
        return self.ask_page(act, records, form, query=chosen["query"])

    def ask_page(self, act: bulk.Act, records: list[Any], form: Any, *, query: str, status: int = 200) -> HttpResponse:
        """Draw the question."""
        keys = ",".join(str(record.pk) for record in records)
        token = self.request.POST.get("token") or token_hex(16)
        shown = {"act": act, "keys": keys, "total": len(records), "token": token, "records": records[:5], "form": form}
        shown["has_errors"] = status == 422
        return self.bulk_page("bulk", shown | {"back": self.list_url(query), "query": query}, status=status)

    def act(self, name: str) -> bulk.Act:
        """The act of this address. Raises Http404 where the person may not do it."""
        if (act := bulk.act_of(self.base, name, self.request.user)) is None:
            raise Http404
        return act

    def bulk_result(self, request: PortalRequest, name: str) -> HttpResponse:
        """What came of it."""
        act, facts = self.act(name), self.left("bulk-result", name)
        if facts is None:
            return redirect(f"{self.base}-list")
        reasons = dict(facts["failed"])
        failed = [bulk.Outcome(record, reasons[record.pk]) for record in bulk.records_of(self.base, reasons, by=request.user)]
        back = self.list_url(facts["query"])
        on = [button for button in self.bulk_bar() if button["url"] != reverse(f"{self.base}-bulk", args=[name])] if act.goes_on else []
        shown = {"act": act, "done": len(facts["did"]), "failed": failed, "bulk": self.bulk_bar(), "query": facts["query"], "back": back}
        return self.bulk_page("bulk_done", shown | {"keys": ",".join(map(str, facts["did"])), "on": on})

    def bulk_later(self, act: bulk.Act, keys: list[int], back: str) -> HttpResponse:
        """Leave it for a worker."""
        params = {"register": self.base, "act": act.name, "keys": keys, "data": bulk.as_json(self.request.POST)}
        told = {"register": self.base, "act": act.name, "count": len(keys)}  # not what was typed
        try:
            title = f"{act.label}（{len(keys)} 条）"
            request_job(bulk.KIND, by=self.request.user, at=timezone.now(), title=title, params=params, told=told)
        except Refused as no:
            messages.error(self.request, no.message)
            return redirect(back)
        messages.success(self.request, "记录较多，由后台处理，完成后在此下载处理结果。")
        return redirect("jobs")

    def query(self) -> str:
        """The conditions of the list from which the rows were chosen."""
        return str(self.request.POST.get("query", ""))[:2000]

    def list_url(self, query: str) -> str:
        """Back to the list with its conditions."""
        return f"{reverse(f'{self.base}-list')}?{query}".rstrip("?")

    def bulk_page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Draw one of the two pages."""
        trail = [("工作台", reverse("home")), (str(self.model._meta.verbose_name), context["back"]), (context["act"].label, "")]
        return TemplateResponse(self.request, f"register/{template}.html", {"crumbs": trail, "base": self.base} | context, status=status)
