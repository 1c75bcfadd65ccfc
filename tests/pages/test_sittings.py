"""会议登记: who records, who confirms, who sees it."""
import datetime

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.notices.kinds import still_due
from apps.notices.models import Notice
from apps.org.models import Body, Sitting
from apps.org.services import record_sitting
from tests.kit.audit import event
from tests.kit.people import World, build_world, grant

DAY = datetime.date(2026, 5, 25)


@pytest.fixture(autouse=True)
def plain_static(settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def world(db) -> World:
    return build_world()


@pytest.fixture
def as_(client):
    def log_in(person):
        client.force_login(person)
        return client

    return log_in


def typed(world, **over):
    return {"body": world.body.pk, "number": "2026年第15次", "met_on": "2026-05-25", "present": "1", "subject": "审定高风险点三个"} | over


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_party_office_records_and_the_secretary_confirms(world, as_):
    response = as_(world.party_office).post("/sittings/new/", typed(world))
    sitting = Sitting.objects.get()
    assert response.headers["Location"] == f"/sittings/{sitting.pk}/"
    assert (sitting.unit, sitting.number, sitting.met_on, sitting.created_by) == (world.company, "2026年第15次", DAY, world.party_office)
    assert not sitting.is_confirmed
    assert "保存草稿" not in as_(world.party_office).get("/sittings/new/").content.decode()
    page = as_(world.secretary).get(f"/sittings/{sitting.pk}/")
    assert "确认会议" in page.content.decode()
    assert page.content.decode().count("林志远") >= 1
    as_(world.secretary).post(f"/sittings/{sitting.pk}/confirm/")
    sitting.refresh_from_db()
    assert sitting.confirmed_by == world.secretary
    assert event(event_type="sitting.recorded").object_id == str(sitting.pk)
    assert event(event_type="sitting.confirmed").actor_id == world.secretary.pk


def test_the_secretary_hears_of_it_and_no_mail_goes_out_once_he_confirmed(world, as_):
    as_(world.party_office).post("/sittings/new/", typed(world))
    notice = Notice.objects.get(kind="flow.sitting")
    assert (notice.recipient, notice.title, notice.url) == (world.secretary, "待确认：会议登记", Sitting.objects.get().get_absolute_url())
    assert "2026年第15次" in notice.body
    assert still_due(notice)
    as_(world.secretary).post(notice.url + "confirm/")
    assert not still_due(notice)


def test_ten_presses_record_one_sitting(world, as_):
    for _ in range(3):
        as_(world.party_office).post("/sittings/new/", typed(world, token="t" * 20))
    assert Sitting.objects.count() == 1


BAD = {
    "no body": ({"body": ""}, "body"),
    "a body of another company": ({"body": "other"}, "body"),
    "no number": ({"number": " "}, "number"),
    "no date": ({"met_on": ""}, "met_on"),
    "a date that is none": ({"met_on": "2026-02-30"}, "met_on"),
    "tomorrow": ({"met_on": "tomorrow"}, "met_on"),
    "nobody counted": ({"present": ""}, "present"),
    "fewer than none": ({"present": "-1"}, "present"),
    "more than members": ({"present": "2"}, "present"),
    "no subject": ({"subject": "审定"}, "subject"),
    "too long a subject": ({"subject": "审" * 201}, "subject"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_stays_on_the_form_with_its_reason(world, as_, case):
    over, field = BAD[case]
    other = Body.objects.create(unit=world.other, kind="party", name="M资产党委会")
    swap = {"other": str(other.pk), "tomorrow": (timezone.localdate() + datetime.timedelta(days=1)).isoformat()}
    response = as_(world.party_office).post("/sittings/new/", typed(world, **{k: swap.get(v, v) for k, v in over.items()}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Sitting.objects.exists()


def test_the_same_sitting_is_recorded_once(world, as_):
    world.sitting(met_on=DAY, number="2026年第15次")
    response = as_(world.party_office).post("/sittings/new/", typed(world))
    assert response.status_code == 422
    assert "已登记同一届次的会议" in response.content.decode()


def test_today_is_not_tomorrow_after_midnight_in_shanghai(world):
    just_after = timezone.make_aware(datetime.datetime(2026, 5, 25, 0, 30))
    sitting = record_sitting(world.body, number="1", met_on=DAY, subject="审定高风险点", present=1, by=world.party_office, at=just_after)
    assert sitting.met_on == DAY


@pytest.mark.parametrize("who", ["worker", "clerk", "head", "stranger", "nobody", "system_admin", "regulator_staff"])
def test_without_the_right_there_is_no_such_page(world, as_, who):
    sitting = world.sitting(met_on=DAY, confirmed=False)
    for address in ("/sittings/", "/sittings/new/", f"/sittings/{sitting.pk}/"):
        assert as_(world.people[who]).get(address).status_code == 404
    assert as_(world.people[who]).post(f"/sittings/{sitting.pk}/confirm/").status_code == 404


def test_another_companys_sitting_does_not_exist(world, as_):
    sitting = world.sitting(met_on=DAY, confirmed=False)
    grant(world.stranger, "R13", world.other)
    assert as_(world.stranger).get(f"/sittings/{sitting.pk}/").status_code == 404
    assert as_(world.stranger).post(f"/sittings/{sitting.pk}/confirm/").status_code == 404
    assert as_(world.stranger).get("/sittings/").context["table"].paginator.count == 0


def test_readers_read_and_neither_record_nor_confirm(world, as_):
    sitting = world.sitting(met_on=DAY, confirmed=False)
    page = as_(world.inspector).get(f"/sittings/{sitting.pk}/")
    assert "待本单位党组织书记确认" in page.content.decode()
    assert not page.context["actions"]
    assert as_(world.inspector).get("/sittings/new/").status_code == 404
    assert as_(world.inspector).post(f"/sittings/{sitting.pk}/confirm/").status_code == 403
    sitting.refresh_from_db()
    assert not sitting.is_confirmed


def test_who_recorded_it_does_not_confirm_it(world, as_):
    grant(world.secretary, "R06", world.company)
    as_(world.secretary).post("/sittings/new/", typed(world))
    sitting = Sitting.objects.get()
    assert not as_(world.secretary).get(f"/sittings/{sitting.pk}/").context["actions"]
    assert said(as_(world.secretary).post(f"/sittings/{sitting.pk}/confirm/")) == ["登记人不能确认本人登记的会议。"]


def test_a_second_confirmation_changes_nothing(world, as_):
    sitting = world.sitting(met_on=DAY)
    page = as_(world.secretary).get(f"/sittings/{sitting.pk}/")
    assert not page.context["actions"]
    assert page.context["note"] == ""
    assert said(as_(world.secretary).post(f"/sittings/{sitting.pk}/confirm/")) == ["会议已确认。"]


def test_nothing_is_edited_and_reading_confirms_nothing(world, as_):
    sitting = world.sitting(met_on=DAY, confirmed=False)
    assert as_(world.party_office).get(f"/sittings/{sitting.pk}/edit/").status_code == 404
    assert as_(world.secretary).get(f"/sittings/{sitting.pk}/confirm/").status_code == 405


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 3), ("q=第2次", 1), ("q=干部", 1), ("q=次", 3), ("confirmed=0", 1), ("confirmed=1", 2), ("since=2026-06-01", 1),
     ("until=2026-05-31", 2), ("kind=party", 3), ("kind=board", 0), ("unit={company}", 3), ("unit=999999", 3)],
)  # fmt: skip
def test_conditions_narrow_the_list(world, as_, query, found):
    world.sitting(met_on=DAY, number="2026年第1次")
    sitting = world.sitting(met_on=datetime.date(2026, 6, 8), number="2026年第2次")
    Sitting.objects.filter(pk=sitting.pk).update(subject="研究干部任免")
    world.sitting(met_on=DAY, number="2026年第3次", confirmed=False)
    response = as_(world.secretary).get("/sittings/?" + query.format(company=world.company.pk))
    assert response.context["table"].paginator.count == found


def test_an_empty_list_says_what_belongs_here(world, as_):
    assert "还没有登记会议" in as_(world.secretary).get("/sittings/").content.decode()
    assert "没有符合条件的记录" in as_(world.secretary).get("/sittings/?q=无").content.decode()


def test_the_tab_of_what_waits_counts_its_list(world, as_):
    world.sitting(met_on=DAY)
    world.sitting(met_on=DAY, confirmed=False)
    (waiting,) = [view for view in as_(world.secretary).get("/sittings/").context["views"] if view.get("count") is not None]
    assert waiting["count"] == as_(world.secretary).get(waiting["url"]).context["table"].paginator.count == 1


@pytest.mark.parametrize("query", ["", "?sort=title", "?sort=-unit", "?sort=met_on"])
def test_the_list_can_be_sorted(world, as_, query):
    world.sitting(met_on=DAY)
    assert as_(world.secretary).get(f"/sittings/{query}").status_code == 200


def test_the_list_costs_the_same_for_one_row_and_for_three(world, client):
    client.force_login(world.group_secretary)
    counts = []
    for _ in range(3):
        world.sitting(met_on=DAY)
        client.get("/sittings/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/sittings/")
        counts.append(len(seen))
    assert counts[0] == counts[2]
