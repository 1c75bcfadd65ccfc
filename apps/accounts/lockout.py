"""AU-05: how many wrong passwords an account may be offered, from one network and from all strange networks together.

A try is taken before the password is looked at, by one conditional update, and given back when the password was right: of any
number of guesses at once no more than the limit are ever compared. A network from which the account's owner logged in lately has
a budget of its own, so whoever guesses elsewhere keeps nobody away from his own desk.
"""
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.fields import blind_index
from apps.core.whole import all_or_nothing

from . import limits
from .models import LoginBudget
from .rules import KNOWN_NETWORK_LIFE

LOCKED = "locked"  # the field of a refusal that is a lock
FAULT = "账号或密码不正确。"
FAULT_INSIDE = "密码不正确。"  # of somebody whose account is beyond question
EVERYWHERE = ""  # the network of the budget that all strange ones share


@dataclass(frozen=True)
class Try:
    """A try that was taken. `left` are those that remain, `minutes` how long the lock after them lasts."""

    account: str
    network: str
    is_strange: bool
    left: int
    minutes: int

    @property
    def locks(self) -> bool:
        """Whether a wrong password now was the last one for a while."""
        return self.left == 0

    def fault(self, *, inside: bool) -> Refused:
        """What the person reads when the password is wrong; before the login the same for an account that does not exist."""
        if self.locks:
            return _locked(self.minutes)
        return Refused(f"{FAULT_INSIDE if inside else FAULT}还可尝试{self.left}次，之后锁定{self.minutes}分钟。")


def network_of(ip: str | None) -> str:
    """The address, of IPv6 the /64 around it (one household has them all); "-" where there is none."""
    address = ip_address(ip) if ip else None
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "-")


@all_or_nothing
def take(username: str, *, ip: str | None, at: datetime) -> Try:
    """One try for this account from this network. Raises Refused (field `locked`) when none is left."""
    figures = limits.login_limits(on=timezone.localdate(at))
    account, network = blind_index(username), network_of(ip)
    own = _spend(account, network, most=figures.failures, quiet=figures.lock, at=at)
    left, quiet = figures.failures - own.spent, figures.lock
    is_strange = own.welcome_at is None or at - own.welcome_at >= KNOWN_NETWORK_LIFE
    if is_strange:
        shared = _spend(account, EVERYWHERE, most=figures.strange_failures, quiet=limits.STRANGE_LOCK, at=at)
        if figures.strange_failures - shared.spent < left:
            left, quiet = figures.strange_failures - shared.spent, limits.STRANGE_LOCK
    return Try(account, network, is_strange, left, _minutes(quiet))


@all_or_nothing
def give_back(taken: Try, *, at: datetime) -> None:
    """The password was right: this network is known from now on, and nothing is held against it."""
    _rows(taken.account, taken.network).update(spent=0, welcome_at=at)
    if taken.is_strange:
        _rows(taken.account, EVERYWHERE).filter(spent__gt=0).update(spent=F("spent") - 1)


def purge(*, at: datetime) -> int:
    """Forgets what no longer counts; for the nightly tick. No event: nothing of a person changes."""
    idle = Q(spent_at__lt=at - limits.LONGEST_LOCK)
    gone, _ = LoginBudget.objects.filter(idle, Q(welcome_at=None) | Q(welcome_at__lt=at - KNOWN_NETWORK_LIFE)).delete()
    return gone


def _rows(account: str, network: str) -> QuerySet[LoginBudget]:
    return LoginBudget.objects.filter(account=account, network=network)


def _spend(account: str, network: str, *, most: int, quiet: timedelta, at: datetime) -> LoginBudget:
    """Counts one try unless `most` were made without `quiet` since the last one; the database compares and counts in one step."""
    LoginBudget.objects.bulk_create([LoginBudget(account=account, network=network, spent_at=at)], ignore_conflicts=True)
    rows, is_over = _rows(account, network), Q(spent_at__lte=at - quiet)
    count = Case(When(is_over, then=Value(1)), default=F("spent") + 1)
    counted = rows.filter(is_over | Q(spent__lt=most)).update(spent=count, spent_at=at)
    row = rows.get()
    if not counted:
        raise _locked(_minutes(row.spent_at + quiet - at), is_strange=network == EVERYWHERE)
    return row


def _minutes(time: timedelta) -> int:
    return max(1, ceil(time.total_seconds() / 60))


def _locked(minutes: int, *, is_strange: bool = False) -> Refused:
    elsewhere = "、在常用的电脑上登录" if is_strange else ""
    return Refused(f"密码错误次数过多，已锁定。{minutes}分钟后再登录{elsewhere}，或联系系统管理员重置密码。", field=LOCKED)
