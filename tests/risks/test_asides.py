"""转办, 加签, 催办 and 删除草稿 on the pages and over the API."""

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.flow.models import Todo
from apps.flow.queries import open_todos
from apps.flow.services import copy_to
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, grant, moment, user
from tests.kit.risks import draft, middle, point_in


def as_user(person):
    client = Client()
    client.force_login(again(person))
    return client


def second_head(world):
    other = user("钱进")
    grant(other, "R15", world.company, department=world.works)
    return other


def test_the_page_of_handing_over_offers_whoever_is_entitled_and_hands_over(world):
    record, other = point_in("department", world), second_head(world)
    client = as_user(world.head)
    page = client.get(f"/risks/{record.pk}/do/hand_over/")
    assert "钱进" in page.content.decode()
    assert world.clerk.name not in page.content.decode()
    assert re.search(r"转办理由<span class=\"req\">必填", page.content.decode())
    none = client.post(f"/risks/{record.pk}/do/hand_over/", {"opinion": "出差期间请代为审核"})
    assert (none.status_code, "选择转给谁。" in none.content.decode(), "出差期间请代为审核" in none.content.decode()) == (422, True, True)
    done = client.post(f"/risks/{record.pk}/do/hand_over/", {"to": other.pk, "opinion": "出差期间请代为审核"}, follow=True)
    assert "已转办" in done.content.decode()
    assert open_todos(record).get().user == other
    assert f"转办：{other.name}" in as_user(world.leader).get(f"/risks/{record.pk}/").content.decode()


def test_the_page_says_so_where_nobody_else_is_entitled(world):
    record = point_in("party", world)
    User.objects.exclude(pk=world.party_office.pk).update(is_active=False)
    page = as_user(world.party_office).get(f"/risks/{record.pk}/do/hand_over/").content.decode()
    assert "没有其他可以办理此环节的人员" in page


def test_the_page_says_so_where_nobody_else_sees_the_record(world):
    record = point_in("department", world)
    User.objects.exclude(pk=world.head.pk).update(is_active=False)
    assert "没有其他能看到此记录的人员" in as_user(world.head).get(f"/risks/{record.pk}/do/add_signers/").content.decode()


def test_opinions_are_asked_for_and_given_on_the_pages(world):
    record = point_in("department", world)
    client = as_user(world.head)
    assert world.lawyer.name in client.get(f"/risks/{record.pk}/do/add_signers/").content.decode()
    refused = client.post(f"/risks/{record.pk}/do/add_signers/", {"opinion": "请提意见"})
    assert (refused.status_code, "选择征求意见的人员。" in refused.content.decode()) == (422, True)
    client.post(f"/risks/{record.pk}/do/add_signers/", {"people": [world.lawyer.pk], "opinion": "请提意见"})
    asked = as_user(world.lawyer)
    page = asked.get(f"/risks/{record.pk}/").content.decode()
    assert "提交加签意见" in page
    assert 'data-move="agree"' not in page
    blocked = client.post(f"/risks/{record.pk}/do/agree/", {"opinion": "同意"})
    assert (blocked.status_code, "加签意见还没有办结" in blocked.content.decode()) == (409, True)
    asked.post(f"/risks/{record.pk}/do/sign/", {"opinion": "同意"})
    assert client.post(f"/risks/{record.pk}/do/agree/", {"opinion": "同意"}).status_code == 302


@pytest.mark.parametrize("name", ["hand_over", "add_signers"])
def test_the_page_is_not_there_for_anybody_else(world, name):
    record = point_in("department", world)
    assert as_user(world.leader).get(f"/risks/{record.pk}/do/{name}/").status_code == 404
    assert as_user(world.stranger).get(f"/risks/{record.pk}/do/{name}/").status_code == 404


def test_pressing_leads_back_to_where_the_button_stood(world):
    record = point_in("department", world)
    client = as_user(world.author)
    assert "催办" in client.get(f"/risks/{record.pk}/").content.decode()
    assert f'action="/risks/{record.pk}/urge/"' in client.get("/todo/?tab=started").content.decode()
    first = client.post(f"/risks/{record.pk}/urge/", {"next": "/todo/?tab=started"})
    assert first.headers["Location"] == "/todo/?tab=started"
    again_today = client.post(f"/risks/{record.pk}/urge/", follow=True).content.decode()
    assert "今天已催办过，明天可再次催办。" in again_today
    assert "已催办" in again_today
    assert f'action="/risks/{record.pk}/urge/"' not in as_user(world.head).get(f"/risks/{record.pk}/").content.decode()


def test_a_copy_is_nothing_to_press_for(world):
    from apps.flow.services import Owner

    record = point_in("in_force", world, **middle(world))
    copy_to(record, owners=[Owner(user=world.head)], label="抄送", at=moment(2026, 6, 9))
    assert Todo.objects.filter(kind="copy", object_id=record.pk).exists()
    assert "催办" not in as_user(world.author).get(f"/risks/{record.pk}/").content.decode()


def test_a_draft_is_deleted_on_its_page_and_offers_no_void_beside_it(world):
    record = draft(world)
    client = as_user(world.author)
    page = client.get(f"/risks/{record.pk}/").content.decode()
    assert "删除草稿" in page
    assert "/do/void/" not in page
    assert "不再使用" in client.post(f"/risks/{record.pk}/delete/", follow=True).content.decode()
    assert not RiskPoint.objects.filter(pk=record.pk).exists()


def test_a_withdrawn_draft_is_made_void_and_never_deleted(world):
    record = point_in("department", world)
    services.withdraw(record, by=again(world.author), at=moment(2026, 5, 19))
    client = as_user(world.author)
    page = client.get(f"/risks/{record.pk}/").content.decode()
    assert "删除草稿" not in page
    assert "/do/void/" in page
    assert "可以作废" in client.post(f"/risks/{record.pk}/delete/", follow=True).content.decode()


def test_the_api_does_the_same_with_the_same_words(world):
    record, other = point_in("department", world), second_head(world)
    client = as_user(world.head)

    def post(who, move, **data):
        return who.post(f"/api/v1/risks/{record.pk}/{move}/", data, content_type="application/json")

    assert post(as_user(world.leader), "hand_over", to=other.pk, opinion="出差期间请代为审核").status_code == 400
    assert post(client, "hand_over", opinion="出差期间请代为审核").json() == {"to": ["选择转给谁。"]}
    assert post(client, "hand_over", to=world.clerk.pk, opinion="出差期间请代为审核").status_code == 400
    assert post(client, "hand_over", to=other.pk, opinion="出差期间请代为审核").status_code == 200
    assert post(as_user(other), "add_signers", people=[world.lawyer.pk]).status_code == 200
    assert post(as_user(other), "agree").json() == {"detail": "加签意见还没有办结，办结或撤销加签后再同意。"}
    assert post(as_user(other), "drop_signers").status_code == 200
    assert post(as_user(world.author), "urge").json() == {"told": 1}
    assert post(as_user(world.author), "urge").status_code == 409
    assert as_user(world.author).delete(f"/api/v1/risks/{record.pk}/").status_code == 403
    unsent = draft(world)
    assert as_user(world.author).delete(f"/api/v1/risks/{unsent.pk}/").status_code == 204
