"""The security parameters (sec.*) as durations; the only place where accounts reads parameters."""
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from apps.parameters import queries as parameters

from .rules import Limits

if TYPE_CHECKING:
    from .models import User

KEYS = ("sec.idle_normal", "sec.idle_limited", "sec.absolute_hours", "sec.password_days", "sec.step_up_minutes")
LOGIN_KEYS = ("sec.lock_failures", "sec.lock_minutes", "sec.strange_failures")
STRANGE_LOCK = timedelta(hours=1)  # the budget of all strange networks together is one of an hour
LONGEST_LOCK = timedelta(days=1)  # what sec.lock_minutes may be at most


def limits_of(user: "User", *, on: date) -> Limits:
    """The limits in force for this user: 三员 have the shorter idle time. One query."""
    read = {key: int(str(value)) for key, value in parameters.frozen(KEYS, on=on).items()}
    idle = read["sec.idle_limited"] if user.is_administrator_account else read["sec.idle_normal"]
    return Limits(
        idle=timedelta(minutes=idle),
        absolute=timedelta(hours=read["sec.absolute_hours"]),
        password_life=timedelta(days=read["sec.password_days"]),
        step_up=timedelta(minutes=read["sec.step_up_minutes"]),
    )


@dataclass(frozen=True)
class LoginLimits:
    """How many wrong passwords are too many, and how long that is remembered (AU-05)."""

    failures: int
    lock: timedelta
    strange_failures: int


def login_limits(*, on: date) -> LoginLimits:
    """The limits of logging in. One query."""
    read = {key: int(str(value)) for key, value in parameters.frozen(LOGIN_KEYS, on=on).items()}
    return LoginLimits(
        failures=read["sec.lock_failures"],
        lock=timedelta(minutes=read["sec.lock_minutes"]),
        strange_failures=read["sec.strange_failures"],
    )
