"""Session rules on the server: who is logged in, for how long, and what a person whose password must change may reach."""
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import urlencode

from apps.core.middleware import session_digest

from . import carry, queries, rules, services
from .answers import ended_json, is_script, session_ended
from .limits import limits_of
from .models import PortalSession
from .request import Ending, PortalRequest

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
BACKGROUND_ROUTES = frozenset({"session", "todo-count", "notice-count"})  # polling that is not a sign of life (AU-06)
OPEN_TO_EXPIRED = frozenset({"password", "logout", "session"})  # all that is left while the password must change (AU-03, AU-04)


class SessionRules:
    """Every view needs a login unless it is marked `login_not_required`; API views answer through DRF (AU-01)."""

    def __init__(self, get_response: Callable[[PortalRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: PortalRequest) -> HttpResponseBase:
        request.ending = self._ending(request)
        response = self.get_response(request)
        if response.status_code == 401 and request.ending is not None:
            response.headers["X-Session"] = "ended"
        return response

    def process_view(self, request: PortalRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponseBase | None:
        is_api = hasattr(getattr(view, "cls", None), "authentication_classes")  # a view of DRF
        is_open = request.path in OPEN_PATHS or not (is_api or getattr(view, "login_required", True))
        if not request.user.is_authenticated:
            return None if is_api or is_open else turned_away(request)
        name = request.resolver_match.url_name if request.resolver_match else ""
        fault = rules.must_change_password(request.user, at=timezone.now(), life=request.limits.password_life)
        if fault and not is_open and name not in OPEN_TO_EXPIRED:
            return password_first(request, fault, is_api=is_api)
        if name not in BACKGROUND_ROUTES and "X-Background" not in request.headers and "X-Autosave" not in request.headers:
            self._touch(request)
        return None

    @staticmethod
    def _ending(request: PortalRequest) -> Ending | None:
        """Ends a session whose time is up; tells why one that was ended elsewhere is gone."""
        if not request.user.is_authenticated:
            key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
            if not key or request.session.session_key:
                return None
            return Ending(*queries.ending_of(session_digest(key)))
        user, row, now = request.user, request.session.row, timezone.now()
        request.limits = limits_of(user, on=timezone.localdate(now))
        reason = rules.end_reason(started_at=row.started_at, seen_at=row.seen_at, at=now, limits=request.limits)
        if reason is None:
            return None
        services.close_session(user, session_digest=row.session_key, reason=reason, at=now)
        request.session.flush()
        request.user = AnonymousUser()  # type: ignore[assignment]  # a visitor from here on
        return Ending(reason, user)

    @staticmethod
    def _touch(request: PortalRequest) -> None:
        row, now = request.session.row, timezone.now()
        if now - row.seen_at >= rules.touch_interval(request.limits):
            PortalSession.objects.filter(pk=row.pk).update(seen_at=now)
            row.seen_at = now


def turned_away(request: PortalRequest) -> HttpResponseBase:
    """The answer to somebody without a session: 401 for scripts, the login page for people; what was typed is kept."""
    ending = request.ending
    reason = ending.reason if ending else ""
    if is_script(request):
        return ended_json(reason or "unknown")
    is_known = ending is not None and ending.user is not None
    if request.method == "POST" and (is_known or carry.is_from_here(request)):  # the cookie itself may be gone: logged out in another tab
        return session_ended(request, user=ending.user if ending else None, reason=reason or "unknown")
    asked = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    query = urlencode({key: text for key, text in (("next", asked), ("ended", reason)) if text})
    return redirect(f"{resolve_url(settings.LOGIN_URL)}{'?' if query else ''}{query}")


def password_first(request: PortalRequest, fault: str, *, is_api: bool) -> HttpResponseBase:
    """The way to the change page; 403 `password_expired` for the API and scripts."""
    address = resolve_url("password")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    if is_api or is_script(request):
        return JsonResponse({"detail": fault, "code": "password_expired"}, status=403, json_dumps_params={"ensure_ascii": False})
    return redirect(address)
