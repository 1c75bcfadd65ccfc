"""Nothing typed is ever lost: not when the session cookie is gone, nor when another tab's login made the page's CSRF token void."""
import re

import pytest
from django.test import Client

from apps.accounts import carry

from .conftest import OTHER, PASSWORD, sign_in

pytestmark = pytest.mark.django_db
OURS = {"HTTP_ORIGIN": "http://testserver"}
THEIRS = [{"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}, {"HTTP_SEC_FETCH_SITE": "cross-site", **OURS},
          {"HTTP_SEC_FETCH_SITE": "same-site", **OURS}, {"HTTP_REFERER": "https://evil.example/http://testserver/"}, {}]  # fmt: skip
TYPED = {"title": '甲"方<案>', "lines": ["一\r\n二", ""], "then": "submit"}


@pytest.fixture(autouse=True)
def real_failure_page(settings):
    """The page of the whole portal, not of the app alone."""
    settings.CSRF_FAILURE_VIEW = "config.errors.csrf_failure"


@pytest.fixture
def strict(official):
    """周岚's browser, in which tokens are looked at."""
    browser = Client(enforce_csrf_checks=True)
    browser.get("/login/")
    assert sign_in(browser, csrfmiddlewaretoken=browser.cookies["csrf"].value).status_code == 302
    return browser


def text(answer):
    return answer.content.decode()


def kept(answer):
    """The fields that one press would send, and where to."""
    page = text(answer)
    fields = re.findall(r'<textarea name="(\w+)" hidden>\n([^<]*)</textarea>', page)
    assert '<button type="submit"' in page
    return re.search(r'<form method="post" action="([^"]+)"', page)[1], fields


def hidden(answer, name):
    found = re.search(rf'name="{name}" value="([^"]+)"', text(answer))
    return found and found[1]


WANTED = [("title", "甲&quot;方&lt;案&gt;"), ("lines", "一\r\n二"), ("lines", ""), ("then", "submit")]


def test_a_token_made_void_in_another_tab_costs_one_more_press(strict):
    answer = strict.post("/records/?tab=2", TYPED | {"csrfmiddlewaretoken": "x" * 64}, **OURS)
    assert answer.status_code == 403
    assert kept(answer) == ("/records/?tab=2", WANTED)
    assert "周岚（zhoulan）" in text(answer)
    again = strict.post("/records/?tab=2", TYPED | {"csrfmiddlewaretoken": hidden(answer, "csrfmiddlewaretoken")}, **OURS)
    assert again.json()["fields"]["title"] == [TYPED["title"]]


@pytest.mark.parametrize("headers", THEIRS)
def test_another_site_s_form_is_never_offered_for_a_press(strict, headers):
    answer = strict.post("/records/", TYPED, **headers)
    assert (answer.status_code, "甲" in text(answer), "<textarea" in text(answer)) == (403, False, False)
    stranger = Client(enforce_csrf_checks=True).post("/records/", TYPED, **headers)
    assert (stranger.status_code, 'name="carried"' in text(stranger)) == (403, False)


@pytest.mark.parametrize("headers", THEIRS)
def test_another_site_s_form_is_not_kept_through_a_login_either(client, headers):
    assert client.post("/records/", TYPED, **headers).status_code == 302


@pytest.mark.parametrize("headers", [OURS, {"HTTP_SEC_FETCH_SITE": "same-origin"}, {"HTTP_REFERER": "http://testserver/records/"}])
def test_a_form_sent_without_any_session_goes_on_after_the_login(official, headers):
    browser = Client()
    answer = browser.post("/records/?tab=2", TYPED, **headers)
    assert (answer.status_code, "readonly" in text(answer)) == (401, False)
    page = sign_in(browser, carried=hidden(answer, "carried"))
    assert kept(page) == ("/records/?tab=2", WANTED)


def test_neither_session_nor_token_is_left_and_still_nothing_is_lost(official):
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/records/", TYPED, **OURS)
    assert answer.status_code == 401
    entry = {"carried": hidden(answer, "carried"), "csrfmiddlewaretoken": hidden(answer, "csrfmiddlewaretoken")}
    wrong = sign_in(browser, password="wrong", **entry)
    assert (wrong.status_code, hidden(wrong, "carried")) == (422, entry["carried"])
    assert "readonly" not in text(wrong)
    assert kept(sign_in(browser, **entry)) == ("/records/", WANTED)


def test_files_are_said_to_be_left_behind(strict, tmp_path):
    paper = tmp_path / "纪要.txt"
    paper.write_text("内容")
    with paper.open("rb") as file:
        answer = strict.post("/records/", {"title": "甲", "paper": file}, **OURS)
    assert "附件无法保留" in text(answer)


def test_a_login_page_that_got_old_keeps_the_form_behind_it(strict, official):
    sealed = hidden(Client().post("/records/", TYPED, **OURS), "carried")
    visitor = Client(enforce_csrf_checks=True)
    answer = visitor.post("/login/", {"username": "zhoulan", "password": PASSWORD, "carried": sealed}, **OURS)
    assert (answer.status_code, hidden(answer, "carried"), PASSWORD in text(answer)) == (403, sealed, False)
    inside = strict.post("/login/", {"username": "zhoulan", "password": PASSWORD, "carried": sealed}, **OURS)
    assert kept(inside) == ("/records/", WANTED)
    plain = strict.post("/login/", {"username": "zhoulan", "password": PASSWORD, "next": "//evil"}, **OURS)
    assert plain.headers["Location"] == "/"


def test_passwords_are_in_no_page(strict):
    answer = strict.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER}, **OURS)
    assert (answer.status_code, PASSWORD in text(answer), OTHER in text(answer)) == (403, False, False)


def test_a_form_kept_for_somebody_stays_his(rf, official, colleague):
    request = rf.post("/records/", {"a": "1"})
    own, anybody = carry.pack(request, user_id=official.pk), carry.pack(request, user_id=carry.ANYBODY)
    assert (carry.is_named(own), carry.is_named(anybody), carry.is_named("made up")) == (True, False, False)
    assert carry.unpack(own, user_id=colleague.pk) is None
    assert carry.unpack(anybody, user_id=colleague.pk).fields == [("a", "1")]
