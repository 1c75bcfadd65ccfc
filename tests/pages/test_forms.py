"""Forms of a register: drafts, tokens, versions, scope. What was typed is never lost."""
import re

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.utils import timezone

from apps.accounts.models import User
from apps.org.models import UnitRecord
from apps.pages.forms import as_read
from apps.pages.models import Draft, Submission
from apps.pages.services import save_view
from apps.pages.views import RecordPages
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, grant
from tests.kit.risks import draft, point_in


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


# -- drafts ----------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_put_back_without_complaints(world, as_, filled):
    browser = as_(world.clerk)
    answer = browser.post("/risks/new/draft/", filled(name="半句", phone="1", token="t", then="submit"))
    assert answer.status_code == 200
    assert answer.json()["message"].startswith("草稿已自动保存，")
    kept = Draft.objects.get()
    assert (kept.user, kept.key, kept.version, kept.data["name"]) == (world.clerk, "risks:new", 0, ["半句"])
    assert not {"token", "then", "version", "csrfmiddlewaretoken"} & set(kept.data)
    page = browser.get("/risks/new/")
    assert page.context["form"]["name"].value() == "半句"
    assert not page.context["form"].errors
    assert page.context["formsets"]["measures"].forms[0]["content"].value() == "四方会签"
    assert page.context["formsets"]["measures"].non_form_errors() == []
    assert "自动保存的草稿" in page.content.decode()
    assert not RiskPoint.objects.visible_to(world.clerk).exists()


def test_saving_itself_twice_keeps_one_draft(world, as_, filled):
    for name in ("一", "二"):
        as_(world.clerk).post("/risks/new/draft/", filled(name=name))
    assert [d.data["name"] for d in Draft.objects.all()] == [["二"]]


def test_a_draft_is_its_owners_and_its_forms_alone(world, as_, filled):
    record = draft(world, by="clerk")
    as_(world.clerk).post(f"/risks/{record.pk}/draft/", filled(name="改名", version=1))
    assert as_(world.clerk).get("/risks/new/").context.get("draft") is None
    assert as_(world.trade).get(f"/risks/{record.pk}/edit/").context.get("draft") is None
    page = as_(world.clerk).get(f"/risks/{record.pk}/edit/")
    assert (page.context["form"]["name"].value(), page.context["version"]) == ("改名", 1)
    record.refresh_from_db()
    assert record.name != "改名"


def test_throwing_a_draft_away_brings_the_stored_record_back(world, as_, filled):
    record = draft(world, by="clerk")
    browser = as_(world.clerk)
    browser.post(f"/risks/{record.pk}/draft/", filled(name="改名", version=1))
    assert browser.delete(f"/risks/{record.pk}/draft/").status_code == 204
    assert browser.get(f"/risks/{record.pk}/edit/").context["form"]["name"].value() == record.name


def test_a_draft_of_more_than_a_megabyte_is_refused_and_the_old_one_stays(world, as_):
    browser = as_(world.clerk)
    browser.post("/risks/new/draft/", {"name": "短"})
    answer = browser.post("/risks/new/draft/", {"name": "x" * 1_000_001})
    assert (answer.status_code, answer.json()["message"]) == (413, "内容过长，草稿没有保存。缩短后再试。")
    assert Draft.objects.get().data["name"] == ["短"]


@pytest.mark.parametrize("version", ["²", "99999999999", "-1", "x", ""])
def test_an_odd_version_is_none(world, as_, version):
    assert as_(world.clerk).post("/risks/new/draft/", {"name": "甲", "version": version}).status_code == 200
    assert Draft.objects.get().version == 0


def test_saving_for_good_ends_the_draft(world, as_, filled):
    browser = as_(world.clerk)
    browser.post("/risks/new/draft/", filled(name="半句"))
    browser.post("/risks/new/", filled())
    assert not Draft.objects.exists()


def test_only_who_may_change_the_record_keeps_a_draft_of_it(world, as_, filled):
    record = draft(world, by="clerk")
    assert as_(world.head).post(f"/risks/{record.pk}/draft/", filled()).status_code == 403
    assert as_(world.head).get(f"/risks/{record.pk}/edit/").status_code == 403
    assert as_(world.stranger).post(f"/risks/{record.pk}/draft/", filled()).status_code == 404
    assert as_(world.nobody).post("/risks/new/draft/", filled()).status_code == 404
    assert as_(world.clerk).get("/risks/new/draft/").status_code == 405
    assert not Draft.objects.exists()


def test_nobody_logged_in_is_sent_to_the_login(client):
    assert client.get("/risks/").headers["Location"].startswith("/login/")


# -- saving ----------------------------------------------------------------------------------------------------------


def test_faults_leave_the_form_as_it_was_typed(world, as_, filled):
    browser = as_(world.clerk)
    page = browser.post("/risks/new/", filled(phone="1", power="签证审核", measures=[]))
    assert page.status_code == 422
    assert "phone" in page.context["form"].errors
    assert page.context["form"]["power"].value() == "签证审核"
    assert page.context["conflicts"] == []
    assert Draft.objects.get().data["power"] == ["签证审核"]
    assert not RiskPoint.objects.visible_to(world.clerk).exists()


def test_a_text_too_long_for_a_draft_still_comes_back_with_its_fault(world, as_, filled):
    page = as_(world.clerk).post("/risks/new/", filled(manifestation="长" * 120_000))
    assert page.status_code == 422
    assert "manifestation" in page.context["form"].errors
    assert not Draft.objects.exists()


@pytest.mark.parametrize("token", ["a\tb", "令牌", "t" * 65])
def test_a_token_that_is_none_is_refused_with_what_to_do(world, as_, filled, token):
    page = as_(world.clerk).post("/risks/new/", filled(token=token))
    assert page.status_code == 422
    assert "刷新页面后再提交" in str(page.context["form"].non_field_errors())


def test_ten_presses_make_one_row_and_get_one_answer(world, as_, filled):
    browser = as_(world.clerk)
    answers = {browser.post("/risks/new/", filled(token="t" * 20)).headers["Location"] for _ in range(3)}
    record = RiskPoint.objects.visible_to(world.clerk).get()
    assert answers == {f"/risks/{record.pk}/"}


def test_a_second_press_of_submit_gets_the_first_ones_answer_and_not_a_refusal(world, as_, filled):
    record = draft(world, by="clerk")
    browser, posted = as_(world.clerk), filled(version=1, then="submit", token="t")
    answers = [browser.post(f"/risks/{record.pk}/edit/", posted) for _ in range(2)]
    assert [a.headers.get("Location") for a in answers] == [f"/risks/{record.pk}/"] * 2
    record.refresh_from_db()
    assert (record.state, record.version) == ("department", 3)
    assert browser.post(f"/risks/{record.pk}/edit/", posted | {"token": "u"}).status_code == 422


def test_another_persons_token_is_another_token(world, as_, filled):
    as_(world.clerk).post("/risks/new/", filled(token="same"))
    as_(world.trade).post("/risks/new/", filled(token="same", name="另一风险点"))
    assert RiskPoint.objects.visible_to(world.clerk).count() == 2
    assert Submission.objects.count() == 2


def test_a_token_used_at_another_place_means_nothing_here(world, as_, filled):
    browser = as_(world.clerk)
    record = draft(world, by="clerk")
    browser.post(f"/risks/{record.pk}/do/submit/", {"token": "same", "version": 1})
    browser.post("/risks/new/", filled(token="same"))
    assert RiskPoint.objects.visible_to(world.clerk).count() == 2


def test_a_press_that_was_refused_does_not_use_the_token_up(world, as_, filled):
    browser = as_(world.clerk)
    draft(world, by="clerk", name="同名风险点")
    assert browser.post("/risks/new/", filled(token="same", name="同名风险点")).status_code == 422
    assert browser.post("/risks/new/", filled(token="same")).status_code == 302


def test_somebody_saved_first_and_both_contents_stand_side_by_side(world, as_, filled):
    record = draft(world, by="clerk")
    services.update_point(record, fields={"power": "他人改过的事项"}, by=again(world.trade), at=timezone.now())
    browser = as_(world.clerk)
    page = browser.post(f"/risks/{record.pk}/edit/", filled(version=1, power="我写的事项", severity=2, level="mid", secretary=""))
    assert page.status_code == 422
    assert "许诺修改" in str(page.context["form"].non_field_errors())
    shown = {c["label"]: (c["stored"], c["typed"]) for c in page.context["conflicts"]}
    assert shown["权力事项"] == ("他人改过的事项", "我写的事项")
    assert shown["评定等级"] == ("高", "中")
    assert shown["党组织书记"][1] == ""
    assert "林志远" in shown["党组织书记"][0]
    assert page.context["form"]["power"].value() == "我写的事项"
    assert page.context["version"] == 2
    assert "内容已被他人修改" in page.content.decode()
    assert Draft.objects.get().version == 1
    again_sent = filled(version=2, power="我写的事项", severity=2, level="mid", secretary="")
    assert browser.post(f"/risks/{record.pk}/edit/", again_sent).status_code == 302


def test_a_fault_does_not_hide_that_somebody_saved_first(world, as_, filled):
    record = draft(world, by="clerk")
    services.update_point(record, fields={"power": "他人改过的事项"}, by=again(world.trade), at=timezone.now())
    page = as_(world.clerk).post(f"/risks/{record.pk}/edit/", filled(version=1, power="我写的事项", phone="1"))
    assert page.status_code == 422
    assert {c["label"]: c["stored"] for c in page.context["conflicts"]}["权力事项"] == "他人改过的事项"


def test_what_would_leave_ones_sight_is_not_saved(world, as_, filled):
    grant(world.nobody, "R19", world.company, department=world.works)
    record = draft(world, by="author", secrecy=UnitRecord.Secrecy.UNIT)
    grant(world.colleague, "R16", world.company, department=world.works)
    assert as_(world.colleague).get(f"/risks/{record.pk}/edit/").status_code == 200
    limited = filled(version=1, secrecy="limited")
    page = as_(world.colleague).post(f"/risks/{record.pk}/edit/", limited)
    assert page.status_code == 422
    assert "保存后您将看不到此记录" in str(page.context["form"].non_field_errors())
    record.refresh_from_db()
    assert (record.secrecy, record.version) == ("unit", 1)


def test_submitting_from_the_form_says_who_is_next(world, as_, filled):
    response = as_(world.clerk).post("/risks/new/", filled(then="submit", token="t"))
    record = RiskPoint.objects.visible_to(world.clerk).get()
    assert record.state == "department"
    assert said(response)[0].startswith(f"风险点已提交，编号 {record.number}。下一步由")


def test_a_record_that_is_on_its_way_is_not_edited(world, as_, filled):
    record = point_in("department", world, by="clerk")
    assert as_(world.clerk).get(f"/risks/{record.pk}/edit/").status_code == 403
    assert as_(world.clerk).post(f"/risks/{record.pk}/edit/", filled(version=2)).status_code == 422


# -- reading a field -------------------------------------------------------------------------------------------------


class Sample(forms.Form):
    level = forms.ChoiceField(choices=[("组", [("high", "高")]), ("mid", "中")])
    ways = forms.MultipleChoiceField(choices=[("a", "自己找"), ("b", "群众帮")])
    standing = forms.BooleanField()
    name = forms.CharField()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [("level", "high", "高"), ("level", "gone", "gone"), ("level", "", ""), ("ways", ["b", "a"], "群众帮、自己找"), ("ways", [], ""),
     ("standing", True, "是"), ("standing", False, "否"), ("name", "甲", "甲"), ("name", None, "")],
)  # fmt: skip
def test_a_field_is_read_by_its_names_not_its_keys(field, value, text):
    assert as_read(Sample(initial={field: value})[field]) == text


def test_after_a_hand_in_nobody_could_take_the_same_page_can_be_sent_again(world, as_, filled):
    record = draft(world, by="clerk")
    User.objects.exclude(pk=world.clerk.pk).update(is_active=False)
    browser, address = as_(world.clerk), f"/risks/{record.pk}/edit/"
    posted = filled(name="改后的名称", version=str(record.version), then="submit", token="t" * 20)
    refused = browser.post(address, posted)
    assert "没有可以办理“部门审核”的人员" in refused.content.decode()
    assert (refused.context["version"], refused.context["conflicts"]) == (record.version, [])
    User.objects.update(is_active=True)
    again_ = browser.post(address, posted | {"version": str(refused.context["version"]), "token": "u" * 20})
    assert again_.status_code == 302
    record.refresh_from_db()
    assert (record.state, record.name) == ("department", "改后的名称")


def test_a_register_without_further_rules_lacks_only_what_the_page_marks():
    assert RecordPages().lacks(None, {}) == []


def test_a_saved_view_of_the_same_conditions_is_the_one_current_tab(world, client):
    client.force_login(again(world.author))

    def current():
        tabs = client.get("/risks/?view=high").content.decode().partition('<nav class="views"')[2].partition("</nav>")[0]
        return re.findall(r'aria-current="page"[^>]*>([^<]+)', tabs)

    assert current() == ["高风险"]
    save_view(again(world.author), register="risks", name="高风险清单", query="view=high")
    assert current() == ["高风险清单"]
