"""Answers that views, middleware and decorators share: to scripts as JSON, to people as pages.

Templates and what they get:
- accounts/session_ended.html: form (LoginForm: username, password, hidden carried and next), is_named (whose form it is is known, the
  username is not to be changed), reason_text, is_lost (the typed content was too large to be kept), files_lost (files cannot be), action.
- accounts/step_up.html: form (StepUpForm: password, hidden carried and next), action.
- accounts/resume.html: path (where the form goes), fields (pairs of name and value, as hidden inputs), files_lost, is_old_page (it comes
  from a page too old to prove where it comes from, not from a login).
"""
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from . import carry, rules
from .forms import LoginForm, StepUpForm
from .models import User
from .request import PortalRequest

REAUTH_TEXT = "此操作须再次输入密码。"
OLD_PAGE_TEXT = "页面停留过久或在别处重新登录过，重新输入密码。"


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


def session_ended(request: PortalRequest, *, user: User | None, reason: str) -> HttpResponse:
    """401 with the login for the same person; the posted form goes on as a hidden input and continues after it.

    Without a `user`, whose page it was cannot be told: whoever logs in here goes on with it.
    """
    carried = carry.pack(request, user_id=user.pk if user else carry.ANYBODY)
    form = LoginForm(initial={"username": user.username if user else "", "carried": carried})
    context = {"form": form, "is_named": user is not None, "reason_text": rules.REASONS[reason]}
    context |= {"is_lost": not carried, "files_lost": bool(request.FILES)}
    return render(request, "accounts/session_ended.html", context | {"action": reverse("login")}, status=401)


def page_too_old(request: PortalRequest) -> HttpResponse | None:
    """403 for a form without a valid CSRF token, with what was typed one press away; None when there is nothing to keep.

    Nothing of a form that another site sent is ever shown as ours.
    """
    if request.method != "POST" or not carry.is_from_here(request):
        return None
    held = LoginForm({name: request.POST.get(name, "") for name in ("username", "carried", "next")})
    if request.resolver_match and request.resolver_match.url_name in {"login", "step_up"}:
        return _password_again(request, held)
    if carry.asks_for_password(request):
        return None
    if request.user.is_authenticated:
        return resume(request, carry.typed(request, user_id=request.user.pk), is_old_page=True)
    ending = request.ending
    return session_ended(request, user=ending.user if ending else None, reason=ending.reason if ending else "unknown")


def _password_again(request: PortalRequest, held: LoginForm) -> HttpResponse:
    """The page that asked for a password, fresh, with the form that waits behind it."""
    kept = {name: str(held[name].value() or "") for name in ("username", "carried", "next")}
    if not request.user.is_authenticated:
        context = {"form": LoginForm(initial=kept), "notice": OLD_PAGE_TEXT, "reason_text": OLD_PAGE_TEXT, "is_lost": False}
        template = "accounts/session_ended.html" if kept["carried"] else "accounts/login.html"
        return render(request, template, context, status=403)
    waiting = carry.unpack(kept["carried"], user_id=request.user.pk)
    if waiting is not None:
        return resume(request, waiting, is_old_page=True)
    return redirect(rules.own_path(kept["next"]) or settings.LOGIN_REDIRECT_URL)


def reauth_required(request: PortalRequest) -> HttpResponse:
    """403 `reauth_required` for scripts; people get the password page and afterwards go on where they were (AU-13)."""
    if is_script(request):
        body = {"detail": REAUTH_TEXT, "code": "reauth_required"}
        return JsonResponse(body, status=403, json_dumps_params={"ensure_ascii": False})
    if request.method != "POST":
        return redirect(f"{reverse('step_up')}?{urlencode({'next': request.get_full_path()})}")
    form = StepUpForm(initial={"carried": carry.pack(request, user_id=request.user.pk)})
    return render(request, "accounts/step_up.html", {"form": form, "action": reverse("step_up")}, status=403)


def resume(request: PortalRequest, carried: carry.Carried, *, is_old_page: bool = False) -> HttpResponse:
    """The kept form, one press away from its own address; never sent by itself."""
    context = {"path": carried.path, "fields": carried.fields, "files_lost": carried.files_lost, "is_old_page": is_old_page}
    return render(request, "accounts/resume.html", context, status=403 if is_old_page else 200)
