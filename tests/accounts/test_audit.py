"""Every event of an account stands in the audit with its address, and no secret does. Real commits."""
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import PortalSession, User
from apps.audit.models import Event
from apps.audit.streams import auth_stream
from apps.core.middleware import session_digest

from .conftest import OTHER, PASSWORD, age, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "192.0.2.7"


def events():
    return [(event.event_type, event.result) for event in Event.objects.order_by("at", "stream", "seq")]


@pytest.fixture
def started(official, colleague, administrator):
    """People are there; what was noted so far is not of interest."""
    return timezone.now()


def noted(since, user):
    rows = Event.objects.filter(at__gte=since, object_id=str(user.pk), object_type="accounts.user").order_by("seq")
    return [(row.event_type, row.result) for row in rows]


def test_a_day_of_an_account_is_in_the_books(started, official, administrator, settings):
    browser = Client(REMOTE_ADDR=HERE)
    sign_in(browser, password="wrong-secret-7")
    sign_in(browser)
    browser.post("/step-up/", {"password": "wrong-secret-7"})
    browser.post("/step-up/", {"password": PASSWORD})
    browser.post("/me/", {"email": "neu@example.invalid", "new_phone": "13800000099"})
    browser.post("/me/size/", {"size": "large"})
    browser.post("/me/tokens/new/", {"name": "报表", "scope": "read", "days": "9"})
    browser.post(f"/me/tokens/{official.api_tokens.get().pk}/revoke/")
    sign_in(Client(REMOTE_ADDR=HERE))
    sign_in(browser)
    browser.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER})
    services.send_reset_link(User.objects.get(pk=official.pk), by=administrator, at=timezone.now(), deliver=lambda *_: None)
    browser.post("/logout/")
    assert noted(started, official) == [
        ("auth.login_failed", "failed"), ("auth.login", "ok"), ("auth.step_up_failed", "failed"), ("auth.step_up", "ok"),
        ("account.changed", "ok"), ("account.preferences", "ok"), ("auth.token_created", "ok"), ("auth.token_revoked", "ok"),
        ("auth.session_superseded", "ok"), ("auth.login", "ok"), ("auth.session_superseded", "ok"), ("auth.login", "ok"),
        ("auth.password_changed", "ok"), ("auth.reset_sent", "ok"), ("auth.logout", "ok"),
    ]  # fmt: skip
    mine = Event.objects.filter(at__gte=started, object_id=str(official.pk))
    assert set(mine.values_list("stream", flat=True)) == {auth_stream(official.pk)}
    assert mine.exclude(event_type="auth.reset_sent").values_list("ip", flat=True).distinct().get() == HERE
    text = " ".join(str(row) for row in Event.objects.values_list("body", "reason", "object_label", "session_hash"))
    for secret in ("wrong-secret-7", PASSWORD, OTHER, "13800000099", "neu@example.invalid", "qlgq_"):
        assert secret not in text
    assert not Event.objects.filter(at__gte=started, event_type="unattributed").exists()


def test_a_login_event_carries_the_new_session(started, official):
    browser = Client()
    sign_in(browser)
    event = Event.objects.get(at__gte=started, event_type="auth.login")
    assert event.session_hash == session_digest(browser.cookies["session"].value)


def test_the_lock_and_a_name_nobody_has_are_noted(started, official):
    for _ in range(6):
        sign_in(Client(), password="wrong")
    assert noted(started, official) == [("auth.login_failed", "failed")] * 5 + [("auth.locked", "failed"), ("auth.login_failed", "failed")]
    sign_in(Client(), "my-password-typed-as-name", "x")
    stranger = Event.objects.filter(event_type="auth.login_failed", stream="auth:0", object_id="").get()
    assert "my-password" not in stranger.body + stranger.object_label + stranger.reason


def test_a_session_that_ran_out_is_noted_once(started, official):
    browser = Client()
    sign_in(browser)
    age(seen=timedelta(hours=1))
    browser.get("/records/")
    browser.get("/records/")
    assert noted(started, official)[1:] == [("auth.session_expired", "ok")]


def test_what_administrators_do_is_noted_with_their_name(started, official, administrator):
    user, password = services.create_account("chenyu", name="陈雨", by=administrator, at=timezone.now())
    services.issue_initial_password(user, by=administrator, at=timezone.now())
    services.mark_administrator(user, is_administrator=True, by=administrator, at=timezone.now())
    services.mark_administrator(user, is_administrator=True, by=administrator, at=timezone.now())
    services.disable_account(user, by=administrator, at=timezone.now(), reason="调离")
    services.enable_account(user, by=administrator, at=timezone.now())
    names = ["account.created", "account.initial_password", "account.administrator", "account.disabled", "account.enabled"]
    assert noted(started, user) == [(name, "ok") for name in names]
    mine = Event.objects.filter(object_id=str(user.pk), object_type="accounts.user")
    assert set(mine.values_list("actor_id", "actor_name")) == {(administrator.pk, "郑工")}
    assert password not in " ".join(mine.values_list("body", flat=True))


def test_a_change_past_the_services_is_seen(started, official):
    User.objects.filter(pk=official.pk).update(is_active=False)
    assert noted(started, official) == [("unattributed", "ok")]


def test_of_logins_at_the_same_time_one_survives(started, official):
    barrier = threading.Barrier(4)
    answers = []

    def enter():
        browser = Client(raise_request_exception=False)
        barrier.wait()
        answers.append(sign_in(browser).status_code)
        connection.close()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {302, 400}
    assert 302 in answers
    assert PortalSession.objects.filter(user=official).count() == 1
