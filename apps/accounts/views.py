"""Logging in and out, and everything about one's own account.

What the templates get (all forms are plain Django forms; errors of the whole form stand in `form.non_field_errors`):
- accounts/login.html: form (LoginForm: username, password, remember, hidden next), notice (why the last session ended, or ""),
  is_locked. Posts to `login`.
- accounts/password_change.html: form (PasswordChangeForm), must (why nothing else is open, or ""), dying (how many tokens end with
  the password). Posts to `password`.
- accounts/password_reset_link.html: form (NewPasswordForm) or None when the link is dead. Posts to itself.
- accounts/step_up.html, session_ended.html, resume.html: see answers.py.
- accounts/profile.html: form (ProfileForm), preferences (PreferencesForm, posts to `preferences`), masked_phone, masked_email.
- accounts/tokens.html: form (TokenForm, posts to `token_new`), tokens, now, secret (the new token, shown this once, or "").
Statuses: 422 for a form with faults, 429 while locked, 410 for a dead link.
"""
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Refused
from apps.core.masking import mask_email, mask_phone

from . import carry, login, queries, rules, services
from .answers import is_script, reauth_required, resume
from .forms import LoginForm, NewPasswordForm, PasswordChangeForm, PreferencesForm, ProfileForm, StepUpForm, TokenForm
from .models import User
from .request import PortalRequest
from .stepup import is_stepped_up, step_up_required

REMEMBER_COOKIE, REMEMBER_SECONDS = "account", 90 * 24 * 3600
FORM_FAULT, LOCKED, GONE = 422, 429, 410


def _tried(form: Any, act: Callable[[], object]) -> bool:
    """Whether `act` went through for a valid form; a refusal becomes the form's error."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refused as refused:
        form.is_locked = refused.field == login.LOCKED
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return False
    return True


def _posted(request: PortalRequest) -> Any:
    """What a form is bound to; an empty POST is a form with everything missing."""
    return request.POST if request.method == "POST" else None


def _status(form: Any) -> int:
    if getattr(form, "is_locked", False):
        return LOCKED
    return FORM_FAULT if form.errors else 200


def _first_fault(form: Any) -> JsonResponse:
    return _json({"detail": next(iter(form.errors.values()))[0]}, status=_status(form))


def _log_in(request: PortalRequest, form: LoginForm) -> bool:
    facts = form.data
    return _tried(form, lambda: login.log_in(request, username=facts["username"], password=facts["password"], at=timezone.now()))


@login_not_required
@sensitive_post_parameters("password", "carried")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: PortalRequest) -> HttpResponse:
    """The login page; a kept form continues behind it."""
    if request.method != "POST":
        return _login_page(request)
    form = LoginForm(request.POST)
    if _log_in(request, form):
        return _remembered(_onward(request, form), form)
    template = "accounts/session_ended.html" if form["carried"].value() else "accounts/login.html"
    named = carry.is_named(form["carried"].value() or "")
    context = {"form": form, "is_locked": _status(form) == LOCKED, "notice": "", "reason_text": "", "is_lost": False, "is_named": named}
    return render(request, template, context, status=_status(form))


def _login_page(request: PortalRequest) -> HttpResponse:
    target = rules.own_path(request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    name = request.COOKIES.get(REMEMBER_COOKIE, "")
    form = LoginForm(initial={"username": name, "remember": bool(name), "next": target})
    context = {"form": form, "notice": rules.REASONS.get(request.GET.get("ended", ""), ""), "is_locked": False}
    return render(request, "accounts/login.html", context)


def _onward(request: PortalRequest, form: LoginForm | StepUpForm) -> HttpResponse:
    """To the kept form, the page asked for, or home."""
    sealed = form.cleaned_data["carried"]
    if sealed:
        carried = carry.unpack(sealed, user_id=request.user.pk)
        if carried is not None:
            return resume(request, carried)
        messages.warning(request, "刚才填写的内容属于另一账号或已超过12小时，未保留。")
    return redirect(rules.own_path(form.cleaned_data["next"]) or settings.LOGIN_REDIRECT_URL)


def _remembered(response: HttpResponse, form: LoginForm) -> HttpResponse:
    if form.cleaned_data["remember"]:
        name = User.normalize_username(form.cleaned_data["username"])
        response.set_cookie(REMEMBER_COOKIE, name, REMEMBER_SECONDS, httponly=True, samesite="Lax", secure=settings.TLS)
    elif not form.cleaned_data["carried"]:
        response.delete_cookie(REMEMBER_COOKIE)
    return response


@login_not_required
@sensitive_post_parameters("password")
@require_POST
def log_in_again(request: PortalRequest) -> JsonResponse:
    """Login in place for relogin.js: answers with a fresh CSRF token; 422 or 429 with `detail` otherwise."""
    form = LoginForm(request.POST)
    if not _log_in(request, form):
        return _first_fault(form)
    return _json({"state": "active", "user": request.user.pk, "csrf": get_token(request)})


@require_POST
def log_out(request: PortalRequest) -> HttpResponse:
    """Ends the session; the browser forgets what it kept (HD-04)."""
    login.log_out(request, at=timezone.now())
    response = redirect("login")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: PortalRequest) -> JsonResponse:
    """How long the session still lives. GET does not prolong it; POST (somebody pressed 继续使用) does."""
    if not request.user.is_authenticated:
        reason = request.ending.reason if request.ending else "unknown"
        return _json({"state": "ended", "reason": rules.REASONS[reason], "csrf": get_token(request)})
    row, now = request.session.row, timezone.now()
    if request.method == "POST":
        services.keep_session(row, at=now)
    left = rules.seconds_left(started_at=row.started_at, seen_at=row.seen_at, at=now, limits=request.limits)
    body = {"state": "active", "user": request.user.pk, "seconds_left": left, "warn_at": rules.WARN_BEFORE_SECONDS}
    return _json(body | {"csrf": get_token(request)})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: PortalRequest) -> HttpResponse:
    """The person's own password; the only page open while it must change."""
    form = PasswordChangeForm(_posted(request))
    if request.method == "POST" and _tried(form, lambda: _change_password(request, form)):
        messages.success(request, "密码已修改，其他地点的登录已退出。")
        return redirect(settings.LOGIN_REDIRECT_URL)
    must = rules.must_change_password(request.user, at=timezone.now(), life=request.limits.password_life) or ""
    context = {"form": form, "must": must, "dying": queries.live_tokens_of(request.user, at=timezone.now()).count()}
    return render(request, "accounts/password_change.html", context, status=_status(form))


def _change_password(request: PortalRequest, form: PasswordChangeForm) -> None:
    login.check_password(request, password=form.cleaned_data["old_password"], at=timezone.now())
    login.change_own_password(request, new=form.cleaned_data["new_password"], at=timezone.now())


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def use_reset_link(request: PortalRequest, secret: str) -> HttpResponse:
    """A new password through the link an administrator sent; opening the page does not use it up."""
    if queries.open_reset_link(secret, at=timezone.now()) is None:
        return render(request, "accounts/password_reset_link.html", {"form": None}, status=GONE)
    form = NewPasswordForm(_posted(request))
    if request.method == "POST" and _tried(form, lambda: services.use_reset_link(secret, new=form.data["new_password"], at=timezone.now())):
        messages.success(request, "密码已设置，用新密码登录。")
        return redirect("login")
    return render(request, "accounts/password_reset_link.html", {"form": form}, status=_status(form))


@sensitive_post_parameters("password", "carried")
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: PortalRequest) -> HttpResponse:
    """The password again; scripts get 204 or 422/429 with `detail`."""
    form = StepUpForm(_posted(request), initial={"next": rules.own_path(request.GET.get("next"))})
    if request.method == "POST" and _tried(form, lambda: login.prove_again(request, password=form.data["password"], at=timezone.now())):
        return HttpResponse(status=204) if is_script(request) else _onward(request, form)
    if form.errors and is_script(request):
        return _first_fault(form)
    return render(request, "accounts/step_up.html", {"form": form}, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PortalRequest) -> HttpResponse:
    """/me/: contact data (new ones only after the password, AU-13), preferences, and the ways to password and tokens."""
    user = request.user
    form = ProfileForm(_posted(request), instance=User.objects.get(pk=user.pk))
    if form.is_valid() and form.has_changed() and not is_stepped_up(request):
        return reauth_required(request)
    if request.method == "POST" and _tried(form, lambda: services.change_details(user, by=user, at=timezone.now(), **form.details())):
        messages.success(request, "联系方式已保存。")
        return redirect("profile")
    preferences = PreferencesForm(instance=user)
    masked = {"masked_phone": mask_phone(user.phone), "masked_email": mask_email(user.email)}
    return render(request, "accounts/profile.html", {"form": form, "preferences": preferences} | masked, status=_status(form))


@require_POST
def preferences(request: PortalRequest) -> HttpResponse:
    """Stores 关怀版 and 深色模式."""
    form = PreferencesForm(request.POST, instance=request.user)
    form.full_clean()
    services.set_preferences(request.user, by=request.user, at=timezone.now(), **form.cleaned_data)
    return HttpResponse(status=204) if is_script(request) else redirect("profile")


@require_POST
def size(request: PortalRequest) -> HttpResponse:
    """The 关怀版 button of the top bar: `size` is large or normal, `next` the page to go back to."""
    services.set_preferences(request.user, by=request.user, at=timezone.now(), prefers_large=request.POST.get("size") == "large")
    if is_script(request):
        return HttpResponse(status=204)
    return redirect(rules.own_path(request.POST.get("next")) or settings.LOGIN_REDIRECT_URL)


@require_safe
def tokens(request: PortalRequest) -> HttpResponse:
    """/me/tokens/: the person's API tokens."""
    return _tokens_page(request, TokenForm())


@require_POST
@step_up_required
def token_new(request: PortalRequest) -> HttpResponse:
    """A new token; its secret stands on the answer page and nowhere else."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _tokens_page(request, form)
    user = request.user
    try:
        _, secret = services.create_token(user, by=user, at=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return _tokens_page(request, form)
    return _tokens_page(request, TokenForm(), secret=secret)


@require_POST
def token_revoke(request: PortalRequest, pk: int) -> HttpResponse:
    """One's own token stops working at once."""
    token = get_object_or_404(queries.tokens_of(request.user), pk=pk)
    try:
        services.revoke_token(token, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"令牌“{token.name}”已撤销。")
    return redirect("tokens")


def _tokens_page(request: PortalRequest, form: TokenForm, *, secret: str = "") -> HttpResponse:
    context = {"form": form, "tokens": queries.tokens_of(request.user), "now": timezone.now(), "secret": secret}
    return render(request, "accounts/tokens.html", context, status=_status(form))


def csrf_failure(_request: PortalRequest, _reason: str = "") -> JsonResponse:
    """403 for a script's write without a valid token (IN-13); people get the page of `config.errors`."""
    return _json({"detail": "页面已过期，刷新后重新提交。", "code": "csrf"}, status=403)


def _json(body: dict[str, object], *, status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
