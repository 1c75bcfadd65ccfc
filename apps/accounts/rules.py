"""Pure judgements about accounts and sessions (security.md §2.1)."""
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from .models import User

INITIAL_PASSWORD_LIFE = timedelta(hours=72)  # AU-04
RESET_LINK_LIFE = timedelta(minutes=30)  # AU-11
TOKEN_LIFE_DAYS = 90  # AU-14, the longest a token may live
KNOWN_NETWORK_LIFE = timedelta(days=90)  # AU-05, how long a network counts as one's own after a login
PASSWORDS_REMEMBERED = 5  # AU-03
WARN_BEFORE_SECONDS = 300
STEPPED_UP_KEY = "stepped_up_at"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,39}")
USERNAME_ASKED = "账号为2至40位，用小写字母、数字、点、下划线、短横线或@，以字母或数字开头"

REASONS = {
    "idle": "长时间未操作，已退出登录。",
    "absolute": "登录时间已满，已退出登录。",
    "superseded": "该账号已在别处登录。如非本人操作，立即联系系统管理员。",
    "disabled": "账号已停用，联系系统管理员。",
    "password": "密码已修改，重新登录。",
    "rights": "账号权限已调整，重新登录。",
    "logout": "已退出登录。",
    "unknown": "登录已失效，重新登录。",
}


@dataclass(frozen=True)
class Limits:
    """The figures in force, read once per request."""

    idle: timedelta
    absolute: timedelta
    password_life: timedelta
    step_up: timedelta


def end_reason(*, started_at: datetime, seen_at: datetime, at: datetime, limits: Limits) -> str | None:
    """Why a session is over at `at` (a key of REASONS), or None while it lives (AU-06)."""
    if at - started_at >= limits.absolute:
        return "absolute"
    if at - seen_at >= limits.idle:
        return "idle"
    return None


def seconds_left(*, started_at: datetime, seen_at: datetime, at: datetime, limits: Limits) -> int:
    """Whole seconds until the session ends if nothing is done, never below 0."""
    left = min(started_at + limits.absolute, seen_at + limits.idle) - at
    return max(0, int(left.total_seconds()))


def touch_interval(limits: Limits) -> timedelta:
    """How old the last sign of life may get before it is written again: spares one UPDATE per request."""
    return min(timedelta(seconds=30), limits.idle / 20)


def stepped_up(session: Mapping[str, Any], at: datetime, *, life: timedelta = timedelta(minutes=5)) -> bool:
    """Whether the password was given again within `life` before `at` (AU-13)."""
    stamp = parse_datetime(session.get(STEPPED_UP_KEY) or "")
    return stamp is not None and timedelta(0) <= at - stamp < life


def must_change_password(user: "User", *, at: datetime, life: timedelta) -> str | None:
    """Why nothing but the change page is open to the user (AU-03, AU-04), or None."""
    if user.must_change_password:
        return "首次登录须修改初始密码。"
    if at - user.password_changed_at >= life:
        return f"密码已满{life.days}天，修改后继续使用。"
    return None


def initial_password_fault(user: "User", *, at: datetime) -> str | None:
    """Why a login with the initial password is refused (it opens one login, within 72 hours), or None (AU-04)."""
    if user.initial_password_at is None:
        return None
    if user.initial_password_used_at is not None:
        return "初始密码只能使用一次，联系系统管理员发送重置链接。"
    if at - user.initial_password_at >= INITIAL_PASSWORD_LIFE:
        return "初始密码已超过72小时，联系系统管理员发送重置链接。"
    return None


def own_path(target: str | None) -> str:
    """`target` when it is a path of this site, else the empty string (IN-14)."""
    if not target or not target.startswith("/") or not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return ""
    return target
