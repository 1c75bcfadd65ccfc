"""What falls due by the clock, in plain sight. Celery's beat and `manage.py tick` under cron both call it every minute."""
import contextlib
import datetime
import logging
from collections.abc import Callable

from django.core.management import call_command
from django.utils.timezone import localdate

from apps.accounts import lockout
from apps.accounts.services import purge_sessions
from apps.core.models import Heartbeat
from apps.documents.services import run_jobs, sweep_results
from apps.exchange.committing import forget_expired
from apps.files.services import sweep_orphans
from apps.notices.services import pump
from apps.pages.services import sweep_tokens
from apps.risks.services import end_publicities

log = logging.getLogger(__name__)
Clock = Callable[[], datetime.datetime]
HOUR, WEEK = datetime.timedelta(hours=1), datetime.timedelta(days=7)
NIGHT = 2  # the hour after which the day's cleaning is done


def tick(*, clock: Clock, outbox: bool = True) -> list[str]:
    """Do everything that is due once, each step on its own; returns the names of the steps that broke.

    With `outbox` mails are sent and waiting jobs run here too (no Celery); otherwise the loop does that.
    Every step may run at any time, twice, and in several processes at once.
    """
    at = clock()
    steps: list[tuple[str, Callable[[], object]]] = [
        # --- one line per thing that falls due; a new one goes here ---
        ("publicity", lambda: end_publicities(today=localdate(at), at=at)),
        ("checkpoint", lambda: _hourly("checkpoint", at=at, work=lambda: call_command("audit_checkpoint", verbosity=0))),
        ("verify", lambda: _daily("verify", at=at, work=_verify)),
        ("clean", lambda: _daily("clean", at=at, work=lambda: _clean(at=at))),
        ("heartbeat", lambda: _beat("tick", at=at)),
    ]
    if outbox:
        steps += [("mails", lambda: pump(clock=clock, limit=2000)), ("jobs", lambda: run_jobs(clock=clock, limit=5))]
    return [name for name, step in steps if not _done(name, step)]


def _clean(*, at: datetime.datetime) -> None:
    """The day's sweeping: files nobody points to, results past their week, sessions, pressed buttons and uploads past theirs."""
    sweep_orphans(at=at)
    sweep_results(at=at)
    purge_sessions(before=at - WEEK)
    lockout.purge(at=at)
    sweep_tokens(at=at)
    forget_expired(at=at)


def _verify() -> None:
    """Walk the audit chains; the finding is an event itself, and a fault keeps `/readyz` from being ready."""
    with contextlib.suppress(SystemExit):
        call_command("audit_verify", note=True, quiet=True)


def _done(name: str, step: Callable[[], object]) -> bool:
    """Run a step; one that breaks is logged and does not keep the others from running."""
    try:
        step()
    except Exception:
        log.exception("tick: step %s broke", name)
        return False
    return True


def _beat(name: str, *, at: datetime.datetime) -> None:
    """Remember that something ran."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def _hourly(name: str, *, at: datetime.datetime, work: Callable[[], object]) -> None:
    """Do `work` when an hour has passed since the last time."""
    last = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    if last is None or at - last >= HOUR:
        work()
        _beat(name, at=at)


def _daily(name: str, *, at: datetime.datetime, work: Callable[[], object]) -> None:
    """Do `work` once a day, some time after NIGHT o'clock."""
    last = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    today = localdate(at - datetime.timedelta(hours=NIGHT))
    if last is None or localdate(last - datetime.timedelta(hours=NIGHT)) < today:
        work()
        _beat(name, at=at)
