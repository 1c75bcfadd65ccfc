"""A real SMTP server on a free port of this machine that writes down what it accepts, and can be told to misbehave."""
import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@dataclass
class Sink:
    """`mails` = (recipient, message) of everything answered with 250; `answer` may return another reply to RCPT or DATA."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list = field(default_factory=list)
    rcpt_answer: Callable[[str], str | None] = lambda address: None
    data_answer: Callable[[str], str | None] = lambda address: None
    hang: str = ""  # mails to addresses that begin so are taken and never answered
    pause: float = 0.0  # seconds before each answer
    connections: int = 0

    @property
    def recipients(self) -> list[str]:
        return [to for to, _ in self.mails]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if reply := self.rcpt_answer(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        reply = self.data_answer(to)
        await asyncio.sleep(60 if self.hang and to.startswith(self.hang) else self.pause)
        if reply == "close":
            server.transport.abort()
            return "250 never seen"
        if reply:
            return reply
        self.mails.append((to, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


@contextmanager
def running_sink() -> Iterator[Sink]:
    sink = Sink(port=free_port())
    controller = Controller(sink, hostname=sink.host, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop(no_assert=True)


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(20)
        yield s.getsockname()[1]


@pytest.fixture
def smtp(settings):
    """The portal's mail channel, switched on and leading to a sink."""
    with running_sink() as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.MAIL_ENABLED = sink.host, sink.port, True
        settings.SITE_URL = "https://qinglian.example"
        settings.DEFAULT_FROM_EMAIL = "清廉国企 <qinglian@portal.example>"
        yield sink


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until `condition` holds; False when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        threading.Event().wait(0.02)
    return condition()
