"""工作台, 待办中心, 连续办理, 全局搜索: all of them only ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.request import PortalRequest
from apps.core.health import examine
from apps.dashboards import home as desk_top
from apps.dashboards import review, search
from apps.dashboards.queries import TABS, Desk, todo_url
from apps.dashboards.rules import greeting, long_day
from apps.flow.queries import open_count
from apps.flow.services import mark_seen
from apps.notices.queries import named, notices_of
from apps.org.scope import administers
from apps.pages.paging import SIZES, RecordPaginator, size_from

HOME_ROWS = 8
HOME_NOTICES = 5
DUE = {
    "mine": (("", "全部"), ("overdue", "已逾期"), ("week", "7 日内到期")),
    "done": (("", "全部"), ("month", "本月已办")),
    "started": (("", "在办"), ("returned", "被退回"), ("all", "全部")),
    "copied": (),
}


@dataclass
class Listing:
    """What the pager draws of a list that is no table."""

    paginator: RecordPaginator
    page: Page[Any]
    prefixed_page_field: str = "page"


def _desk(request: PortalRequest) -> Desk:
    return Desk(request.user, today=timezone.localdate())


def _tab(request: PortalRequest) -> str:
    asked = request.GET.get("tab", "")
    return asked if asked in TABS else "mine"


def _tabs(desk: Desk, on: str, *, page: str) -> list[dict[str, Any]]:
    """The four tabs; a number only where the tab opens on exactly so many rows."""
    counts = {"mine": desk.numbers.mine, "started": desk.numbers.started, "copied": desk.numbers.copied}
    return [
        {"label": label, "url": f"{page}?tab={tab}", "count": counts.get(tab), "hot": tab == "mine", "on": tab == on}
        for tab, label in TABS.items()
    ]


@vary_on_headers("HX-Request")
@require_safe
def home(request: PortalRequest) -> HttpResponse:
    """工作台: what waits, what falls due, how the unit stands. Administrators see the system's health and no business."""
    now = timezone.localtime()
    notices = named(notices_of(request.user).exclude(kind="flow.todo")[:HOME_NOTICES], request.user)
    head = {"hello": f"{request.user.name}，{greeting(now.hour)}", "day": long_day(now.date()), "notices": notices}
    if administers(request.user):
        return render(request, "dashboards/health.html", head | {"health": examine(now)} | desk_top.for_system(request.user))
    desk = _desk(request)
    card = _card(desk, _tab(request), request.GET.get("type", ""))
    request.todo_count = desk.numbers.mine
    if request.headers.get("HX-Request"):
        return render(request, "dashboards/desk.html", card)
    return render(request, "dashboards/home.html", head | card | desk_top.around(desk) | {"desk": desk})


def _card(desk: Desk, tab: str, kind: str) -> dict[str, Any]:
    """The first rows of a tab; the other tabs are not narrowed by kind here."""
    kind = kind if tab == "mine" else ""
    return {
        "tab": tab,
        "kind": kind,
        "tabs": _tabs(desk, tab, page=reverse("home")),
        "chips": desk.chips if tab == "mine" else [],
        "rows": desk.shown(tab, desk.rows(tab, kind=kind)[:HOME_ROWS]),
        "more_url": todo_url(tab, type=kind),
        "numbers": desk.numbers,
    }


@vary_on_headers("HX-Request")
@require_safe
def todo(request: PortalRequest) -> HttpResponse:
    """待办中心: the four lists with their conditions and pages."""
    desk, tab = _desk(request), _tab(request)
    due, kind, text = (request.GET.get(name, "").strip()[:100] for name in ("due", "type", "q"))
    pages = RecordPaginator(desk.rows(tab, due=due, kind=kind, text=text), size_from(request.GET.get("per_page")))
    if tab == "mine" and (known := desk.count_of_mine(due=due, kind=kind, text=text)) is not None:
        pages.count = known
    table = Listing(pages, pages.page(request.GET.get("page", 1)))
    asked = {"tab": tab, "due": due, "kind": kind, "q": text, "filtered": bool(due or kind or text)}
    context = {"table": table, "rows": desk.shown(tab, table.page.object_list), "dues": DUE[tab], "chips": desk.chips_of(tab)}
    around = {"tabs": _tabs(desk, tab, page=reverse("todo")), "numbers": desk.numbers, "crumbs": _crumbs("待办中心"), "sizes": SIZES}
    request.todo_count = desk.numbers.mine
    part = "dashboards/todo_list.html" if request.headers.get("HX-Request") else "dashboards/todo.html"
    return render(request, part, context | asked | around)


def _crumbs(name: str) -> list[tuple[str, str]]:
    return [("工作台", reverse("home")), (name, "")]


@require_safe
def todo_count(request: PortalRequest) -> JsonResponse:
    """The number in the top bar, asked for every minute."""
    return JsonResponse({"count": open_count(request.user)})


@require_safe
def run(request: PortalRequest) -> HttpResponse:
    """连续办理: one to-do open; whoever opens it has seen it, so its author cannot withdraw it any more."""
    desk = _desk(request)
    queue = review.queue_of(desk, kind=request.GET.get("type", ""), at=request.GET.get("at", ""))
    context = review.page(desk, queue, full=request.GET.get("show") == "full")
    if context.get("object") is not None:
        mark_seen(context["object"], user=request.user, at=timezone.now())
    return render(request, "dashboards/run.html", context)


@require_safe
def find(request: PortalRequest) -> HttpResponse:
    """全局搜索: an exact number goes straight to its record."""
    text = request.GET.get("q", "").strip()[: search.MOST_CHARACTERS]
    if record := search.by_number(request.user, text):
        return redirect(record.get_absolute_url())
    return render(request, "dashboards/search.html", {"q": text, "groups": search.groups(request.user, text), "crumbs": _crumbs("搜索")})


@require_safe
def number(request: PortalRequest, text: str) -> HttpResponse:
    """The number printed on a paper leads to its record; 404 outside the reader's scope, as for one that does not exist."""
    record = search.by_number(request.user, text)
    if record is None:
        raise Http404
    return redirect(record.get_absolute_url())
