"""Faults come all at once and count as the page counts; what was sent back is shown so, until it is no longer."""

import pytest

from apps.flow.queries import open_return
from apps.pages.models import Draft
from apps.risks import services
from apps.risks.forms import MeasureFormSet, RiskPointForm, full_errors
from tests.kit.people import again, moment
from tests.kit.risks import FILED, draft, middle, point_in


def mid(world):
    wanted = middle(world)
    return {k: wanted[k] for k in ("likelihood", "severity", "level", "secretary")}


def typed(world, **more):
    rows = {"measures-TOTAL_FORMS": 0, "measures-INITIAL_FORMS": 0}
    return {"unit": world.company.pk, "year": 2026, "name": "一", "secrecy": "unit", "token": "t"} | rows | more


def test_a_line_break_is_one_character_as_the_counter_says(world, client):
    client.force_login(again(world.author))
    text = "\r\n".join(["九个字的一行文字内容"[:9]] * 100) + "\r\n"  # a thousand, as the page counts
    answer = client.post("/risks/new/", typed(world, manifestation=text[:-2]))
    assert answer.status_code == 302, answer.context["form"].errors
    record = draft(world)
    services.submit(record, by=again(world.author), at=FILED)
    client.force_login(again(world.head))
    page = client.post(f"/risks/{record.pk}/do/agree/", {"opinion": "字" * 2001})
    assert "意见不超过2000字，现有2001字" in page.content.decode()


def test_handing_over_without_a_person_and_without_a_reason_says_both(world, client):
    record = point_in("department", world)
    client.force_login(again(world.head))
    page = client.post(f"/risks/{record.pk}/do/hand_over/", {"opinion": ""})
    assert set(page.context["form"].errors) == {"to", "opinion"}


def test_without_a_unit_all_other_gaps_are_said_too(world):
    data = {"year": "2026", "name": "一", "measures-TOTAL_FORMS": "0", "measures-INITIAL_FORMS": "0", "unit": "0"}
    form = RiskPointForm(data, user=again(world.clerk))
    found = full_errors(form, MeasureFormSet(data, user=again(world.clerk)))
    assert {"unit", "layer", "power", "measures", "level"} <= set(found)
    assert not {"leader", "head", "department"} & set(found)


def test_a_slip_of_the_year_says_how_a_year_is_written(world, client):
    client.force_login(again(world.author))
    page = client.post("/risks/new/", typed(world, year=20266))
    assert page.context["form"].errors["year"] == ["执行年度填写四位年份，如2026"]


def test_a_returned_draft_that_is_made_void_is_returned_no_more(world):
    record = point_in("department", world)
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施不具体，补充完整")
    assert open_return(record) is not None
    services.void(record, by=again(world.author), at=FILED, opinion="登记有误，作废")
    assert open_return(record) is None


def test_an_accepted_objection_sends_back_with_its_reason_and_ends_the_publicity(world, client):
    record = point_in("publicity", world, **mid(world))
    services.object_to(record, content="此岗位已实行双人复核，措施与实际不符", by=again(world.worker), at=moment(2026, 5, 27))
    services.answer_objection(record, accepted=True, opinion="采纳，请补充双人复核", by=again(world.inspector), at=moment(2026, 5, 28))
    back = open_return(record)
    assert (back.step.opinion, back.fields, record.publicity_from, record.publicity_until) == ("采纳，请补充双人复核", [], None, None)
    client.force_login(again(world.author))
    html = client.get(f"/risks/{record.pk}/").content.decode()
    assert "退回修改" in html
    assert "采纳，请补充双人复核" in html
    services.submit(record, by=again(world.author), at=moment(2026, 5, 29))
    assert (record.state, open_return(record)) == ("department", None)


@pytest.mark.parametrize("token", ["t", "other"])
def test_an_autosave_that_comes_after_the_save_of_its_page_keeps_nothing(world, client, token):
    client.force_login(again(world.author))
    assert client.post("/risks/new/", typed(world)).status_code == 302
    assert client.post("/risks/new/draft/", typed(world, token=token)).status_code == 200
    assert Draft.objects.exists() is (token == "other")
