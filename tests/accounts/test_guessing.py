"""AU-05: guesses from many networks or at the same moment find a limit, and the owner still gets in from his own desk."""
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import lockout
from apps.accounts.models import LoginBudget
from apps.core.errors import Refused

from .conftest import PASSWORD

HOME = "192.0.2.7"


def post(network, password="wrong", username="zhoulan"):
    return Client().post("/login/", {"username": username, "password": password}, REMOTE_ADDR=network)


def spread(times, *, first=1, username="zhoulan"):
    return [post(f"198.51.{n // 250}.{n % 250}", username=username).status_code for n in range(first, first + times)]


@pytest.mark.django_db
def test_guesses_from_ever_new_networks_find_a_limit_over_all_of_them(official):
    answers = spread(25)
    assert answers == [422] * 19 + [429] * 6
    refused = post("203.0.113.9", PASSWORD)
    assert refused.status_code == 429, "the right password must not tell a guesser that it is right"
    assert "在常用的电脑上登录" in refused.content.decode()


@pytest.mark.django_db
def test_the_owner_keeps_a_budget_of_his_own_where_he_logged_in_before(official):
    assert post(HOME, PASSWORD).status_code == 302
    spread(30)
    assert "还可尝试4次" in post(HOME).content.decode()
    assert post(HOME, PASSWORD).status_code == 302


@pytest.mark.django_db
def test_a_network_is_known_for_ninety_days(official):
    post(HOME, PASSWORD)
    LoginBudget.objects.filter(network=HOME).update(welcome_at=timezone.now() - timedelta(days=90))
    spread(20)
    assert post(HOME, PASSWORD).status_code == 429


@pytest.mark.django_db
def test_the_limit_over_all_networks_opens_after_an_hour(official):
    spread(20)
    LoginBudget.objects.update(spent_at=timezone.now() - timedelta(minutes=59))
    assert "1分钟后再登录" in post("203.0.113.9", PASSWORD).content.decode()
    LoginBudget.objects.update(spent_at=timezone.now() - timedelta(hours=1))
    assert post("203.0.113.9", PASSWORD).status_code == 302


@pytest.mark.django_db
def test_right_passwords_spend_nothing(official):
    assert [post(f"198.51.100.{n}", PASSWORD).status_code for n in range(25)] == [302] * 25


@pytest.mark.django_db
def test_the_last_tries_of_all_are_counted_down(official):
    spread(16)
    assert "还可尝试3次，之后锁定60分钟" in post("203.0.113.9").content.decode()


@pytest.mark.django_db
def test_an_account_nobody_has_answers_the_same(official):
    assert spread(25, username="nobody0") == spread(25, first=500)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:2"), ("192.0.2.7", "192.0.2.7"), (None, None)],
)
def test_a_household_is_one_network(one, other):
    assert lockout.network_of(one) == lockout.network_of(other)


def test_neighbours_are_different_networks():
    assert len({lockout.network_of(ip) for ip in ("192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:db8:0:1::1", None)}) == 5


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_no_more_than_the_limit_are_compared(official, monkeypatch):
    compared, together = [], threading.Barrier(16)

    def slow(self, request, **credentials):
        compared.append(credentials["password"])
        threading.Event().wait(0.2)  # all the others come in the meantime

    monkeypatch.setattr(ModelBackend, "authenticate", slow)
    answers = []

    def guess(n):
        try:
            together.wait()
            answers.append(post(HOME, f"guess-{n}").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == 5
    assert sorted(answers) == [422] * 4 + [429] * 12


@pytest.mark.django_db
def test_what_no_longer_counts_is_forgotten_and_known_networks_are_not(official):
    now = timezone.now()
    post(HOME, PASSWORD)
    spread(3)
    assert lockout.purge(at=now + timedelta(hours=23)) == 0
    assert lockout.purge(at=now + timedelta(days=2)) == 4  # three strange ones, and the budget they share
    assert list(LoginBudget.objects.values_list("network", flat=True)) == [HOME]
    assert lockout.purge(at=now + timedelta(days=91)) == 1


@pytest.mark.django_db
def test_a_refused_try_costs_nothing_in_the_budget_of_all(official):
    for _ in range(30):
        post(HOME)
    shared = LoginBudget.objects.get(network=lockout.EVERYWHERE)
    assert shared.spent == 5
    with pytest.raises(Refused):
        lockout.take("zhoulan", ip=HOME, at=timezone.now())
