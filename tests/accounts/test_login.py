"""The login page and login in place: the way on, what was typed, CSRF, remembered account, AU-13 step-up."""
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import carry, rules
from apps.accounts.models import User

from .conftest import OTHER, PASSWORD, age, sign_in

pytestmark = pytest.mark.django_db
FETCH = {"HTTP_X_REQUESTED_WITH": "fetch"}


def text(answer):
    return answer.content.decode()


def carried_of(answer):
    return re.search(r'name="carried" value="([^"]*)"', text(answer)).group(1)


FOREIGN = ["//evil.example", "https:evil", "https://evil.example/", "/\\evil", "javascript:alert(1)", "evil", "", "\\\\evil"]


@pytest.mark.parametrize("target", FOREIGN)
def test_the_way_on_never_leaves_the_site(client, official, target):
    assert sign_in(client, next=target).headers["Location"] == "/"
    assert rules.own_path(target) == ""


def test_the_way_on_leads_to_the_page_that_was_asked_for(client, official):
    page = client.get("/login/?next=/records/%3Fq%3D1")
    assert 'name="next" value="/records/?q=1"' in text(page)
    assert sign_in(client, next="/records/?q=1").headers["Location"] == "/records/?q=1"
    assert client.get("/login/?next=/records/").headers["Location"] == "/records/"


def test_the_account_is_remembered_only_when_asked(client, official):
    assert sign_in(client, remember="on").cookies["account"].value == "zhoulan"
    client.post("/logout/")
    assert 'value="zhoulan"' in text(client.get("/login/"))
    assert sign_in(client).cookies["account"].value == ""


def test_login_and_logout_need_a_csrf_token(official):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403
    strict.get("/login/")
    token = strict.cookies["csrf"].value
    assert sign_in(strict, csrfmiddlewaretoken=token).status_code == 302
    answer = strict.post("/logout/")
    assert (answer.status_code, "重新提交" in text(answer)) == (403, True)
    assert strict.post("/logout/", **FETCH).json()["code"] == "csrf"
    token = strict.cookies["csrf"].value
    assert strict.post("/logout/", {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert strict.post("/logout/", {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="null").status_code == 403
    assert strict.post("/logout/", {"csrfmiddlewaretoken": token}).status_code == 302


def test_login_in_place_gives_a_fresh_csrf_token_with_which_the_request_is_repeated(official):
    browser = Client(enforce_csrf_checks=True)
    browser.get("/login/")
    sign_in(browser, csrfmiddlewaretoken=browser.cookies["csrf"].value)
    old = browser.get("/session/").json()["csrf"]
    age(seen=timedelta(hours=1))
    post = {"HTTP_X_CSRFTOKEN": old, **FETCH}
    answer = browser.post("/records/", {"title": "未保存"}, **post)
    assert (answer.status_code, answer.headers["X-Session"]) == (401, "ended")
    token = browser.get("/session/").json()["csrf"]
    again = browser.post("/login/again/", {"username": "zhoulan", "password": PASSWORD}, HTTP_X_CSRFTOKEN=token, **FETCH)
    assert again.status_code == 200
    repeated = browser.post("/records/", {"title": "未保存"}, HTTP_X_CSRFTOKEN=again.json()["csrf"], **FETCH)
    assert repeated.json() == {"by": "zhoulan", "fields": {"title": ["未保存"]}}
    assert browser.post("/login/again/", {"username": "zhoulan", "password": PASSWORD}, **FETCH).status_code == 403


def test_login_in_place_tells_what_is_wrong(client, official):
    assert client.post("/login/again/", {"username": "zhoulan"}).json() == {"detail": "填写密码"}
    answer = client.post("/login/again/", {"username": "zhoulan", "password": "wrong"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "账号或密码不正确。还可尝试4次，之后锁定15分钟。")
    for _ in range(4):
        answer = client.post("/login/again/", {"username": "zhoulan", "password": "wrong"})
    assert answer.status_code == 429


def test_a_form_sent_after_the_end_is_kept_through_the_login(inside):
    age(seen=timedelta(hours=1))
    typed = {"title": '甲"方<案>', "lines": ["一\r\n二", ""], "password": "not-kept", "csrfmiddlewaretoken": "x"}
    ended = inside.post("/records/?tab=2", typed)
    assert (ended.status_code, "长时间未操作" in text(ended), "not-kept" in text(ended)) == (401, True, False)
    assert 'value="zhoulan"' in text(ended)
    failed = sign_in(inside, password="wrong", carried=carried_of(ended))
    assert (failed.status_code, carried_of(failed)) == (422, carried_of(ended))
    page = sign_in(inside, carried=carried_of(ended))
    assert (page.status_code, 'action="/records/?tab=2"' in text(page)) == (200, True)
    fields = re.findall(r'<textarea name="(\w+)" hidden>\n([^<]*)</textarea>', text(page))
    assert fields == [("title", "甲&quot;方&lt;案&gt;"), ("lines", "一\r\n二"), ("lines", "")]


def test_a_kept_form_is_shown_to_its_own_user_only(inside, colleague):
    age(seen=timedelta(hours=1))
    ended = inside.post("/records/", {"title": "只有周岚可见"})
    page = sign_in(Client(), "wumin", carried=carried_of(ended))
    assert page.status_code == 302
    other = Client()
    sign_in(other, "wumin", carried=carried_of(ended))
    assert "未保留" in text(other.get("/me/"))


def test_a_kept_form_cannot_be_made_up_or_kept_for_ever(rf, official):
    request = rf.post("/records/", {"a": "1"})
    sealed = carry.pack(request, user_id=official.pk)
    assert carry.unpack(sealed, user_id=official.pk).fields == [("a", "1")]
    assert carry.unpack(sealed[:-2], user_id=official.pk) is None
    assert carry.unpack("{}", user_id=official.pk) is None
    foreign = rf.post("/records/")
    foreign.get_full_path = lambda: "//evil.example/"
    assert carry.unpack(carry.pack(foreign, user_id=1), user_id=1) is None


@pytest.mark.parametrize("data", [{"text": "字" * 90_000}, {"n": ["1"] * 501}])
def test_a_form_too_large_to_keep_says_so(inside, data):
    age(seen=timedelta(hours=1))
    ended = inside.post("/records/", data)
    assert "所选文件除外" not in text(ended)
    assert (ended.status_code, "未能保留" in text(ended), 'name="carried" value' in text(ended)) == (401, True, False)


def test_files_have_to_be_chosen_again(inside, tmp_path):
    age(seen=timedelta(hours=1))
    paper = tmp_path / "纪要.txt"
    paper.write_text("内容")
    with paper.open("rb") as file:
        ended = inside.post("/records/", {"title": "甲", "paper": file})
    assert "所选文件除外，登录后重新选择" in text(ended)
    assert "附件无法保留" in text(sign_in(inside, carried=carried_of(ended)))


def test_a_stranger_s_post_is_not_kept(client):
    assert client.post("/records/", {"a": "1"}).headers["Location"] == "/login/"


def old_proof(client):
    session = client.session
    session[rules.STEPPED_UP_KEY] = (timezone.now() - timedelta(minutes=5, seconds=1)).isoformat()
    session.save()


def test_a_fresh_login_counts_as_proof_for_five_minutes(inside):
    assert inside.get("/guarded/").status_code == 200
    old_proof(inside)
    assert inside.get("/guarded/").headers["Location"] == "/step-up/?next=%2Fguarded%2F"


def test_scripts_and_the_api_are_told_to_prove_again(inside):
    old_proof(inside)
    answer = inside.post("/guarded/", {"a": "1"}, **FETCH)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
    assert inside.get("/api/v1/guarded/").status_code == 403
    assert inside.post("/step-up/", {"password": "wrong"}, **FETCH).json()["detail"].startswith("密码不正确。还可尝试")
    assert inside.post("/step-up/", {}, **FETCH).status_code == 422
    assert inside.post("/step-up/", {"password": PASSWORD}, **FETCH).status_code == 204
    assert inside.post("/guarded/", {"a": "1"}, **FETCH).json() == {"fields": {"a": ["1"]}}
    assert inside.get("/api/v1/guarded/").status_code == 200


def test_a_page_goes_on_after_the_proof_with_what_was_typed(inside):
    old_proof(inside)
    asked = inside.post("/guarded/", {"reason": "核查需要"})
    assert asked.status_code == 403
    page = inside.post("/step-up/", {"password": PASSWORD, "carried": carried_of(asked)})
    assert ('action="/guarded/"' in text(page), "核查需要" in text(page)) == (True, True)
    old_proof(inside)
    assert inside.post("/step-up/", {"password": PASSWORD, "next": "/guarded/"}).headers["Location"] == "/guarded/"
    assert 'name="next" value="/guarded/"' in text(inside.get("/step-up/?next=/guarded/"))


def test_a_proof_from_the_future_or_broken_is_none():
    now = timezone.now()
    assert not rules.stepped_up({}, now)
    assert not rules.stepped_up({rules.STEPPED_UP_KEY: (now + timedelta(minutes=1)).isoformat()}, now)
    assert rules.stepped_up({rules.STEPPED_UP_KEY: now.isoformat()}, now)


def test_a_browser_says_by_sec_fetch_mode_whether_a_page_is_wanted(client):
    assert client.get("/records/", HTTP_SEC_FETCH_MODE="navigate", HTTP_ACCEPT="application/json").status_code == 302
    assert client.get("/records/", HTTP_SEC_FETCH_MODE="cors").status_code == 401
    assert client.get("/records/", HTTP_ACCEPT="application/json").status_code == 401


def test_the_profile_shows_masked_data_and_stores_new(inside, official):
    page = text(inside.get("/me/"))
    assert ("138****0011" in page, "13800000011" in page) == (True, False)
    assert inside.post("/me/", {"email": "z@example.invalid", "new_phone": "13800000022"}).status_code == 302
    assert inside.post("/me/", {"email": "z2@example.invalid", "new_phone": ""}).status_code == 302
    stored = User.objects.get(pk=official.pk)
    assert (stored.email, stored.phone) == ("z2@example.invalid", "13800000022")
    answer = inside.post("/me/", {"email": "z@example.invalid", "new_phone": "138"})
    assert (answer.status_code, "填写11位手机号码" in text(answer)) == (422, True)


def test_preferences_are_stored_for_the_person(inside, official):
    assert inside.post("/me/preferences/", {"prefers_large": "on"}).status_code == 302
    official.refresh_from_db()
    assert (official.prefers_large, official.prefers_dark, official.text_size) == (True, False, "large")
    assert inside.post("/me/preferences/", {"prefers_dark": "on"}, **FETCH).status_code == 204
    assert inside.post("/me/size/", {"size": "large", "next": "/records/"}).headers["Location"] == "/records/"
    assert inside.post("/me/size/", {"size": "normal", "next": "//evil"}, **FETCH).status_code == 204
    official.refresh_from_db()
    assert (official.prefers_large, official.prefers_dark, official.text_size) == (False, True, "normal")


def test_a_login_ends_with_the_new_password_only(inside):
    inside.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER})
    assert sign_in(Client()).status_code == 422
    assert sign_in(Client(), password=OTHER).status_code == 302
