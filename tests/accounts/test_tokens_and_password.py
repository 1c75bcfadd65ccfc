"""AU-14: a token dies with the password it was made under, whoever changes it."""
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import User
from apps.core.errors import Refused

from .conftest import OTHER, PASSWORD, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(official):
    """A token of 周岚 that works."""
    _, secret = services.create_token(official, name="报表对接", scope="read", days=30, by=official, at=timezone.now())
    assert opens(secret)
    return secret


def path_of(address):
    return "/" + address.split("/", 3)[3]


def opens(secret):
    answer = Client().get("/api/v1/probe/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def test_changing_the_password_ends_every_token_and_the_page_says_so_before(secret, official):
    client = Client()
    sign_in(client)
    assert "1 个访问令牌同时失效" in client.get("/password/").content.decode()
    typed = {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER}
    assert client.post("/password/", typed).status_code == 302
    assert not opens(secret)
    assert "访问令牌同时失效" not in client.get("/password/").content.decode()


def test_a_reset_link_ends_every_token(secret, official, administrator):
    sent = []
    services.send_reset_link(official, by=administrator, at=timezone.now(), deliver=lambda user, address, until: sent.append(address))
    assert Client().post(path_of(sent[0]), {"new_password": OTHER, "repeated": OTHER}).status_code == 302
    assert not opens(secret)


def test_a_fresh_initial_password_ends_every_token_and_reset_link(secret, official, administrator):
    sent = []
    services.send_reset_link(official, by=administrator, at=timezone.now(), deliver=lambda user, address, until: sent.append(address))
    services.issue_initial_password(official, by=administrator, at=timezone.now())
    User.objects.filter(pk=official.pk).update(must_change_password=False)
    assert not opens(secret)
    assert Client().get(path_of(sent[0])).status_code == 410


def test_a_disabled_account_s_tokens_stay_dead_when_it_is_enabled_again(secret, official, administrator):
    services.disable_account(official, by=administrator, at=timezone.now())
    assert not opens(secret)
    services.enable_account(official, by=administrator, at=timezone.now())
    assert not opens(secret)


def test_no_token_is_made_from_a_session_whose_password_changed_meanwhile(official):
    stale = User.objects.get(pk=official.pk)
    services.change_password(official, new=OTHER, by=official, at=timezone.now() + timedelta(seconds=1))
    with pytest.raises(Refused, match="密码刚被修改"):
        services.create_token(stale, name="迟到的", scope="write", days=30, by=stale, at=timezone.now())
