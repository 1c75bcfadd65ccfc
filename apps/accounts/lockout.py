"""django-axes with our figures: the lock of AU-05 holds for one account from one address."""
from datetime import timedelta
from math import ceil
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from . import limits

FAULT = "账号或密码不正确。"


def failure_limit(_request: Any, _credentials: Any) -> int:
    """AXES_FAILURE_LIMIT."""
    return limits.lock_failures(on=timezone.localdate())


def cool_off(_request: Any = None) -> timedelta:
    """AXES_COOLOFF_TIME."""
    return limits.lock_time(on=timezone.localdate())


def locked_response(_request: HttpRequest, response: HttpResponseBase, _credentials: Any) -> HttpResponseBase:
    """AXES_LOCKOUT_CALLABLE: our own page already says what is the matter."""
    return response


def is_locked_now(request: HttpRequest) -> bool:
    """Whether the failed try just made by `authenticate` was the one that locked."""
    failures = getattr(request, "axes_failures_since_start", None)
    return bool(failures and failures >= failure_limit(request, None))


def is_locked(request: HttpRequest) -> bool:
    """Whether the try just made was, or became, refused by the lock."""
    return bool(getattr(request, "axes_locked_out", False))


def failure_text(request: HttpRequest, username: str) -> str:
    """What the person reads after a failed try; the same for an account that does not exist."""
    credentials = {"username": username}
    minutes = ceil(cool_off().total_seconds() / 60)
    if not is_locked(request):
        left = failure_limit(request, credentials) - AxesProxyHandler.get_failures(request, credentials)
        return f"{FAULT}还可尝试{left}次，之后锁定{minutes}分钟。"
    attempts = AxesProxyHandler.get_implementation().get_user_attempts(request, credentials)
    last = max((row.attempt_time for rows in attempts for row in rows), default=timezone.now())
    wait = max(1, ceil((last + cool_off() - timezone.now()).total_seconds() / 60))
    return f"密码错误次数过多，已锁定。{wait}分钟后再登录，或联系系统管理员重置密码。"
