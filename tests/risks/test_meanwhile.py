"""What somebody else did a moment ago is an answer with a sentence, never an error, and takes nothing that was typed."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import model_to_dict
from django.urls import reverse

from apps.core.errors import Refused
from apps.files.services import attach
from apps.org.models import Sitting
from apps.org.services import record_sitting
from apps.pages import services as pages
from apps.pages.models import Draft, SavedView
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, moment
from tests.kit.risks import FILED, draft, middle, point_in


def mid(world):
    wanted = middle(world)
    return {k: wanted[k] for k in ("likelihood", "severity", "level", "secretary")}


def late(record):
    return RiskPoint._base_manager.get(pk=record.pk)


def test_whatever_meets_a_draft_deleted_at_that_moment_is_told_so(world):
    record = draft(world)
    first, second = late(record), late(record)
    services.delete_draft(record, by=again(world.author), at=FILED)
    act = {"by": again(world.author), "at": FILED}
    for meet in (
        lambda: services.submit(first, **act),
        lambda: services.update_point(second, fields={"power": "签证"}, **act),
        lambda: services.delete_draft(second, **act),
        lambda: services.void(second, opinion="登记有误，作废", **act),
        lambda: services.urge(second, **act),
        lambda: attach(second, upload=SimpleUploadedFile("a.pdf", b"%PDF"), kind="basis", **act),
    ):
        with pytest.raises(Refused, match="此记录已被删除"):
            meet()


def test_a_repeated_registration_whose_draft_was_deleted_is_told_so(world, client):
    client.force_login(again(world.clerk))

    def register():
        body = {"unit": world.company.pk, "year": 2026, "name": "一", "secrecy": "unit"}
        return client.post("/api/v1/risks/", body, content_type="application/json", headers={"Idempotency-Key": "k-1"})

    made = register()
    assert (made.status_code, "id" in made.json()) == (201, True), made.json()
    assert register().json()["id"] == made.json()["id"]
    assert client.delete(f"/api/v1/risks/{made.json()['id']}/").status_code == 204
    answer = register()
    assert (answer.status_code, "已被删除" in answer.json()["detail"]) == (409, True)


def test_the_same_sitting_or_view_stored_a_moment_ago_is_refused_beside_its_field(world, monkeypatch):
    facts = {"number": "2026-1", "met_on": datetime.date(2026, 5, 8), "subject": "审定风险点", "present": 1}
    facts |= {"by": again(world.party_office)}
    record_sitting(world.body, **facts, at=FILED)
    with pytest.raises(Refused, match="已登记同一届次") as no:
        record_sitting(world.body, **facts, at=FILED)
    assert (no.value.field, Sitting.objects.count()) == ("number", 1)
    monkeypatch.setattr(SavedView, "full_clean", lambda *_, **__: None)  # as if both had looked before either was stored
    pages.save_view(world.author, register="risks", name="甲", query="level=high")
    with pytest.raises(Refused, match="已有同名视图"):
        pages.save_view(world.author, register="risks", name="甲", query="level=high")
    assert SavedView.objects.count() == 1


def test_a_sitting_of_the_year_one_is_a_slip(world):
    facts = {"number": "2026-1", "subject": "审定风险点", "present": 1, "by": again(world.party_office)}
    with pytest.raises(Refused, match="检查年份") as no:
        record_sitting(world.body, **facts, met_on=datetime.date(1, 1, 1), at=FILED)
    assert no.value.field == "met_on"


@pytest.mark.parametrize("value", [0, 1, "0", "no", "on", [True]])
def test_a_yes_or_no_of_the_api_is_true_or_false_and_nothing_like_it(world, client, value):
    record = point_in("publicity", world, **mid(world))
    client.force_login(again(world.worker))
    body = {"content": "此岗位已实行双人复核，所列措施与实际不符。", "is_anonymous": value}
    url = reverse("api-risk-move", args=[record.pk, "object_to"])
    answer = client.post(url, body, content_type="application/json", headers={"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()) == (400, {"is_anonymous": ["填写 true 或 false。"]})
    assert not record.objections.exists()
    client.force_login(again(world.clerk))
    rows = {"unit": world.company.pk, "year": 2026, "name": "一", "measures": [{"content": "双人验收", "is_standing": value}]}
    answer = client.post("/api/v1/risks/", rows, content_type="application/json")
    assert answer.json() == {"measures-0-is_standing": ["填写 true 或 false。"]}


def test_what_is_typed_on_a_point_handed_in_elsewhere_stays_with_the_reason(world, client):
    record = draft(world)
    services.submit(late(record), by=again(world.author), at=moment(2026, 5, 18))
    client.force_login(again(world.author))
    typed = {"unit": world.company.pk, "year": 2026, "name": "改过的名称", "version": 1, "token": "t", "measures-TOTAL_FORMS": 0,
             "measures-INITIAL_FORMS": 0}  # fmt: skip
    kept = client.post(f"/risks/{record.pk}/draft/", typed)
    assert (kept.status_code, "已由周航提交，当前状态为“部门审核”" in kept.json()["message"]) == (409, True)
    page = client.post(f"/risks/{record.pk}/edit/", typed)
    html = page.content.decode()
    assert (page.status_code, "已由周航提交" in html, 'value="改过的名称"' in html) == (422, True, True)
    assert "此记录当前不能修改" in html
    assert 'name="then"' not in html  # nothing to press that would be refused again
    assert f'href="{record.get_absolute_url()}">查看记录' in html
    assert Draft.objects.get(user=world.author).data["name"] == ["改过的名称"]
    assert late(record).name == record.name
    assert client.get(f"/risks/{record.pk}/edit/").status_code == 403
    answer = client.post(f"/risks/{record.pk}/delete/", follow=True)
    assert "已由周航提交" in answer.content.decode()


def test_the_comparison_names_only_what_differs(world, client):
    record = draft(world)
    services.update_point(late(record), fields={"power": "签证"}, by=again(world.author), at=FILED)
    client.force_login(again(world.author))
    stored = {name: value for name, value in model_to_dict(record).items() if value not in (None, "")}
    typed = stored | {"name": "改过的名称", "version": 1, "token": "t", "measures-TOTAL_FORMS": 0, "measures-INITIAL_FORMS": 0}
    answer = client.post(f"/risks/{record.pk}/edit/", typed)
    assert (answer.status_code, bool(record.ways)) == (422, True)
    assert {row["label"] for row in answer.context["conflicts"]} == {"风险点名称", "权力事项"}
    assert 'name="then"' in answer.content.decode()


def test_a_repeated_put_is_answered_as_the_first_though_the_point_was_handed_in_since(world, client):
    record = draft(world)
    client.force_login(again(world.author))

    def put():
        body = {"version": 1, "power": "签证审核"}
        return client.put(f"/api/v1/risks/{record.pk}/", body, content_type="application/json", headers={"Idempotency-Key": "k-1"})

    assert put().status_code == 200
    services.submit(late(record), by=again(world.author), at=FILED)
    answer = put()
    assert (answer.status_code, answer.json()["power"], answer.json()["state"]) == (200, "签证审核", "department")
