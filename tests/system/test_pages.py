"""The pages of 系统管理 over the directory: who finds them, what they show, and initial passwords handed out once."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.org.models import Person
from apps.system import passwords
from tests.kit import audit
from tests.kit.people import again, grant, staff, user
from tests.kit.sheets import sheets_of

PLACES = ["units", "departments", "posts", "people", "accounts"]


@pytest.fixture
def desk(keeper):
    client = Client()
    client.force_login(again(keeper))
    return client


@pytest.fixture
def proved(desk):
    """The same, the password just given."""

    from apps.accounts import rules

    session = desk.session
    session[rules.STEPPED_UP_KEY] = timezone.now().isoformat()
    session.save()
    return desk


def opened(path, content):
    path.write_bytes(content)
    return sheets_of(path)[0]["rows"]


def fresh(world, count, **more):
    """Accounts nobody logged in by."""
    made = []
    for n in range(count):
        account = user(f"新人{n}", **more)
        Person.objects.create(unit=world.company, name=f"新人{n}", title="职员", category="staff", account=account)
        made.append(account)
    return made


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("who", ["clerk", "discipline", "secretary"])
def test_whoever_does_not_keep_the_directory_finds_no_such_page(world, place, who):
    client = Client()
    client.force_login(again(world.people[who]))
    assert client.get(f"/system/{place}/").status_code == 404
    assert client.post(f"/system/{place}/export/").status_code == 404
    assert client.get(f"/system/{place}/import/").status_code == 404


def test_the_keeper_of_one_company_sees_that_company_alone(world):
    local = user("城建系统管理员")
    grant(local, "R22", world.company)
    client = Client()
    client.force_login(again(local))
    assert [row.record for row in client.get("/system/units/").context["table"].rows] == [world.company]
    assert "方圆" not in client.get("/system/people/").content.decode()
    assert "方圆" not in client.get("/system/accounts/").content.decode()


@pytest.mark.parametrize(
    ("place", "query", "shown", "hidden"),
    [
        ("units", "q=物业", "M城建物业", "M资产"),
        ("units", "kind=third", "M城建物业", "M资产"),
        ("units", "unit={company}", "M城建", "M城建物业"),
        ("units", "unit={company}&below=on", "M城建物业", "M资产"),
        ("departments", "unit={company}&q=工程", "工程管理部", "综合办公室"),
        ("posts", "key=on", "", "现场工程师"),
        ("people", "q=孙莉", "孙莉", "赵静"),
        ("people", "q=13800000011", "赵静", "孙莉"),
        ("people", "active=0", "许诺", "孙莉"),
        ("people", "category=leader", "王立成", "孙莉"),
        ("people", "category=nonsense", "", "孙莉"),
        ("accounts", "q=方圆&unit={other}", "方圆", "孙莉"),
    ],
)
def test_a_list_is_narrowed(world, desk, place, query, shown, hidden):
    head = world.person("head")
    head.phone = "13800000011"
    head.save()
    Person.objects.filter(pk=world.person("trade").pk).update(is_active=False)
    def names(query):
        rows = desk.get(f"/system/{place}/?{query}").context["table"].data.data
        return {getattr(row, "short_name", row.name) for row in rows}

    every, found = names(""), names(query.format(company=world.company.pk, other=world.other.pk))
    assert hidden in every
    assert hidden not in found
    assert shown in found if shown else not found


def test_a_list_asks_as_often_for_many_as_for_few(world, desk):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(place):
        with CaptureQueriesContext(connection) as found:
            desk.get(f"/system/{place}/")
        return len(found)

    asked("units")  # what is asked once by a process
    before = {place: asked(place) for place in PLACES}
    for n in range(5):
        staff(f"职工{n}", world.company, "R20", within=world.office)
    assert {place: asked(place) for place in PLACES} == before
    assert max(before.values()) <= 12


def test_passwords_ask_for_the_own_password_first(world, desk):
    account = fresh(world, 1)[0]
    answer = desk.post("/system/accounts/passwords/", {"pk": [account.pk]})
    assert answer.status_code != 200 or "密码" in answer.content.decode()
    assert not again(account).has_usable_password()


def test_a_fresh_password_is_in_the_sheet_and_nowhere_else(world, proved, tmp_path):
    account, used = fresh(world, 2)
    User.objects.filter(pk=used.pk).update(last_login="2026-05-01T10:00+08:00")
    answer = proved.post("/system/accounts/passwords/", {"pk": [account.pk, used.pk]})
    rows = opened(tmp_path / "a.xlsx", b"".join(answer.streaming_content))
    line = next(row for row in rows if account.username in row)
    assert again(account).check_password(line[3])
    assert again(account).must_change_password
    assert not any(used.username in row for row in rows)
    assert audit.event(event_type="account.initial_password").object_id == str(account.pk)
    assert line[3] not in str(audit.events())


def test_passwords_are_for_those_of_the_filter_when_all_are_chosen(world, proved, tmp_path):
    account = fresh(world, 1)[0]
    answer = proved.post("/system/accounts/passwords/", {"all": "1", "query": "q=新人"})
    rows = opened(tmp_path / "a.xlsx", b"".join(answer.streaming_content))
    assert [row[2] for row in rows if row[1:2] == ["新人0"]] == [account.username]


def test_who_got_rights_or_logged_in_meanwhile_keeps_what_he_has(world, keeper, tmp_path):
    accounts = fresh(world, 2)
    grant(accounts[0], "R20", world.company)
    assert passwords.write(tmp_path / "a.xlsx", accounts, by=again(keeper), at=timezone.now()) == 2
    rows = sheets_of(tmp_path / "a.xlsx")[0]["rows"][-2:]
    assert rows[0][3:] == ["", "已登录、已停用或已授权，不发放初始密码"]
    assert (again(accounts[0]).has_usable_password(), again(accounts[1]).has_usable_password()) == (False, True)


def test_nothing_chosen_and_nobody_waiting_are_said(world, proved):
    for posted in ({}, {"pk": [fresh(world, 1, is_active=False)[0].pk]}):
        answer = proved.post("/system/accounts/passwords/", posted, follow=True)
        assert "不能发放初始密码" in answer.content.decode()


def test_more_than_fifty_at_once_are_refused(world, proved, monkeypatch):
    monkeypatch.setattr(passwords, "MOST", 2)
    chosen = fresh(world, 3)
    answer = proved.post("/system/accounts/passwords/", {"pk": [one.pk for one in chosen]}, follow=True)
    assert "一次最多发放 2 个" in answer.content.decode()
    assert not any(again(one).has_usable_password() for one in chosen)


def test_an_account_that_reaches_further_gets_no_password_here(world):

    from apps.accounts import rules

    local = user("城建系统管理员")
    grant(local, "R22", world.company)
    client = Client()
    client.force_login(again(local))
    session = client.session
    session[rules.STEPPED_UP_KEY] = timezone.now().isoformat()
    session.save()
    grant(world.discipline, "R14", world.company)
    User.objects.filter(pk=world.discipline.pk).update(last_login=None)
    client.post("/system/accounts/passwords/", {"pk": [world.discipline.pk]})
    assert again(world.discipline).password == world.discipline.password


def test_the_directory_goes_out_by_the_filter(world, desk, tmp_path):
    answer = desk.post("/system/people/export/", {"query": "q=孙莉", "kind": "xlsx"})
    rows = opened(tmp_path / "a.xlsx", b"".join(answer.streaming_content))
    head = next(row for row in rows if "姓名" in row)
    assert [row[head.index("姓名")] for row in rows[rows.index(head) + 1 :] if any(row)] == ["孙莉"]
    assert any("条件：关键词：孙莉" in cell for row in rows for cell in row)
