"""AU-14 API tokens and AU-11 reset links."""
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import ApiToken, ResetLink, User
from apps.core.errors import Refused

from .conftest import OTHER, PASSWORD, sign_in

pytestmark = pytest.mark.django_db


def make(user, *, scope="write", days=30):
    return services.create_token(user, name="报表对接", scope=scope, days=days, by=user, at=timezone.now())


def bearer(secret):
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def test_a_token_acts_as_its_owner_and_only_its_digest_is_stored(client, official):
    token, secret = make(official)
    assert client.get("/api/v1/probe/", **bearer(secret)).json() == {"by": "zhoulan"}
    assert client.post("/api/v1/probe/", {"a": 1}, content_type="application/json", **bearer(secret)).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_apitoken t")
        assert secret not in cursor.fetchone()[0]
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_a_token_is_no_key_to_pages(client, official):
    assert client.get("/records/", **bearer(make(official)[1])).status_code == 302


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "bearer qlgq_x"])
def test_a_wrong_token_is_refused(client, official, header):
    answer = client.get("/api/v1/probe/", HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert client.get("/api/v1/probe/", HTTP_AUTHORIZATION="Basic eA==").status_code == 401


def test_a_reading_token_cannot_write(client, official):
    _, secret = make(official, scope="read")
    assert client.get("/api/v1/probe/", **bearer(secret)).status_code == 200
    assert client.post("/api/v1/probe/", **bearer(secret)).status_code == 403


def test_a_token_dies_with_its_time_its_revocation_and_its_owner(client, official, administrator):
    token, secret = make(official)
    ApiToken.objects.update(expires_at=timezone.now())
    assert client.get("/api/v1/probe/", **bearer(secret)).status_code == 401
    token, secret = make(official)
    services.revoke_token(token, by=official, at=timezone.now())
    assert client.get("/api/v1/probe/", **bearer(secret)).status_code == 401
    _, secret = make(official)
    services.disable_account(official, by=administrator, at=timezone.now())
    assert client.get("/api/v1/probe/", **bearer(secret)).status_code == 401
    services.enable_account(official, by=administrator, at=timezone.now())
    assert client.get("/api/v1/probe/", **bearer(secret)).status_code == 401


def test_an_expired_password_stops_the_token(client, official):
    _, secret = make(official)
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=91))
    answer = client.get("/api/v1/probe/", **bearer(secret))
    assert (answer.status_code, "密码已满90天" in answer.json()["detail"]) == (403, True)


def test_a_token_cannot_do_what_needs_the_password_again(client, official):
    assert client.get("/api/v1/guarded/", **bearer(make(official)[1])).status_code == 403


@pytest.mark.parametrize("days", [0, 91])
def test_no_token_lives_longer_than_ninety_days(official, days):
    with pytest.raises(Refused, match="1至90天"):
        make(official, days=days)


def test_a_scope_is_read_or_write(official):
    with pytest.raises(Refused) as caught:
        make(official, scope="admin")
    assert caught.value.field == "scope"
    with pytest.raises(ValidationError):
        ApiToken(user=official, name="x", scope="admin").full_clean()


def test_a_token_is_shown_once_on_the_page(inside):
    answer = inside.post("/me/tokens/new/", {"name": "报表对接", "scope": "read", "days": "90"})
    secret = re.search(r"qlgq_[\w-]{43}", answer.content.decode()).group(0)
    assert Client().get("/api/v1/probe/", **bearer(secret)).status_code == 200
    page = inside.get("/me/tokens/").content.decode()
    assert (secret in page, secret[:10] in page) == (False, True)
    answer = inside.post("/me/tokens/new/", {"name": "", "scope": "read", "days": "91"})
    assert (answer.status_code, "填写用途" in answer.content.decode(), "有效期不超过90天" in answer.content.decode()) == (422, True, True)


def test_one_revokes_one_s_own_tokens_only(inside, official, colleague):
    token, _ = make(colleague)
    assert inside.post(f"/me/tokens/{token.pk}/revoke/").status_code == 404
    own, _ = make(official)
    inside.post(f"/me/tokens/{own.pk}/revoke/")
    own.refresh_from_db()
    token.refresh_from_db()
    assert (own.revoked_at is not None, token.revoked_at) == (True, None)
    inside.post(f"/me/tokens/{own.pk}/revoke/")
    assert "此令牌已撤销" in inside.get("/me/tokens/").content.decode()


def test_the_api_by_session_cookie_needs_a_csrf_token(official):
    strict = Client(enforce_csrf_checks=True)
    strict.get("/login/")
    sign_in(strict, csrfmiddlewaretoken=strict.cookies["csrf"].value)
    assert strict.post("/api/v1/probe/").status_code == 403
    assert strict.post("/api/v1/probe/", HTTP_X_CSRFTOKEN=strict.cookies["csrf"].value).status_code == 200


class Postbox:
    """What was sent, to whom, until when."""

    def __init__(self):
        self.letters = []

    def __call__(self, user, address, expires_at):
        self.letters.append((user, address, expires_at))

    @property
    def path(self):
        return "/" + self.letters[-1][1].split("/", 3)[3]


@pytest.fixture
def box(official, administrator, settings):
    settings.SITE_URL = "https://portal.example.invalid/"
    box = Postbox()
    services.send_reset_link(official, by=administrator, at=timezone.now(), deliver=box)
    return box


def new(password=OTHER):
    return {"new_password": password, "repeated": password}


def test_a_reset_link_sets_a_password_once(box, official, inside):
    assert box.letters[0][1].startswith("https://portal.example.invalid/password/reset/")
    browser = Client()
    assert browser.get(box.path).status_code == 200
    assert browser.get(box.path).status_code == 200
    weak = browser.post(box.path, new("short"))
    assert (weak.status_code, "不少于12位" in weak.content.decode()) == (422, True)
    assert browser.post(box.path, new()).headers["Location"] == "/login/"
    assert browser.post(box.path, new("Jiepai-4shan-Hai")).status_code == 410
    assert browser.get("/records/").status_code == 302
    assert inside.get("/records/").status_code == 302
    assert sign_in(Client(), password=OTHER).status_code == 302


def test_a_reset_link_dies_after_thirty_minutes(box, client):
    ResetLink.objects.update(expires_at=timezone.now())
    answer = client.get(box.path)
    assert (answer.status_code, "链接已失效" in answer.content.decode()) == (410, True)


def test_only_the_newest_link_works_and_a_made_up_one_never(box, client, official, administrator):
    first = box.path
    services.send_reset_link(official, by=administrator, at=timezone.now(), deliver=box)
    assert (client.get(first).status_code, client.get(box.path).status_code) == (410, 200)
    assert client.get("/password/reset/made-up/").status_code == 410
    with pytest.raises(Refused, match="链接已失效"):
        services.use_reset_link("made-up", new=OTHER, at=timezone.now())


def test_a_link_is_stored_as_a_digest_only(box):
    assert ResetLink.objects.get().digest not in box.path
    assert not ResetLink.objects.filter(digest=box.path.split("/")[-2]).exists()


def test_a_link_dies_with_the_account_and_with_a_changed_password(box, client, official, administrator):
    services.change_password(official, new=OTHER, by=official, at=timezone.now())
    assert client.get(box.path).status_code == 410
    services.send_reset_link(official, by=administrator, at=timezone.now(), deliver=box)
    services.disable_account(official, by=administrator, at=timezone.now())
    assert client.get(box.path).status_code == 410


def test_the_host_header_does_not_reach_the_link(box, client):
    answer = client.get(box.path, HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil" not in box.letters[0][1]


def test_no_link_without_a_mail_address_or_for_a_disabled_account(official, administrator):
    box = Postbox()
    services.change_details(official, email="", by=official, at=timezone.now())
    with pytest.raises(Refused, match="邮箱"):
        services.send_reset_link(User.objects.get(pk=official.pk), by=administrator, at=timezone.now(), deliver=box)
    disabled = services.disable_account(official, by=administrator, at=timezone.now())
    with pytest.raises(Refused, match="启用"):
        services.send_reset_link(disabled, by=administrator, at=timezone.now(), deliver=box)
    assert box.letters == []


def test_a_reset_ends_a_forced_change_and_an_initial_password(official, administrator, client):
    user, initial = services.create_account("chenyu", name="陈雨", email="c@example.invalid", by=administrator, at=timezone.now())
    box = Postbox()
    services.send_reset_link(user, by=administrator, at=timezone.now(), deliver=box)
    client.post(box.path, new())
    assert sign_in(client, "chenyu", initial).status_code == 422
    sign_in(client, "chenyu", OTHER)
    assert client.get("/records/").status_code == 200


def test_accounts_are_disabled_and_enabled_once_and_by_others(official, administrator, client):
    with pytest.raises(Refused, match="本人账号"):
        services.disable_account(official, by=official, at=timezone.now())
    with pytest.raises(Refused, match="未停用"):
        services.enable_account(official, by=administrator, at=timezone.now())
    services.disable_account(official, by=None, at=timezone.now())
    with pytest.raises(Refused, match="已停用"):
        services.disable_account(official, by=administrator, at=timezone.now())
    services.enable_account(official, by=administrator, at=timezone.now())
    assert sign_in(client, password=PASSWORD).status_code == 302


def test_a_token_refused_at_the_last_moment_says_why_and_keeps_what_was_typed(inside, monkeypatch):
    def too_late(*args, **facts):
        raise Refused("密码刚被修改，重新登录后再新建令牌")

    monkeypatch.setattr(services, "create_token", too_late)
    page = inside.post("/me/tokens/new/", {"name": "报表对接", "scope": "read", "days": "90"}).content.decode()
    assert "密码刚被修改，重新登录后再新建令牌" in page
    assert 'value="报表对接"' in page


def test_a_page_login_without_the_pages_token_is_told_so_in_words(official):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(official)
    answer = browser.post("/api/v1/probe/", {"a": 1}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (403, "页面标识缺失或已失效，刷新页面后再提交。")
