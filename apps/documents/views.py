"""The report centre: one's own jobs, their progress, their files."""
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.documents.models import Job
from apps.documents.queries import jobs_of
from apps.documents.services import cancel_job, hand_out, retry_job

PER_PAGE = 20


@login_required
@require_GET
def job_list(request: PortalRequest) -> HttpResponse:
    """报表中心: the user's jobs, newest first."""
    page = Paginator(jobs_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "documents/job_list.html", {"page": page, "crumbs": [("工作台", "/"), ("报表中心", "")]})


@login_required
@require_GET
def job_row(request: PortalRequest, job_id: UUID) -> HttpResponse:
    """One line of the list; it asks for itself again while its job is open."""
    return render(request, "documents/job_row.html", {"job": get_object_or_404(jobs_of(request.user), pk=job_id)})


@login_required
@require_POST
def cancel(request: PortalRequest, job_id: UUID) -> HttpResponse:
    """取消."""
    return _change(request, job_id, cancel_job, "已取消“{}”。")


@login_required
@require_POST
def retry(request: PortalRequest, job_id: UUID) -> HttpResponse:
    """重试."""
    return _change(request, job_id, retry_job, "“{}”已重新排队。")


def _change(request: PortalRequest, job_id: UUID, service: Callable[..., Job], said: str) -> HttpResponse:
    """Let a service change one's own job and say what came of it."""
    job = get_object_or_404(jobs_of(request.user), pk=job_id)
    try:
        service(job, by=request.user, at=timezone.now())
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, said.format(job.title))
    return redirect("jobs")


@login_required
@require_GET
def download(request: PortalRequest, job_id: UUID) -> HttpResponseBase:
    """The file a job made, for its requester only."""
    job = get_object_or_404(jobs_of(request.user), pk=job_id)
    try:
        path = hand_out(job, by=request.user, at=timezone.now())
    except Refused as no:
        raise Http404(no.message) from no
    answer: Any = FileResponse(path.open("rb"), as_attachment=True, filename=job.file_name, content_type=job.file_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
