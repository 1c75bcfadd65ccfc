"""The outbox against a real mail server that misbehaves (security.md AV-06, AV-08, AV-12, IN-17, PR-06)."""
import datetime
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import F

from apps.notices import kinds, mail
from apps.notices.models import Delivery, Notice
from apps.notices.services import BATCH, notify, pump
from tests.kit.smtp import free_port, silent_server, wait_until
from tests.notices.conftest import AT

FACTS = {"kind": "test", "key": "k", "title": "风险点 FX-2026-0001 待您审核", "body": "受贿线索详情", "url": "/risks/1/", "at": AT}


def states():
    return dict(Delivery.objects.values_list("notice__recipient__username", "state"))


@pytest.mark.django_db
def test_a_due_mail_reaches_the_server_once(person, smtp, clock):
    notify([person()], **FACTS)
    assert pump(clock=clock) == 1
    assert pump(clock=clock) == 0
    assert smtp.recipients == ["zhoumin@jia.example"]
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.sent_at, row.last_error) == ("sent", 1, AT, "")
    assert row.claimed_by.endswith(str(os.getpid()))


@pytest.mark.django_db
def test_the_mail_says_title_and_link_and_nothing_of_the_case(person, smtp, clock):
    notify([person()], **FACTS)
    pump(clock=clock)
    _, message = smtp.mails[0]
    assert message["Subject"] == "【清廉国企】风险点 FX-2026-0001 待您审核"
    assert message["From"] == "清廉国企 <qinglian@portal.example>"
    assert message["To"] == "zhoumin@jia.example"
    assert message["Message-ID"] == Delivery.objects.get().message_id
    text = message.get_content()
    assert "https://qinglian.example/risks/1/" in text
    assert "受贿" not in text


@pytest.mark.django_db
def test_a_title_cannot_add_a_header(person, smtp, clock):
    notify([person()], **FACTS | {"title": "标题\r\nBcc: evil@evil.example\r\n\r\n正文"})
    pump(clock=clock)
    _, message = smtp.mails[0]
    assert message["Bcc"] is None
    assert message["Subject"] == "【清廉国企】标题 Bcc: evil@evil.example 正文"
    assert set(message.keys()) - {"X-Peer", "X-MailFrom", "X-RcptTo"} == {  # those the sink adds
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    }


@pytest.mark.django_db
def test_a_long_chinese_subject_arrives_whole(person, smtp, clock):
    title = "关于城建集团有限公司工程建设领域廉政风险点排查情况的审核意见须于今日办结" * 4
    notify([person()], **FACTS | {"title": title})
    pump(clock=clock)
    assert smtp.mails[0][1]["Subject"] == "【清廉国企】" + title


@pytest.mark.django_db
def test_a_mail_without_a_link_has_none(person, smtp, clock):
    notify([person()], **FACTS | {"url": ""})
    pump(clock=clock)
    assert "https://" not in smtp.mails[0][1].get_content()


@pytest.mark.django_db
def test_one_connection_carries_a_whole_round(person, smtp, clock):
    notify([person(f"p{n}") for n in range(25)], **FACTS)
    assert pump(clock=clock) == 25
    assert (len(smtp.mails), smtp.connections) == (25, 1)


@pytest.mark.django_db
def test_a_round_ends_at_its_limit(person, smtp, clock):
    notify([person(f"p{n}") for n in range(5)], **FACTS)
    assert pump(clock=clock, limit=3) == 3
    assert pump(clock=clock, limit=3) == 2


@pytest.mark.django_db
def test_an_address_refused_for_good_fails_at_once_and_the_others_go_on(person, smtp, clock):
    notify([person("bad"), person("good")], **FACTS)
    smtp.rcpt_answer = lambda address: "550 5.1.1 no such user" if address.startswith("bad") else None
    pump(clock=clock)
    assert states() == {"bad": "failed", "good": "sent"}
    assert Delivery.objects.get(state="failed").last_error == "550 5.1.1 no such user"


@pytest.mark.django_db
def test_a_busy_server_is_asked_again_six_times_and_then_no_more(person, smtp, clock):
    notify([person("busy"), person("good")], **FACTS)
    smtp.data_answer = lambda address: "451 later" if address.startswith("busy") else None
    tries = []
    for _ in range(8):
        pump(clock=clock)
        row = Delivery.objects.get(notice__recipient__username="busy")
        tries.append((row.state, row.attempts))
        clock.pass_(hours=3)
    assert tries == [("pending", n) for n in range(1, 6)] + [("failed", 6)] * 3
    assert smtp.recipients == ["good@jia.example"]


@pytest.mark.django_db
def test_a_mail_put_off_waits_for_its_minute(person, smtp, clock):
    notify([person()], **FACTS)
    smtp.rcpt_answer = lambda address: "450 greylisted"
    pump(clock=clock)
    smtp.rcpt_answer = lambda address: None
    clock.pass_(seconds=59)
    assert pump(clock=clock) == 0
    clock.pass_(seconds=1)
    assert pump(clock=clock) == 1
    assert states() == {"zhoumin": "sent"}


@pytest.mark.django_db
def test_a_refused_connection_puts_the_mail_off_and_says_why(person, smtp, clock, settings):
    notify([person()], **FACTS)
    settings.EMAIL_PORT = free_port()
    assert pump(clock=clock) == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.last_error.startswith("邮件服务器连接不上：ConnectionRefusedError")


@pytest.mark.django_db
def test_with_no_server_one_mail_is_tried_and_the_rest_wait_untouched(person, smtp, clock, settings):
    notify([person(f"p{n}") for n in range(4)], **FACTS)
    settings.EMAIL_PORT = free_port()
    pump(clock=clock)
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1]


@pytest.mark.django_db
def test_a_silent_server_costs_no_more_than_its_limit(person, smtp, clock, settings, monkeypatch):
    monkeypatch.setattr(mail, "MAIL_SECONDS", 0.5)
    notify([person()], **FACTS)
    with silent_server() as port:
        settings.EMAIL_PORT = port
        began = time.monotonic()
        pump(clock=clock)
    assert time.monotonic() - began < 8  # less than the 10 s of the default
    assert states() == {"zhoumin": "pending"}


@pytest.mark.django_db
def test_a_server_that_hangs_on_one_mail_does_not_block_the_others(person, smtp, clock, monkeypatch):
    monkeypatch.setattr(mail, "MAIL_SECONDS", 0.5)
    notify([person("slow"), person("good")], **FACTS)
    smtp.hang = "slow"
    pump(clock=clock)
    assert states() == {"slow": "pending", "good": "sent"}
    assert Delivery.objects.get(state="pending").last_error.startswith("发送中断：")


@pytest.mark.django_db
def test_a_server_dying_after_the_text_gets_it_again_under_the_same_message_id(person, smtp, clock):
    notify([person("dies"), person("good")], **FACTS)
    message_id = Delivery.objects.get(notice__recipient__username="dies").message_id
    smtp.data_answer = lambda address: "close" if address.startswith("dies") else None
    pump(clock=clock)
    assert states() == {"dies": "pending", "good": "sent"}
    smtp.data_answer = lambda address: None
    clock.pass_(minutes=1)
    pump(clock=clock)
    assert smtp.recipients == ["good@jia.example", "dies@jia.example"]
    assert smtp.mails[1][1]["Message-ID"] == message_id


@pytest.mark.django_db
def test_a_server_that_says_goodbye_is_called_again(person, smtp, clock):
    notify([person("bye"), person("good")], **FACTS)
    first = Delivery.objects.filter(notice__recipient__username="bye")
    first.update(next_try=F("next_try") - datetime.timedelta(minutes=1))
    smtp.rcpt_answer = lambda address: "421 closing" if address.startswith("bye") else None
    pump(clock=clock)
    assert states() == {"bye": "pending", "good": "sent"}
    assert smtp.connections == 2


@pytest.mark.django_db
def test_a_wrong_password_blames_no_recipient(person, smtp, clock, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "wrong"
    notify([person()], **FACTS)
    pump(clock=clock)
    assert states() == {"zhoumin": "pending"}


@pytest.mark.django_db
def test_no_mail_goes_in_the_clear_when_encryption_is_asked_for(person, smtp, clock, settings):
    settings.EMAIL_USE_TLS = True
    notify([person()], **FACTS)
    pump(clock=clock)
    assert (smtp.mails, states()) == ([], {"zhoumin": "pending"})


@pytest.mark.django_db
def test_switching_mail_off_suppresses_what_waits(person, smtp, clock, settings):
    notify([person()], **FACTS)
    settings.MAIL_ENABLED = False
    pump(clock=clock)
    settings.MAIL_ENABLED = True
    pump(clock=clock)
    assert (states(), smtp.mails) == ({"zhoumin": "suppressed"}, [])
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_a_mail_after_three_silent_hours_is_sent_once_and_one_past_its_end_is_not(person, smtp, clock):
    notify([person("late")], **FACTS)
    notify([person("stale")], **FACTS | {"key": "stale"}, expires_at=AT + datetime.timedelta(hours=2))
    clock.pass_(hours=3)
    pump(clock=clock)
    pump(clock=clock)
    assert states() == {"late": "sent", "stale": "expired"}
    assert smtp.recipients == ["late@jia.example"]


@pytest.mark.django_db
def test_who_left_meanwhile_gets_no_mail(person, smtp, clock):
    zhou = person()
    notify([zhou], **FACTS)
    zhou.is_active = False
    zhou.save()
    pump(clock=clock)
    assert (states(), smtp.mails) == ({"zhoumin": "suppressed"}, [])


@pytest.mark.django_db
def test_an_address_that_no_envelope_carries_fails_without_a_try(person, smtp, clock):
    notify([person(email="zhou@jia.example\r\nDATA")], **FACTS)
    pump(clock=clock)
    assert (states(), smtp.connections) == ({"zhoumin": "failed"}, 0)


@pytest.fixture
def watched_kind():
    answers = {}

    def still_due(notice):
        answer = answers.get(notice.recipient.username, True)
        if isinstance(answer, Exception):
            raise answer
        if answer == "broken sql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT no_such_column")
        return answer

    kinds.declare_kind("watched", still_due=still_due)
    yield answers
    kinds._still_due.pop("watched")


@pytest.mark.django_db
def test_a_matter_already_settled_sends_no_mail(person, smtp, clock, watched_kind):
    notify([person("done"), person("open")], **FACTS | {"kind": "watched"})
    watched_kind["done"] = False
    pump(clock=clock)
    assert states() == {"done": "suppressed", "open": "sent"}


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [ValueError("bug"), "broken sql"])
def test_a_check_that_breaks_puts_off_its_own_mail_only(person, smtp, clock, watched_kind, fault):
    notify([person("odd"), person("open")], **FACTS | {"kind": "watched"})
    watched_kind["odd"] = fault
    pump(clock=clock)
    assert states() == {"odd": "pending", "open": "sent"}
    assert Delivery.objects.get(state="pending").attempts == 1


@pytest.mark.django_db
def test_a_record_without_a_scope_of_its_own_lets_the_mail_go(person, smtp, clock):
    zhou = person()
    notify([zhou], **FACTS, record=zhou)
    pump(clock=clock)
    assert states() == {"zhoumin": "sent"}


@pytest.mark.django_db
def test_a_record_out_of_reach_holds_the_mail_back(person, smtp, clock, monkeypatch):
    zhou, wang = person(), person("wang")
    manager = type(Session.objects)()
    manager.model = type(zhou)
    manager.visible_to = lambda user: type(zhou).objects.filter(pk=user.pk)  # everybody sees himself only
    monkeypatch.setattr(type(zhou), "objects", manager)
    notify([zhou, wang], **FACTS, record=zhou)
    pump(clock=clock)
    assert states() == {"zhoumin": "sent", "wang": "suppressed"}


@pytest.mark.django_db(transaction=True)
def test_eight_pumps_send_two_hundred_mails_once_each(person, smtp, clock):
    notify([person(f"p{n}") for n in range(200)], **FACTS)
    handled, gate = [], threading.Barrier(8)

    def work():
        gate.wait()
        handled.append(pump(clock=clock))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(handled) == 200
    assert sorted(smtp.recipients) == sorted(f"p{n}@jia.example" for n in range(200))
    assert set(states().values()) == {"sent"}


WORKER = """
import django; django.setup()
from django.utils import timezone
from apps.notices.services import pump
pump(clock=timezone.now)
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_pump_loses_nothing(person, smtp, clock, settings):
    notify([person(f"p{n}") for n in range(30)], **FACTS | {"at": datetime.datetime.now(datetime.UTC)})
    smtp.pause = 0.05
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings", "PORTAL_SMTP_HOST": smtp.host, "PORTAL_SMTP_PORT": str(smtp.port),
        "DATABASE_URL": os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"],
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=env, cwd=settings.BASE_DIR)
    assert wait_until(lambda: len(smtp.mails) >= 15, seconds=20)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    smtp.pause = 0
    clock.at = datetime.datetime.now(datetime.UTC)
    assert wait_until(lambda: pump(clock=clock) == 0 and set(states().values()) == {"sent"}, seconds=10)
    first = {to: message["Message-ID"] for to, message in smtp.mails}
    assert set(first) == {f"p{n}@jia.example" for n in range(30)}
    assert all(first[to] == message["Message-ID"] for to, message in smtp.mails)
    assert len(smtp.mails) <= 30 + BATCH  # at most one batch was in the air
