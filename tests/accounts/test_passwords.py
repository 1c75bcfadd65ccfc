"""AU-02, AU-03, AU-04: which passwords are taken, how long they last, and the first one."""
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import User
from apps.core.errors import Refused

from .conftest import OTHER, PASSWORD, sign_in

pytestmark = pytest.mark.django_db

BAD = {
    "Ab1!": "不少于12位，现有4位",
    "Hulan-7tong": "不少于12位，现有11位",
    "hulantongxieshan": "现有1类",
    "hulan7tong2xieshan": "现有2类",
    "Zhoulan-7tong-Xie": "账号、姓名或邮箱名",
    "xie-ZHOULAN-7tong": "账号、姓名或邮箱名",
    "ｚｈｏｕｌａｎ-7tong-Xie": "账号、姓名或邮箱名",
    "周岚-Tong7-xieshan": "账号、姓名或邮箱名",
    "Mailname-7tong-X": "账号、姓名或邮箱名",
    "Qinglian-7tong-X": "平台名称",
    "Xie-7tong-清廉-Y": "平台名称",
    "Hulan-tong-2026": "年份",
    "Hulan1998-tong": "年份",
    "Password-7!7!": "过于常见",
    "P@ssw0rd!!!99": "过于常见",
    "Adm1nistrator!": "过于常见",
    "Tong-123456-Xie": "连续字符",
    "Tong-654321-Xie": "连续字符",
    "Xie!7qwertyTong": "连续字符",
    "Tong-7aaaa-Xie-2": "同一字符",
    "T" * 60 + "o-7n" * 20: "不超过128位，现有140位",
}


@pytest.mark.parametrize(("password", "fault"), BAD.items())
def test_a_weak_password_is_refused_with_the_reason(inside, official, password, fault):
    services.change_details(official, email="mailname@example.invalid", by=official, at=timezone.now())
    answer = inside.post("/password/", {"old_password": PASSWORD, "new_password": password, "repeated": password})
    assert answer.status_code == 422
    assert fault in answer.content.decode()
    official.refresh_from_db()
    assert official.check_password(PASSWORD)


STRONG = [OTHER, "hu LAN tong 7 xie", "松柏长青-Tong7-xie!", "Tong7" + "-xieshan" * 15, "aB3$" + "tongxie-" * 2]


@pytest.mark.parametrize("password", STRONG)
def test_a_strong_password_is_taken_and_opens_the_account(inside, password):
    answer = inside.post("/password/", {"old_password": PASSWORD, "new_password": password, "repeated": password})
    assert answer.status_code == 302
    assert sign_in(Client(), password=password).status_code == 302


def test_nothing_is_cut_off(inside):
    long = "Tong7-xieshan" + "-Yun8he" * 10
    assert len(long) > 80
    inside.post("/password/", {"old_password": PASSWORD, "new_password": long, "repeated": long})
    assert sign_in(Client(), password=long[:72]).status_code == 422
    assert sign_in(Client(), password=long + " ").status_code == 422
    assert sign_in(Client(), password=long).status_code == 302


def test_a_password_beyond_128_is_refused_by_the_service_too(official):
    with pytest.raises(Refused, match="不超过128位，现有140位"):
        services.change_password(official, new="To7-" * 35, by=official, at=timezone.now())


def test_a_password_without_an_account_is_judged_by_the_general_rules():
    validate_password(OTHER)
    with pytest.raises(ValidationError):
        validate_password("short")


def test_the_two_entries_must_agree_and_the_present_password_be_right(inside):
    answer = inside.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER + "x"})
    assert (answer.status_code, "两次输入的新密码不一致" in answer.content.decode()) == (422, True)
    answer = inside.post("/password/", {"old_password": "wrong", "new_password": OTHER, "repeated": OTHER})
    assert (answer.status_code, "还可尝试4次" in answer.content.decode()) == (422, True)


def test_the_last_five_passwords_are_refused_and_the_sixth_is_free_again(official):
    made = [f"Jiepai-{word}-7yun" for word in ("song", "hai", "tian", "lin", "feng")]
    for password in made[:4]:
        services.change_password(official, new=password, by=official, at=timezone.now())
    for known in [PASSWORD, *made[:4]]:
        with pytest.raises(Refused, match="最近5次"):
            services.change_password(official, new=known, by=official, at=timezone.now())
    services.change_password(official, new=made[4], by=official, at=timezone.now())
    services.change_password(official, new=PASSWORD, by=official, at=timezone.now())


def test_an_expired_password_leaves_only_the_change_page_and_logout(inside, official):
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=90, seconds=1))
    assert inside.get("/records/").headers["Location"] == "/password/"
    assert inside.get("/records/", HTTP_HX_REQUEST="true").headers["HX-Redirect"] == "/password/"
    answer = inside.get("/api/v1/probe/")
    assert (answer.status_code, answer.json()["code"]) == (403, "password_expired")
    assert inside.get("/records/", HTTP_ACCEPT="application/json").json()["code"] == "password_expired"
    assert "密码已满90天" in inside.get("/password/").content.decode()
    assert inside.get("/session/").json()["state"] == "active"
    inside.post("/password/", {"old_password": PASSWORD, "new_password": OTHER, "repeated": OTHER})
    assert inside.get("/records/").status_code == 200


def test_an_expired_user_can_log_out(inside):
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=91))
    assert inside.post("/logout/").headers["Location"] == "/login/"


def test_a_password_of_89_days_still_does(inside):
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=89))
    assert inside.get("/records/").status_code == 200


@pytest.fixture
def newcomer(administrator):
    """A fresh account and its initial password."""
    return services.create_account("Chenyu ", name="陈雨", email="chenyu@example.invalid", by=administrator, at=timezone.now())


def test_the_first_login_must_change_the_password(client, newcomer):
    user, initial = newcomer
    assert user.username == "chenyu"
    assert sign_in(client, "chenyu", initial).status_code == 302
    assert client.get("/").headers["Location"] == "/password/"
    assert "首次登录须修改初始密码" in client.get("/password/").content.decode()
    client.post("/password/", {"old_password": initial, "new_password": OTHER, "repeated": OTHER})
    assert client.get("/").status_code == 200
    assert sign_in(Client(), "chenyu", OTHER).status_code == 302


def test_an_initial_password_opens_one_login(client, newcomer):
    sign_in(client, "chenyu", newcomer[1])
    answer = sign_in(Client(), "chenyu", newcomer[1])
    assert (answer.status_code, "只能使用一次" in answer.content.decode()) == (422, True)
    with pytest.raises(Refused):
        services.open_session(newcomer[0], at=timezone.now())


def test_an_initial_password_dies_after_72_hours(client, newcomer, administrator):
    User.objects.filter(pk=newcomer[0].pk).update(initial_password_at=timezone.now() - timedelta(hours=72))
    answer = sign_in(client, "chenyu", newcomer[1])
    assert (answer.status_code, "超过72小时" in answer.content.decode()) == (422, True)
    again = services.issue_initial_password(newcomer[0], by=administrator, at=timezone.now())
    assert again != newcomer[1]
    assert sign_in(client, "chenyu", again).status_code == 302


def test_initial_passwords_are_long_mixed_and_never_the_same(administrator):
    made = {services.create_account(f"clerk{n}", name="职工", by=administrator, at=timezone.now())[1] for n in range(5)}
    assert len(made) == 5
    for password in made:
        assert len(password) == 16
        assert all(any(test(c) for c in password) for test in (str.isupper, str.islower, str.isdigit))


@pytest.mark.parametrize("name", ["admin", "root", "sysadm", "administrator", "test", "demo"])
def test_there_is_no_account_out_of_the_box(client, name):
    assert not User.objects.exists()
    assert sign_in(client, name, name).status_code == 422


def test_there_can_be_no_superuser(official):
    with pytest.raises(CommandError, match="不设超级用户"):
        call_command("createsuperuser", interactive=False, username="root", name="根")
    with pytest.raises(IntegrityError, match="no_superuser"), transaction.atomic():
        User.objects.filter(pk=official.pk).update(is_superuser=True)


@pytest.mark.parametrize("name", ["x", "含中文", "a b", "-abc", "a" * 41])
def test_a_user_name_is_plain(administrator, name):
    with pytest.raises(Refused) as caught:
        services.create_account(name, name="某人", by=administrator, at=timezone.now())
    assert caught.value.field == "username"


def test_a_name_is_taken_once_whatever_its_case(administrator, official):
    with pytest.raises(Refused, match="已存在"):
        services.create_account("ZhouLan", name="某人", by=administrator, at=timezone.now())


def test_bad_contact_data_is_refused_at_its_field(administrator):
    with pytest.raises(Refused) as caught:
        services.create_account("chenyu", name="陈雨", phone="12345", by=administrator, at=timezone.now())
    assert caught.value.field == "phone"


def test_the_own_validators_are_the_ones_in_force(rf, official):
    assert authenticate(rf.post("/login/"), username="zhoulan", password=PASSWORD) == official
