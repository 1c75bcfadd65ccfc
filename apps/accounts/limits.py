"""The security parameters (sec.*) as durations; the only place where accounts reads parameters."""
from datetime import date, timedelta
from typing import TYPE_CHECKING

from apps.parameters import queries as parameters

from .rules import Limits

if TYPE_CHECKING:
    from .models import User

KEYS = ("sec.idle_normal", "sec.idle_limited", "sec.absolute_hours", "sec.password_days", "sec.step_up_minutes")


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


def lock_failures(*, on: date) -> int:
    """How many wrong passwords lock an account for one address."""
    return parameters.whole("sec.lock_failures", on=on)


def lock_time(*, on: date) -> timedelta:
    """How long that lock lasts."""
    return timedelta(minutes=parameters.whole("sec.lock_minutes", on=on))
