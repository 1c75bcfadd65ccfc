"""AU-05: wrong passwords lock one account for one address, and tell nobody which accounts exist."""
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import LoginBudget

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
HERE, THERE = "192.0.2.7", "192.0.2.8"


def wrong(client, times, username="zhoulan", **more):
    return [client.post("/login/", {"username": username, "password": "wrong"}, REMOTE_ADDR=HERE, **more) for _ in range(times)]


def text(answer):
    return answer.content.decode()


def test_each_wrong_password_tells_the_tries_left(client, official):
    answers = wrong(client, 4)
    assert [answer.status_code for answer in answers] == [422] * 4
    for left, answer in zip((4, 3, 2, 1), answers, strict=True):
        assert f"还可尝试{left}次，之后锁定15分钟" in text(answer)


def test_the_fifth_locks_even_for_the_right_password_but_only_from_there(client, official):
    *_, fifth = wrong(client, 5)
    assert (fifth.status_code, "15分钟后再登录" in text(fifth)) == (429, True)
    right = client.post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=HERE)
    assert (right.status_code, "已锁定" in text(right)) == (429, True)
    assert Client().post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=THERE).status_code == 302


def test_the_lock_opens_after_fifteen_minutes_and_tries_while_locked_do_not_prolong_it(client, official):
    wrong(client, 5)
    LoginBudget.objects.update(spent_at=timezone.now() - timedelta(minutes=10))
    assert "5分钟后再登录" in text(wrong(client, 1)[0])
    LoginBudget.objects.update(spent_at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert client.post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=HERE).status_code == 302


def test_a_success_clears_the_count(client, official):
    wrong(client, 4)
    assert client.post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=HERE).status_code == 302
    assert "还可尝试4次" in text(wrong(Client(), 1)[0])


def test_other_spellings_and_browsers_share_the_count(client, official):
    wrong(client, 2)
    wrong(client, 2, username=" ZHOULAN", HTTP_USER_AGENT="another")
    assert wrong(client, 1, username="ｚｈｏｕｌａｎ", HTTP_USER_AGENT="third")[0].status_code == 429


def test_a_forged_forwarded_address_does_not_escape_the_lock(client, official):
    for n in range(5):
        wrong(client, 1, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    assert wrong(client, 1, HTTP_X_FORWARDED_FOR="198.51.100.99")[0].status_code == 429


def test_an_unknown_account_gets_the_same_answers(client, official):
    def without_name(answer, name):
        page = text(answer).replace(name, "NAME")
        return answer.status_code, page[page.index("<main") :].split("csrfmiddlewaretoken")[0], page.count("NAME")

    known = [without_name(answer, "zhoulan") for answer in wrong(client, 6)]
    unknown = [without_name(answer, "nobody0") for answer in wrong(Client(), 6, username="nobody0")]
    assert known == unknown


def test_an_unknown_account_costs_the_same_hash(client, official, settings, monkeypatch):
    """What takes the time is the hash; one for each attempt, whether the account exists or not (a clock would tell less)."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    official.set_password(PASSWORD)
    official.save()
    hashed = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self, password, salt, iterations=None):
        hashed.append(iterations or self.iterations)
        return encode(self, password, salt, 1)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)

    def cost(username, n):
        hashed.clear()
        client.post("/login/", {"username": username, "password": "wrong"}, REMOTE_ADDR=f"203.0.113.{n}")
        return list(hashed)

    assert cost("zhoulan", 1) == cost("nobody1", 2) == [PBKDF2PasswordHasher.iterations]


def test_the_books_hold_no_secret_and_no_typed_name(client, official):
    client.post("/login/?next=/secret-search/", {"username": "my-secret", "password": "other-secret", "carried": "typed-content"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(b::text, ' ') FROM accounts_loginbudget b")
        kept = cursor.fetchone()[0]
    assert not any(word in kept for word in ("my-secret", "other-secret", "typed-content", "secret-search"))


def test_wrong_step_up_passwords_count_too(client, official):
    client.post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=HERE)
    answers = [client.post("/step-up/", {"password": "wrong"}, REMOTE_ADDR=HERE) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]
    assert Client().post("/login/", {"username": "zhoulan", "password": PASSWORD}, REMOTE_ADDR=HERE).status_code == 429


@pytest.mark.parametrize("data", [{}, {"username": "zhoulan"}, {"password": "x"}, {"username": "z" * 151, "password": "x"}])
def test_an_incomplete_login_is_told_what_is_missing(client, official, data):
    answer = client.post("/login/", data)
    assert answer.status_code == 422
    assert any(words in text(answer) for words in ("填写账号", "填写密码", "账号不超过150个字符"))
    assert not LoginBudget.objects.exists()
