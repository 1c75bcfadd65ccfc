"""Mail on the wire: one connection for a batch, hard time limits, no case text in any message (PR-06)."""
from __future__ import annotations

import base64
import datetime
import smtplib
import socket
import ssl
import time
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from types import TracebackType

from django.conf import settings

from apps.notices.rules import one_line

CONNECT_SECONDS = 3.0
MAIL_SECONDS = 10.0
PREFIX = "【清廉国企】"
_WORD_BYTES = 42  # one encoded word stays below the 75 characters RFC 2047 allows


class UnreachableError(Exception):
    """No mail server answers, or it does not let us in: no fault of any recipient."""


def mail_is_on() -> bool:
    """Whether the mail channel is configured and switched on (PORTAL_SMTP_HOST, PORTAL_MAIL); asked at send time."""
    return bool(settings.MAIL_ENABLED and settings.EMAIL_HOST)


def mail_domain() -> str:
    """The domain of the sender, used in Message-ID and greeting."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"


@lru_cache(maxsize=8)
def encoded_sender(sender: str) -> str:
    """The From header's value; a Chinese display name is encoded."""
    return formataddr(parseaddr(sender))


@lru_cache(maxsize=256)
def encoded_subject(title: str) -> str:
    """The Subject header's value: encoded words of whole characters, folded."""
    words: list[str] = []
    part = b""
    for char in PREFIX + one_line(title):
        raw = char.encode("utf-8", "replace")
        if len(part) + len(raw) > _WORD_BYTES:
            words.append(base64.b64encode(part).decode())
            part = b""
        part += raw
    words.append(base64.b64encode(part).decode())
    return "\r\n ".join(f"=?utf-8?B?{word}?=" for word in words)


@lru_cache(maxsize=256)
def encoded_body(title: str, url: str, site: str) -> str:
    """The text part: the title sentence and the link, nothing of the matter itself."""
    lines = [one_line(title), ""]
    if url:
        lines += [f"登录系统查看：{site.rstrip('/')}{url}", ""]
    lines += ["此邮件由清廉国企管理平台自动发出，不需要回复。", ""]
    raw = base64.b64encode("\r\n".join(lines).encode("utf-8", "replace")).decode()
    return "\r\n".join(raw[at : at + 76] for at in range(0, len(raw), 76))


def compose(*, to: str, title: str, url: str, message_id: str, at: datetime.datetime) -> bytes:
    """The bytes of one mail. Only ASCII reaches a header; the caller has checked the address."""
    return (
        f"From: {encoded_sender(settings.DEFAULT_FROM_EMAIL)}\r\nTo: {to}\r\nSubject: {encoded_subject(title)}\r\n"
        f"Date: {format_datetime(at)}\r\nMessage-ID: {message_id}\r\nAuto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{encoded_body(title, url, settings.SITE_URL)}\r\n"
    ).encode("ascii")


class Line(smtplib.SMTP):
    """An SMTP connection on which every step must end before `deadline` (monotonic seconds)."""

    def __init__(self, *, deadline: float) -> None:
        self.deadline = deadline
        super().__init__(settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname=mail_domain())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((host, port), CONNECT_SECONDS)

    def _hurry(self) -> None:
        if self.sock is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError(f"{MAIL_SECONDS:g} 秒内没有完成")
        self.sock.settimeout(left)

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        return super().getreply()

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        self._hurry()
        super().send(s)


class Postman:
    """Keeps one connection for as many mails as it carries; a broken one is opened anew for the next mail."""

    def __init__(self) -> None:
        self._line: Line | None = None

    def __enter__(self) -> Postman:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._hang_up(politely=error is None)

    def send(self, address: str, message: bytes) -> None:
        """Hand over one mail within MAIL_SECONDS; raises UnreachableError, smtplib's exceptions or OSError."""
        deadline = time.monotonic() + MAIL_SECONDS
        line = self._line or self._connect(deadline)
        line.deadline = deadline
        try:
            line.sendmail(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], [address], message)
        except OSError as error:  # every exception of smtplib is one
            answered = isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)
            if not answered or line.sock is None:
                self._hang_up(politely=False)
            raise

    def _connect(self, deadline: float) -> Line:
        try:
            line = Line(deadline=deadline)
            self._line = line
            if settings.EMAIL_USE_TLS:
                line.starttls(context=ssl.create_default_context())
            if settings.EMAIL_HOST_USER:
                line.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            line.ehlo_or_helo_if_needed()
        except OSError as error:
            self._hang_up(politely=False)
            raise UnreachableError(f"{type(error).__name__}: {error}") from error
        return line

    def _hang_up(self, *, politely: bool) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        if politely:
            try:
                line.deadline = time.monotonic() + 1
                line.quit()
            except OSError:
                line.close()
        else:
            line.close()
