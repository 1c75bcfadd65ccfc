import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.notices.health import mail_stands_still
from apps.notices.models import Delivery, Notice
from apps.notices.queries import delivery_counts, delivery_log, named, notices_of, oldest_pending, unread_count
from apps.notices.services import mark_all_read, mark_read, notify, pump, resend
from tests.notices.conftest import AT

FACTS = {"kind": "test", "key": "risk-step-91", "title": "风险点 FX-2026-0001 待您审核", "body": "具体内容", "url": "/risks/1/", "at": AT}


@pytest.mark.django_db
def test_the_same_key_reaches_a_person_once(person, smtp):
    people = [person(), person("wang")]
    assert notify(people, **FACTS) == 2
    assert notify([*people, people[0]], **FACTS) == 0
    assert Notice.objects.count() == 2
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
def test_another_key_is_another_notice(person, smtp):
    zhou = person()
    notify([zhou], **FACTS)
    assert notify([zhou], **FACTS | {"key": "risk-step-92"}) == 1


@pytest.mark.django_db
def test_nobody_to_tell_is_no_fault():
    assert notify([], **FACTS) == 0


@pytest.mark.django_db
def test_a_notice_keeps_its_record_and_its_end(person, smtp):
    zhou = person()
    notify([zhou], **FACTS, record=zhou, expires_at=AT.replace(year=2027))
    notice = Notice.objects.get()
    assert notice.record == zhou
    assert (str(notice), str(notice.deliveries.get())) == (FACTS["title"], f"mail|{zhou.pk}|risk-step-91")
    assert notice.deliveries.get().expires_at == AT.replace(year=2027)


@pytest.mark.django_db
def test_without_an_address_the_notice_stays_in_the_portal(person, smtp):
    notify([person(email="")], **FACTS)
    assert Notice.objects.count() == 1
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("off", [{"MAIL_ENABLED": False}, {"EMAIL_HOST": ""}])
def test_with_the_channel_off_no_mail_is_planned(person, smtp, settings, off):
    for name, value in off.items():
        setattr(settings, name, value)
    notify([person()], **FACTS)
    assert Notice.objects.count() == 1
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_a_link_out_of_the_portal_is_a_programming_error(person):
    with pytest.raises(ValueError, match=r"evil\.example"):
        notify([person()], **FACTS | {"url": "https://evil.example/"})


@pytest.mark.django_db
def test_a_notice_dies_with_the_transaction_that_left_it(person, smtp):
    zhou = person()
    with transaction.atomic():
        notify([zhou], **FACTS)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_every_delivery_has_its_own_message_id(person, smtp):
    notify([person(), person("wang")], **FACTS)
    ids = set(Delivery.objects.values_list("message_id", flat=True))
    assert len(ids) == 2
    assert all(one.endswith("@portal.example>") for one in ids)


@pytest.mark.django_db
def test_leaving_notices_asks_once_however_many_people(person, smtp, django_assert_num_queries):
    people = [person(f"p{n}") for n in range(20)]
    ContentType.objects.clear_cache()
    with django_assert_num_queries(3):  # savepoint, insert, release
        notify(people, **FACTS)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_leave_one_notice_each(person, smtp):
    people = [person(f"p{n}") for n in range(10)]
    made, gate = [], threading.Barrier(8)

    def leave(order):
        gate.wait()
        made.append(notify(people[::order], **FACTS))
        connection.close()

    threads = [threading.Thread(target=leave, args=(1 if n % 2 else -1,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(made) == 10
    assert Notice.objects.count() == Delivery.objects.count() == 10


@pytest.mark.django_db
def test_own_notices_come_newest_first(person):
    zhou, wang = person(), person("wang")
    for n, key in enumerate("abc"):
        notify([zhou], **FACTS | {"key": key, "at": AT.replace(hour=n)})
    notify([wang], **FACTS)
    mark_read(Notice.objects.get(key="c"), by=zhou, at=AT)
    assert [notice.key for notice in notices_of(zhou)] == ["c", "b", "a"]
    assert unread_count(zhou) == 2


@pytest.mark.django_db
def test_reading_is_remembered_once(person):
    zhou = person()
    notify([zhou], **FACTS)
    mark_read(Notice.objects.get(), by=zhou, at=AT)
    mark_read(Notice.objects.get(), by=zhou, at=AT.replace(year=2027))
    assert Notice.objects.get().read_at == AT


@pytest.mark.django_db
def test_nobody_reads_for_another(person):
    notify([person()], **FACTS)
    with pytest.raises(Refused, match="自己的通知"):
        mark_read(Notice.objects.get(), by=person("wang"), at=AT)


@pytest.mark.django_db
def test_all_of_ones_own_are_marked_read_and_no_others(person):
    zhou, wang = person(), person("wang")
    notify([zhou, wang], **FACTS)
    assert mark_all_read(zhou, at=AT) == 1
    assert mark_all_read(zhou, at=AT) == 0
    assert unread_count(wang) == 1


@pytest.mark.django_db
def test_the_log_shows_and_counts_every_delivery(person, smtp, clock):
    notify([person(), person("wang", email="not an address")], **FACTS)
    pump(clock=clock)
    assert {row.notice.recipient.username: row.state for row in delivery_log()} == {"zhoumin": "sent", "wang": "failed"}
    assert [row.notice.recipient.username for row in delivery_log(state="failed")] == ["wang"]
    assert delivery_counts() == {
        "pending": 0, "sending": 0, "sent": 1, "failed": 1, "suppressed": 0, "expired": 0, "ambiguous": 0,
    }


@pytest.mark.django_db
def test_the_oldest_waiting_mail_is_known(person, smtp, clock):
    assert oldest_pending(at=clock()) is None
    notify([person()], **FACTS)
    clock.pass_(minutes=40)
    assert oldest_pending(at=clock()).total_seconds() == 2400


@pytest.mark.django_db
def test_a_failed_mail_can_be_sent_again(person, smtp, clock):
    zhou = person()
    notify([zhou], **FACTS)
    smtp.rcpt_answer = lambda address: "550 no such user"
    pump(clock=clock)
    failed = Delivery.objects.get()
    smtp.rcpt_answer = lambda address: None
    resend(failed, by=zhou, at=clock())
    pump(clock=clock)
    again = Delivery.objects.get()
    assert (again.state, again.message_id) == ("sent", failed.message_id)
    assert smtp.recipients == [zhou.email]


@pytest.mark.django_db
def test_a_sent_mail_is_not_sent_again(person, smtp, clock):
    zhou = person()
    notify([zhou], **FACTS)
    pump(clock=clock)
    with pytest.raises(Refused, match="已发送"):
        resend(Delivery.objects.get(), by=zhou, at=clock())


@pytest.mark.django_db
def test_nothing_is_sent_again_while_the_channel_is_off(person, smtp, clock, settings):
    zhou = person()
    notify([zhou], **FACTS)
    settings.MAIL_ENABLED = False
    pump(clock=clock)
    with pytest.raises(Refused, match="邮件通道未启用"):
        resend(Delivery.objects.get(), by=zhou, at=clock())


def test_people_are_accounts():
    assert Notice._meta.get_field("recipient").related_model is User


@pytest.mark.django_db
def test_mail_that_stands_still_or_failed_is_reported(person, smtp, clock):
    assert list(mail_stands_still(clock())) == []
    notify([person(), person("wang", email="not an address")], **FACTS)
    clock.pass_(minutes=45)
    assert list(mail_stands_still(clock())) == ["通知邮件已积压 45 分钟，检查邮件服务器和定时任务。"]
    pump(clock=clock)
    assert list(mail_stands_still(clock())) == ["1 封通知邮件发送失败，在投递记录中查看原因。"]


def test_a_notice_about_something_nobody_looks_up_by_scope_has_no_name(person):
    zhou = person()
    notify([zhou], kind="test", key="k", title="联系方式已修改", body="", url="", at=AT, record=zhou)
    assert [notice.about for notice in named(notices_of(zhou), zhou)] == [""]
