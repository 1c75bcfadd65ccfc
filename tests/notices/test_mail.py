"""The connection itself: its limits, and its end."""
import smtplib
import socket
import time

import pytest

from apps.notices.mail import Line, Postman, compose, mail_domain
from tests.notices.conftest import AT

MAIL = {"to": "zhou@jia.example", "title": "题", "url": "", "message_id": "<1@portal.example>", "at": AT}


def test_no_step_begins_after_the_deadline(smtp):
    line = Line(deadline=time.monotonic() + 5)
    line.deadline = 0
    with pytest.raises(TimeoutError):
        line.noop()
    assert line.sock is None


def test_a_closed_line_carries_nothing(smtp):
    line = Line(deadline=time.monotonic() + 5)
    line.close()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        line.noop()


def test_a_server_gone_before_the_goodbye_is_no_fault(smtp):
    with Postman() as postman:
        postman.send("zhou@jia.example", compose(**MAIL))
        postman._line.sock.shutdown(socket.SHUT_RDWR)
    assert smtp.recipients == ["zhou@jia.example"]


def test_a_sender_without_a_domain_writes_from_localhost(settings):
    settings.DEFAULT_FROM_EMAIL = "portal"
    assert mail_domain() == "localhost"
