"""AU-01, AU-06, AU-07, AU-08, AU-10: the life of a session, seen from outside."""
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import EndedSession, PortalSession

from .conftest import OTHER, PASSWORD, age, sign_in

HTMX = {"HTTP_HX_REQUEST": "true"}
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/", "/records/", "/me/", "/me/tokens/", "/password/", "/step-up/", "/logout/", "/count/"])
def test_nothing_opens_without_a_login(client, method, path):
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login/")


@pytest.mark.parametrize("path", ["/login/", "/public/", "/session/"])
def test_what_is_marked_open_needs_no_login(client, path):
    assert client.get(path).status_code == 200


def test_scripts_get_401_and_pages_get_the_login_page_with_the_way_back(client):
    assert client.get("/records/?q=1").headers["Location"] == "/login/?next=%2Frecords%2F%3Fq%3D1"
    answer = client.get("/records/", **HTMX)
    assert (answer.status_code, answer.headers["X-Session"], answer.json()["code"]) == (401, "ended", "session_ended")
    assert client.get("/api/v1/probe/").status_code == 401


def test_the_session_number_changes_at_login_and_is_not_stored_in_clear(client, official):
    client.session["planted"] = "1"
    client.get("/login/")
    session = client.session
    session["planted"] = "1"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    before = session.session_key
    sign_in(client)
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    assert not PortalSession.objects.filter(session_key=after).exists()
    assert PortalSession.objects.get().user == official


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client, official):
    cookie = sign_in(client).cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_an_idle_session_ends_on_the_server(inside):
    age(seen=timedelta(minutes=29))
    assert inside.get("/records/").status_code == 200
    age(seen=timedelta(minutes=30, seconds=1))
    answer = inside.get("/records/")
    assert answer.headers["Location"] == "/login/?next=%2Frecords%2F&ended=idle"
    assert PortalSession.objects.count() == 0
    assert "长时间未操作" in inside.get(answer.headers["Location"]).content.decode()


def test_administrators_are_idle_after_ten_minutes(official, inside):
    services.mark_administrator(official, is_administrator=True, by=None, at=timezone.now())
    age(seen=timedelta(minutes=10, seconds=1))
    assert inside.get("/records/").status_code == 302


def test_no_session_lives_longer_than_twelve_hours(inside):
    age(started=timedelta(hours=12), seen=timedelta(0))
    assert inside.get("/records/").headers["Location"].endswith("ended=absolute")


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/count/", {}), ("/session/", {}), ("/records/", {"HTTP_X_BACKGROUND": "1"}), ("/records/", {"HTTP_X_AUTOSAVE": "1"})],
)
def test_background_requests_do_not_keep_a_session_alive(inside, path, headers):
    age(seen=timedelta(minutes=20))
    before = PortalSession.objects.get().seen_at
    assert inside.get(path, **headers).status_code == 200
    assert PortalSession.objects.get().seen_at == before


def test_a_page_does_and_so_does_the_wish_to_go_on(inside):
    for ask in (lambda: inside.get("/records/"), lambda: inside.post("/session/", HTTP_X_BACKGROUND="1")):
        age(seen=timedelta(minutes=20))
        assert ask().status_code == 200
        assert timezone.now() - PortalSession.objects.get().seen_at < timedelta(seconds=5)


def test_a_session_written_again_does_not_turn_back_its_clock(inside):
    age(seen=timedelta(minutes=20))
    session = inside.session
    session["note"] = "1"
    session.save()
    assert timezone.now() - PortalSession.objects.get().seen_at > timedelta(minutes=19)


def test_the_heartbeat_tells_the_seconds_left_and_then_the_end(inside):
    age(seen=timedelta(minutes=26), started=timedelta(hours=1))
    told = inside.get("/session/").json()
    assert told["state"] == "active"
    assert told["warn_at"] == 300
    assert 235 <= told["seconds_left"] <= 240
    age(started=timedelta(hours=11, minutes=59), seen=timedelta(0))
    assert inside.get("/session/").json()["seconds_left"] <= 60
    age(seen=timedelta(hours=1), started=timedelta(hours=1))
    told = inside.get("/session/").json()
    assert (told["state"], told["reason"]) == ("ended", "长时间未操作，已退出登录。")


def test_the_second_login_ends_the_first_and_the_first_is_told(inside):
    other = Client()
    assert sign_in(other).status_code == 302
    answer = inside.get("/records/")
    assert answer.headers["Location"] == "/login/?next=%2Frecords%2F&ended=superseded"
    assert "该账号已在别处登录" in inside.get(answer.headers["Location"]).content.decode()
    assert other.get("/records/").status_code == 200
    assert PortalSession.objects.count() == 1


def test_a_script_is_told_too(inside):
    sign_in(Client())
    answer = inside.get("/records/", **HTMX)
    assert (answer.status_code, answer.json()["reason"]) == (401, "superseded")
    assert "该账号已在别处登录" in answer.json()["detail"]


def test_the_api_says_that_the_session_ended(inside):
    sign_in(Client())
    answer = inside.get("/api/v1/probe/")
    assert (answer.status_code, answer.headers["X-Session"]) == (401, "ended")


def test_logout_ends_the_session_everywhere_and_clears_the_browser(inside):
    copy = Client()
    copy.cookies[settings.SESSION_COOKIE_NAME] = inside.cookies[settings.SESSION_COOKIE_NAME].value
    answer = inside.post("/logout/")
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (302, '"cache", "storage"')
    assert copy.get("/records/").status_code == 302
    assert inside.get("/logout/").status_code == 302
    assert PortalSession.objects.count() == 0


def test_a_disabled_account_is_out_at_once(inside, official, administrator):
    services.disable_account(official, by=administrator, at=timezone.now())
    assert inside.get("/records/").headers["Location"].endswith("ended=disabled")
    assert sign_in(Client()).status_code == 422


def test_a_changed_password_ends_the_other_sessions_but_not_the_one_at_the_desk(inside, official):
    fresh = Client()
    fresh.force_login(official)
    answer = fresh.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER})
    assert answer.status_code == 302
    assert fresh.get("/records/").status_code == 200
    assert inside.get("/records/").headers["Location"].endswith("ended=password")


def test_changed_rights_end_the_sessions(inside, official):
    assert services.end_sessions(official, reason="rights", at=timezone.now()) == 1
    assert inside.get("/records/").headers["Location"].endswith("ended=rights")


def test_a_cookie_nobody_gave_out_is_only_a_stranger(client):
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert client.get("/records/").headers["Location"].endswith("ended=unknown")
    assert client.get("/login/").status_code == 200


def test_old_traces_are_purged(inside, official):
    services.end_sessions(official, reason="rights", at=timezone.now())
    inside2 = Client()
    sign_in(inside2)
    assert services.purge_sessions(before=timezone.now() - timedelta(days=7)) == 0
    EndedSession.objects.update(ended_at=timezone.now() - timedelta(days=8))
    PortalSession.objects.update(expire_date=timezone.now() - timedelta(days=8))
    assert services.purge_sessions(before=timezone.now() - timedelta(days=7)) == 2


def test_an_expired_row_counts_as_time_up(inside):
    PortalSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert inside.get("/records/").headers["Location"].endswith("ended=absolute")
