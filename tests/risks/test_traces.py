"""What an attack on the demo once found: traces of anonymous people, titles of limited records, presses taken for others."""

import pytest
from django.urls import reverse

from apps.audit.models import Event
from apps.core.context import Context, request_context
from apps.flow.models import Todo
from apps.flow.queries import open_count, todos_of
from apps.org.services import lend, recuse
from apps.pages.models import Submission
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.audit import flushed
from tests.kit.people import again, moment
from tests.kit.risks import draft, middle, point_in

AT = moment(2026, 5, 26)
WORDS = "此岗位已实行双人复核，所列措施与实际不符。"


def mid(world):
    wanted = middle(world)
    return {k: wanted[k] for k in ("likelihood", "severity", "level", "secretary")}


def test_an_anonymous_objection_over_the_api_keeps_no_press(world, client):
    record = point_in("publicity", world, **mid(world))
    client.force_login(again(world.worker))
    answer = client.post(
        reverse("api-risk-move", args=[record.pk, "object_to"]), {"content": WORDS, "is_anonymous": True}, content_type="application/json",
        headers={"Idempotency-Key": "k-1"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert not Submission.objects.filter(user=world.worker).exists()


def test_nothing_an_anonymous_objection_sets_off_carries_an_address(world):
    record = point_in("publicity", world, **mid(world))
    RiskPoint._base_manager.filter(pk=record.pk).update(secrecy="limited")
    lend(record, to=again(world.worker), until=AT.date().replace(year=2027), reason="核查", by=None, at=AT, on=AT.date())
    record.refresh_from_db()
    flushed()
    before = Event.objects.count()
    with request_context(Context(ip="10.9.8.7", session="digest", request_id="r-1")):
        services.object_to(record, content=WORDS, by=again(world.worker), at=AT, is_anonymous=True)
    flushed()
    made = Event.objects.order_by("at")
    assert made.count() > before
    assert not made.filter(ip="10.9.8.7").exists()
    assert not made.filter(session_hash="digest").exists()
    assert not made.filter(request_id="r-1").exists()


def test_a_limited_record_is_in_no_list_of_a_holder_it_was_not_lent_to(world):
    record = point_in("department", world)
    assert [t.object_id for t in todos_of(again(world.head))] == [record.pk]
    RiskPoint._base_manager.filter(pk=record.pk).update(secrecy="limited")
    assert open_count(again(world.head)) == 0
    assert Todo.objects.filter(object_id=record.pk, done_at__isnull=True).exists()
    lend(record, to=again(world.head), until=AT.date().replace(year=2027), reason="办理部门审核", by=None, at=AT, on=AT.date())
    assert open_count(again(world.head)) == 1


def test_one_key_on_two_records_is_two_presses(world, client):
    first, second = draft(world), draft(world)
    client.force_login(again(world.author))
    for record in (first, second):
        answer = client.post(
            reverse("api-risk-move", args=[record.pk, "void"]), {"opinion": "重复登记，作废"}, content_type="application/json",
            headers={"Idempotency-Key": "same"},
        )  # fmt: skip
        assert answer.status_code == 200
    assert set(RiskPoint._base_manager.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)) == {"void"}


@pytest.mark.parametrize("onward", ["abc", "logout", "home", "//evil.example", "https://evil.example/"])
def test_a_move_goes_on_only_to_a_path_of_this_site(world, client, onward):
    record = draft(world)
    client.force_login(again(world.author))
    answer = client.post(reverse("risks-move", args=[record.pk, "void"]), {"opinion": "重复登记，作废", "next": onward})
    assert (answer.status_code, answer.url) == (302, record.get_absolute_url())


@pytest.mark.parametrize("version", ["²", "9" * 30, "-1", "x"])
def test_a_version_that_is_no_number_is_an_old_page(world, client, version):
    record = draft(world)
    client.force_login(again(world.author))
    answer = client.post(reverse("risks-edit", args=[record.pk]), {"then": "save", "version": version, "name": "新名称"})
    assert answer.status_code == 422


def test_notices_name_no_record(world):
    from apps.notices.models import Notice

    point_in("in_force", world, **mid(world))
    assert set(Notice.objects.values_list("body", flat=True)) == {""}


def test_a_notice_is_named_only_to_who_may_see_its_record_now(world, client):
    record = point_in("department", world)
    client.force_login(again(world.head))
    assert record.name in client.get(reverse("notices")).content.decode()
    recuse(record, user=world.head, reason="近亲属任职", by=world.discipline, at=AT)
    assert record.name not in client.get(reverse("notices")).content.decode()
