"""Answers that views, middleware and decorators share: to scripts as JSON, to people as pages.

Templates and what they get:
- accounts/session_ended.html: form (LoginForm: username read-only, password, hidden carried and next), reason_text,
  is_lost (the typed content was too large to be kept), action.
- accounts/step_up.html: form (StepUpForm: password, hidden carried and next), action.
- accounts/resume.html: path (where the form goes), fields (pairs of name and value, as hidden inputs), files_lost.
"""
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from . import carry, rules
from .forms import LoginForm, StepUpForm
from .request import PortalRequest

REAUTH_TEXT = "此操作须再次输入密码。"


def is_script(request: PortalRequest) -> bool:
    """Whether a script asks (htmx, fetch) and not a person opening a page."""
    headers = request.headers
    if any(name in headers for name in ("HX-Request", "X-Requested-With", "X-Autosave", "X-Background")):
        return True
    if "Sec-Fetch-Mode" in headers:
        return headers["Sec-Fetch-Mode"] != "navigate"
    accepted = headers.get("Accept", "")
    return "json" in accepted and "html" not in accepted


def ended_json(reason: str) -> JsonResponse:
    """401 with `X-Session: ended`; relogin.js asks for the password in place and repeats the request."""
    body = {"detail": rules.REASONS[reason], "code": "session_ended", "reason": reason}
    return JsonResponse(body, status=401, headers={"X-Session": "ended"}, json_dumps_params={"ensure_ascii": False})


def session_ended(request: PortalRequest, *, username: str, reason: str, carried: str) -> HttpResponse:
    """401 with the login for the same person; `carried` goes on as a hidden input and the form continues after it."""
    form = LoginForm(initial={"username": username, "carried": carried})
    context = {"form": form, "reason_text": rules.REASONS[reason], "is_lost": not carried, "action": reverse("login")}
    return render(request, "accounts/session_ended.html", context, status=401)


def reauth_required(request: PortalRequest) -> HttpResponse:
    """403 `reauth_required` for scripts; people get the password page and afterwards go on where they were (AU-13)."""
    if is_script(request):
        body = {"detail": REAUTH_TEXT, "code": "reauth_required"}
        return JsonResponse(body, status=403, json_dumps_params={"ensure_ascii": False})
    if request.method != "POST":
        return redirect(f"{reverse('step_up')}?{urlencode({'next': request.get_full_path()})}")
    form = StepUpForm(initial={"carried": carry.pack(request, user_id=request.user.pk)})
    return render(request, "accounts/step_up.html", {"form": form, "action": reverse("step_up")}, status=403)


def resume(request: PortalRequest, carried: carry.Carried) -> HttpResponse:
    """The kept form, one press away from its own address."""
    context = {"path": carried.path, "fields": carried.fields, "files_lost": carried.files_lost}
    return render(request, "accounts/resume.html", context)
