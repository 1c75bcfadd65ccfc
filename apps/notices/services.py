"""Leaving notices, reading them, and carrying the mail out (security.md 4.3)."""
from __future__ import annotations

import datetime
import logging
import os
import smtplib
import socket
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

from apps.audit.services import note
from apps.core.errors import Refused
from apps.core.whole import all_or_nothing
from apps.notices import kinds, rules
from apps.notices.mail import MAIL_SECONDS, Postman, UnreachableError, compose, mail_domain, mail_is_on
from apps.notices.models import Delivery, Notice

if TYPE_CHECKING:
    from apps.accounts.models import User

log = logging.getLogger(__name__)
State = Delivery.State
BATCH = 20  # mails under one transaction: speed against the most that a killed worker can send twice

_NEEDED = (
    "state", "attempts", "next_try", "expires_at", "message_id", "last_error", "claimed_by", "claimed_at", "address",
    "notice__kind", "notice__title", "notice__url", "notice__content_type_id", "notice__object_id",
    "notice__recipient__email", "notice__recipient__is_active",
)

_LEAVE = """
WITH fresh AS (
    INSERT INTO notices_notice (recipient_id, kind, key, title, body, url, content_type_id, object_id, created_at)
    SELECT person, %(kind)s, %(key)s, %(title)s, %(body)s, %(url)s, %(type)s, %(object)s, %(at)s
    FROM (SELECT DISTINCT unnest(%(people)s::bigint[]) AS person ORDER BY person) AS p
    ON CONFLICT (recipient_id, key) DO NOTHING
    RETURNING id, recipient_id
), mail AS (
    INSERT INTO notices_delivery (id, notice_id, channel, dedupe_key, state, attempts, next_try, expires_at, message_id,
                                  last_error, claimed_by, created_at, address)
    SELECT d.id, d.notice_id, 'mail', 'mail|' || d.recipient_id || '|' || %(key)s, 'pending', 0, %(at)s, %(expires)s,
           '<' || d.id || '@' || %(domain)s || '>', '', '', %(at)s, %(address)s
    FROM (
        SELECT gen_random_uuid() AS id, fresh.id AS notice_id, fresh.recipient_id
        FROM fresh JOIN accounts_user u ON u.id = fresh.recipient_id
        WHERE %(mail)s AND (u.email <> '' OR %(address)s <> '')
    ) AS d
    ON CONFLICT (dedupe_key) DO NOTHING
)
SELECT count(*) FROM fresh
"""


@all_or_nothing
def notify(
    people: Iterable[User], *, kind: str, key: str, title: str, body: str, url: str, at: datetime.datetime,
    expires_at: datetime.datetime | None = None, record: models.Model | None = None, mail: bool = True,
    address: str = "",
) -> int:
    """Leave one notice per person and key in the caller's transaction; returns how many are new.

    Mail follows from the outbox to those who have an address, until `expires_at` (7 days when not given).
    The mail says `title` and the link only, so `title` must not tell anything of the matter itself.
    `mail=False` keeps it inside the portal; `address` sends the mail there instead of to the person's own address.
    With `record`, the mail is held back from whoever may no longer see the record when it is sent.
    """
    if not rules.is_own_path(url):
        raise ValueError(f"not a path of this portal: {url!r}")
    facts = {
        "people": [person.pk for person in people], "kind": kind, "key": key, "title": rules.one_line(title), "body": body,
        "url": url, "at": at, "expires": expires_at or at + rules.KEEP, "mail": mail and mail_is_on(), "domain": mail_domain(),
        "address": address,
        "type": ContentType.objects.get_for_model(record).pk if record else None, "object": record.pk if record else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, facts)
        return int(cursor.fetchone()[0])


@all_or_nothing
def mark_read(notice: Notice, *, by: User, at: datetime.datetime) -> Notice:
    """Remember when its recipient first opened a notice."""
    if notice.recipient_id != by.pk:
        raise Refused("只能阅读自己的通知。")
    if notice.read_at is None:
        notice.read_at = at
        notice.save(update_fields=["read_at"])
    return notice


@all_or_nothing
def mark_all_read(user: User, *, at: datetime.datetime) -> int:
    """Mark everything `user` has not opened as read; returns how many."""
    return Notice.objects.filter(recipient=user, read_at__isnull=True).update(read_at=at)


@all_or_nothing
def resend(delivery: Delivery, *, by: User, at: datetime.datetime) -> Delivery:
    """Put a failed, suppressed or expired mail into the outbox again, with the same Message-ID."""
    fresh = Delivery.objects.select_for_update().select_related("notice").get(pk=delivery.pk)
    if fresh.state not in (State.FAILED, State.SUPPRESSED, State.EXPIRED):
        raise Refused(f"当前状态为“{fresh.get_state_display()}”，不能重新发送。")
    if not mail_is_on():
        raise Refused("邮件通道未启用，先配置邮件服务器再重新发送。")
    before = fresh.state
    fresh.state, fresh.attempts, fresh.next_try, fresh.expires_at = State.PENDING, 0, at, max(fresh.expires_at, at + rules.KEEP)
    fresh.save(update_fields=["state", "attempts", "next_try", "expires_at"])
    note("delivery.resent", stream="sys", by=by, at=at, object_type="notices.delivery", object_id=str(fresh.pk),
         object_label=fresh.notice.title, before={"state": before}, after={"state": fresh.state})
    return fresh


def pump(*, clock: Callable[[], datetime.datetime], limit: int = 500) -> int:
    """Carry out up to `limit` due mails; returns how many rows were settled or put off.

    Any number of pumps may run at once: each holds the locks of its own rows while it sends, and the answer of
    the mail server is committed before the lock is given up. A killed pump loses nothing.
    """
    if not mail_is_on():
        return _suppress_all()
    handled = 0
    with Postman() as postman:
        while handled < limit:
            count, go_on = _carry_out(postman, clock=clock, size=min(BATCH, limit - handled))
            handled += count
            if not go_on:
                break
    return handled


def _suppress_all() -> int:
    """The channel is off: what waits will not be sent; the notices stay in the portal."""
    return Delivery.objects.filter(state=State.PENDING).update(state=State.SUPPRESSED, last_error="邮件通道未启用")


@all_or_nothing
def _carry_out(postman: Postman, *, clock: Callable[[], datetime.datetime], size: int) -> tuple[int, bool]:
    """One transaction: lock, check again, send, write down. Says how many rows, and whether to go on."""
    at = clock()
    due = list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("notice__recipient")
        .only(*_NEEDED).filter(state=State.PENDING, next_try__lte=at).order_by("next_try", "id")[:size]
    )
    stop_at, reachable, settled = time.monotonic() + MAIL_SECONDS, True, []
    # Every question is asked before the first mail: a database error may then undo the batch without a mail sent twice.
    wanted = [_still_wanted(row, at=at) for row in due]
    for row, is_wanted in zip(due, wanted, strict=True):
        if is_wanted and (not reachable or time.monotonic() > stop_at):
            continue
        if is_wanted:
            reachable = _send(row, postman, at=at)
        settled.append(row)
    _write_down(settled, clock=clock)
    return len(settled), bool(due) and reachable


def _still_wanted(row: Delivery, *, at: datetime.datetime) -> bool:
    """Settle the row when its mail should no longer go out; True when it should go now."""
    if row.expires_at <= at:
        row.state, row.last_error = State.EXPIRED, "超过有效期"
    elif not row.notice.recipient.is_active:
        row.state, row.last_error = State.SUPPRESSED, "接收人账号已停用"
    elif not rules.is_deliverable(row.goes_to):
        row.state, row.last_error = State.FAILED, "邮箱地址无法投递"
    else:
        return _is_still_due(row, at=at)
    return False


def _is_still_due(row: Delivery, *, at: datetime.datetime) -> bool:
    """Ask the record's scope and the kind's own check; a check that breaks puts this one mail off."""
    notice = row.notice
    if notice.object_id is None and not kinds.has_check(notice.kind):
        return True
    try:
        with transaction.atomic():
            reason = _reason_to_hold(notice)
    except Exception:
        log.exception("the check of notice kind %s broke", notice.kind)
        row.attempts += 1
        _put_off(row, "发送前核对没有完成", at=at)
        return False
    if reason:
        row.state, row.last_error = State.SUPPRESSED, reason
    return not reason


def _reason_to_hold(notice: Notice) -> str:
    """Why this mail should not go out any more; "" when it may."""
    if notice.content_type_id is not None:
        model = ContentType.objects.get_for_id(notice.content_type_id).model_class()
        rows = getattr(getattr(model, "objects", None), "visible_to", None)
        if rows is not None and not rows(notice.recipient).filter(pk=notice.object_id).exists():
            return "接收人已不在范围内"
    return "" if kinds.still_due(notice) else "事项已办结"


def _send(row: Delivery, postman: Postman, *, at: datetime.datetime) -> bool:
    """Try one mail and set the row's outcome; False when no mail server can be reached."""
    notice = row.notice
    row.attempts += 1
    try:
        postman.send(
            row.goes_to,
            compose(to=row.goes_to, title=notice.title, url=notice.url, message_id=row.message_id, at=at),
        )
    except UnreachableError as error:
        _put_off(row, f"邮件服务器连接不上：{error}", at=at)
        return False
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        _answer(row, code, text, at=at)
    except smtplib.SMTPResponseException as error:
        _answer(row, error.smtp_code, error.smtp_error, at=at)
    except OSError as error:
        _put_off(row, f"发送中断：{error}", at=at)
    else:
        row.state, row.last_error = State.SENT, ""
    return True


def _answer(row: Delivery, code: int, text: bytes | str, *, at: datetime.datetime) -> None:
    """The server said no: for ever with 5xx, for now otherwise."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if rules.is_final(code):
        row.state, row.last_error = State.FAILED, rules.one_line(f"{code} {words}")
    else:
        _put_off(row, f"{code} {words}", at=at)


def _put_off(row: Delivery, reason: str, *, at: datetime.datetime) -> None:
    """Try again later, or give up after the last attempt."""
    later = rules.next_attempt(row.attempts, at=at)
    row.state = State.PENDING if later else State.FAILED
    row.next_try = later or row.next_try
    row.last_error = rules.one_line(reason)


def _write_down(rows: list[Delivery], *, clock: Callable[[], datetime.datetime]) -> None:
    """Store the outcomes: all mails sent in one statement, the few others one by one."""
    at, worker = clock(), f"{socket.gethostname()}:{os.getpid()}"[:80]
    sent = [row.pk for row in rows if row.state == State.SENT]
    if sent:
        Delivery.objects.filter(pk__in=sent).update(
            state=State.SENT, attempts=models.F("attempts") + 1, last_error="", claimed_by=worker, claimed_at=at, sent_at=at
        )
    for row in rows:
        if row.state != State.SENT:
            row.claimed_by, row.claimed_at = worker, at
            row.save(update_fields=["state", "attempts", "next_try", "last_error", "claimed_by", "claimed_at"])
        if row.state == State.FAILED:
            log.warning("mail %s failed after %s attempts", row.message_id, row.attempts)
