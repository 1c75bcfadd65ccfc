"""The loop that takes rows up within two seconds, wherever a worker runs."""
import datetime
import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction

from apps.core.models import Heartbeat
from apps.documents.running import waiting_ids
from apps.notices.services import pump

log = logging.getLogger(__name__)
NAME = "attend"
ROUND = 25.0  # seconds of one call
PAUSE = 0.5
LEASE = datetime.timedelta(seconds=15)  # a loop that gave no sign for so long is taken for dead
OFFER_AGAIN = 20.0


def attend(
    *, clock: Callable[[], datetime.datetime], offer: Callable[[Any], object], seconds: float = ROUND,
    pause: Callable[[float], object] = time.sleep,
) -> bool:  # fmt: skip
    """For `seconds`, hand waiting jobs to `offer` and send due mails; False at once when another loop is alive.

    `pause(seconds)` waits between two looks; when it says True the worker is to end, and so does the loop.

    Who attends is decided by a row, not by a session lock, so that pgbouncer in transaction mode may stand between.
    Two loops at once would do no harm: rows are taken under SKIP LOCKED.
    """
    mine = _take_over(clock(), None)
    end, offered = time.monotonic() + seconds, dict[Any, float]()
    held = mine
    while mine is not None and time.monotonic() < end:
        held = mine
        _round(clock, offer, offered)
        told_to_end = pause(PAUSE)
        mine = _take_over(clock(), mine)
        if told_to_end:
            break
    if mine is not None:
        _take_over(mine - LEASE, mine)  # the successor need not wait for the lease to run out
    return held is not None


def _round(clock: Callable[[], datetime.datetime], offer: Callable[[Any], object], offered: dict[Any, float]) -> None:
    """Offer each waiting job once in a while, then carry out some mails."""
    for job_id in waiting_ids(at=clock()):
        if time.monotonic() - offered.get(job_id, -OFFER_AGAIN) >= OFFER_AGAIN:
            offered[job_id] = time.monotonic()
            offer(job_id)
    pump(clock=clock, limit=200)


@transaction.atomic
def _take_over(at: datetime.datetime, mine: datetime.datetime | None) -> datetime.datetime | None:
    """Set the loop's sign of life to `at` if it is still `mine`, or dead; None when it is another's."""
    Heartbeat.objects.bulk_create([Heartbeat(name=NAME, at=at - 2 * LEASE)], ignore_conflicts=True)
    row = Heartbeat.objects.filter(name=NAME)
    held = row.filter(at=mine) if mine is not None else row.filter(at__lte=at - LEASE)
    return at if held.update(at=at) else None
