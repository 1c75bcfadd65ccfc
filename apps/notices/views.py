"""Pages of one's own notices."""
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request import PortalRequest
from apps.core.keyset import part_of
from apps.notices.queries import named, notices_of, unread_count
from apps.notices.services import mark_all_read, mark_read

PER_PAGE = 20


@login_required
@require_GET
def notice_list(request: PortalRequest) -> HttpResponse:
    """The user's notices, newest first; `tab=unread` shows those he has not opened."""
    rows, is_unread = notices_of(request.user), request.GET.get("tab") == "unread"
    shown = rows.filter(read_at__isnull=True) if is_unread else rows
    part = part_of(shown, by="created_at", size=PER_PAGE, older=request.GET.get("older", ""), newer=request.GET.get("newer", ""))
    context = {"part": part, "notices": named(part.rows, request.user), "unread": unread_count(request.user), "is_unread": is_unread}
    return render(request, "notices/list.html", context | {"crumbs": [("工作台", "/"), ("通知", "")]})


@login_required
@require_GET
def open_notice(request: PortalRequest, notice_id: int) -> HttpResponse:
    """Open one notice: it counts as read, and its link is followed when it has one."""
    notice = get_object_or_404(notices_of(request.user), pk=notice_id)
    mark_read(notice, by=request.user, at=timezone.now())
    if notice.url:
        return redirect(notice.url)
    crumbs = [("工作台", "/"), ("通知", reverse("notices")), ("查看通知", "")]
    return render(request, "notices/detail.html", {"notice": notice, "crumbs": crumbs})


@login_required
@require_POST
def read_all(request: PortalRequest) -> HttpResponse:
    """全部标为已读."""
    count = mark_all_read(request.user, at=timezone.now())
    messages.success(request, f"已将 {count} 条通知标为已读。" if count else "没有未读通知。")
    return redirect("notices")
