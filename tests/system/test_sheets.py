"""Units, departments, posts, people and accounts in and out as sheets: found by their keys, checked by the forms, undone."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import remove_account
from apps.core.errors import Refused
from apps.exchange import committing, services
from apps.exchange.models import BatchRow
from apps.exchange.queries import rows_of
from apps.org.models import Department, Person, Post, Unit
from apps.system import queries
from tests.kit import audit
from tests.kit.people import again, department, grant, post, staff, user
from tests.kit.sheets import sheets_of
from tests.system.conftest import NOW

UNITS = ["单位代码", "单位全称", "简称", "层级", "上级单位"]
PEOPLE = ["人员编号", "单位", "部门", "岗位", "姓名", "职务", "人员类别", "身份证号", "手机号", "在职状态"]
NUMBER = "11010519491231002X"


def faults(batch):
    return [row.faults for row in rows_of(batch)]


# -- units -----------------------------------------------------------------------------------------------------------


def test_units_come_with_their_parents_in_one_sheet_and_go_again_from_below(world, keeper, bring):
    batch = bring(
        "unit", UNITS, ["XN", "M新能源有限公司", "M新能源", "二级", ""], ["XA", "M风电有限公司", "M风电", "三级子公司", "M新能源"],
        unit=world.group,
    )  # fmt: skip
    upper, lower = Unit.objects.get(code="XN"), Unit.objects.get(code="XA")
    assert (upper.parent, lower.parent, lower.path) == (world.group, upper, f"{upper.path}{lower.pk:06d}/")
    assert audit.events(event_type="unit.created")[-1].object_id == str(lower.pk)
    assert committing.undo(batch, by=keeper, at=NOW) == 2
    assert not Unit.objects.filter(code__in=["XN", "XA"]).exists()


def test_a_unit_is_found_by_its_code_and_what_the_sheet_leaves_out_stays(world, keeper, bring):
    batch = bring("unit", UNITS[:4], ["CJ", "M城市建设开发有限公司", "M城建", "二级子公司"])
    world.company.refresh_from_db()
    assert (world.company.name, world.company.parent) == ("M城市建设开发有限公司", world.group)
    assert "单位全称：M城建开发有限公司 → M城市建设开发有限公司" in rows_of(batch).get().hints["update"]
    committing.undo(batch, by=keeper, at=NOW)
    world.company.refresh_from_db()
    assert world.company.name == "M城建开发有限公司"


def test_a_unit_that_gets_another_parent_takes_those_below_along(world, keeper, bring):
    bring("unit", UNITS, ["WY", "M城建物业服务有限公司", "M城建物业", "三级子公司", "ZC"])
    world.third.refresh_from_db()
    assert world.third.parent == world.other
    assert world.third.path.startswith(world.other.path)


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (["xn", "甲", "甲", "二级子公司", ""], "code", "大写字母"),
        (["XN", "甲", "甲", "集团（一级企业）", ""], "kind", "层级须低于上级单位"),
        (["XN", "甲", "甲", "二级子公司", "不存在的公司"], "parent", "没有单位“不存在的公司”"),
        (["CJ", "甲", "甲", "二级子公司", "M城建物业"], "parent", "不能是本单位或其下级单位"),
        (["XN", "甲", "", "二级子公司", ""], "short_name", "填写简称"),
    ],
)
def test_a_unit_that_does_not_fit_is_said_beside_its_cell(world, bring, row, field, said):
    found = faults(bring("unit", UNITS, row, unit=world.group, commit=False))[0]
    assert said in found[field]


def test_the_rank_is_also_held_against_a_parent_of_the_same_sheet(world, bring):
    rows = [["XN", "甲公司", "甲", "三级子公司", ""], ["XA", "乙公司", "乙", "二级子公司", "甲"]]
    assert faults(bring("unit", UNITS, *rows, unit=world.group, commit=False)) == [{}, {"kind": "层级须低于上级单位"}]


def test_a_unit_somebody_uses_is_not_taken_back(world, keeper, bring):
    batch = bring("unit", UNITS, ["XN", "M新能源有限公司", "M新能源", "二级子公司", ""], unit=world.group)
    department(Unit.objects.get(code="XN"), "综合部")
    with pytest.raises(Refused, match="已被引用"):
        committing.undo(batch, by=keeper, at=NOW)
    assert Unit.objects.filter(code="XN").exists()


# -- departments and posts -------------------------------------------------------------------------------------------


def test_departments_name_their_head_and_leader(world, keeper, bring):
    rows = [["M城建", "工程管理部", "赵静", ""], ["CJ", "成本部", "", "王立成"]]
    batch = bring("department", ["单位", "部门名称", "部门负责人", "分管领导"], *rows)
    assert Department.objects.get(name="工程管理部").leader is None
    assert Department.objects.get(name="成本部").leader == world.person("leader")
    committing.undo(batch, by=keeper, at=NOW)
    assert Department.objects.get(name="工程管理部").leader == world.person("leader")
    assert not Department.objects.filter(name="成本部").exists()


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (["M城建", "成本部", "无此人", ""], "head", "没有人员“无此人”，先导入人员"),
        (["M城建", "成本部", "", "赵静"], "leader", "分管领导应为班子成员，赵静的人员类别为中层正职"),
        (["M城建", "成本部", "何涛", ""], "head", "M城建没有人员“何涛”"),
        (["无此单位", "成本部", "", ""], "unit", "没有单位“无此单位”"),
    ],
)
def test_a_department_that_does_not_fit_is_said_beside_its_cell(world, bring, row, field, said):
    found = faults(bring("department", ["单位", "部门名称", "部门负责人", "分管领导"], row, commit=False))[0]
    assert said in found[field]


def test_posts_are_told_apart_by_their_department(world, bring):
    post(world.office, "现场工程师")
    bring("post", ["部门", "岗位名称", "关键岗位"], ["工程管理部", "现场工程师", "是"], ["综合办公室", "档案员", "否"])
    assert [p.is_key for p in Post.objects.filter(name="现场工程师").order_by("pk")] == [True, False]
    assert Post.objects.get(name="档案员").department == world.office


def test_a_row_twice_in_a_sheet_is_a_fault(world, bring):
    row = ["工程管理部", "现场工程师"]
    assert "出现两次" in faults(bring("post", ["部门", "岗位名称"], row, row, commit=False))[1]["name"]


# -- people ----------------------------------------------------------------------------------------------------------


def test_people_are_found_by_number_by_identity_card_and_by_name(world, keeper, bring):
    old = world.person("trade")
    rows = [
        [old.number, "", "工程管理部", "", "许诺", "合同主管", "一般职工", "", "", ""],
        ["", "M城建", "工程管理部", "现场工程师", "钟离", "现场工程师", "关键岗位", NUMBER, "13800000011", "在职"],
        ["", "M城建", "工程管理部", "", "赵静", "工程管理部经理", "中层正职", "", "", ""],
    ]
    batch = bring("person", PEOPLE, *rows)
    new = Person.objects.get(name="钟离")
    assert (new.unit, new.department, new.post, new.id_number, new.phone) == (
        world.company, world.works, world.engineer, NUMBER, "13800000011",
    )  # fmt: skip
    assert again(world.trade).person.title == "合同主管"
    assert [row.does for row in rows_of(batch)] == ["update", "new", "same"]
    assert NUMBER not in str(audit.after(audit.event(event_type="person.created")))
    again_batch = bring("person", PEOPLE, ["", "M城建", "", "", "钟离", "现场工程师", "关键岗位", NUMBER, "", ""], commit=False)
    assert "手机号已更改" in rows_of(again_batch).get().hints["update"]
    committing.undo(batch, by=keeper, at=NOW)
    assert (again(world.trade).person.title, Person.objects.filter(name="钟离").exists()) == ("合同管理员", False)


def test_namesakes_ask_for_the_number(world, bring):
    staff("赵静", world.company)
    head = ["姓名", "职务", "人员类别"]
    assert faults(bring("person", head, ["赵静", "工程师", "一般职工"], commit=False)) == [{"name": "同名人员，请填写人员编号"}]
    found = faults(bring("department", ["部门名称", "部门负责人"], ["成本部", "赵静"], commit=False))
    assert found == [{"head": "同名人员，请填写人员编号"}]
    number = world.person("head").number
    assert faults(bring("department", ["部门名称", "部门负责人"], ["成本部", number], commit=False)) == [{}]


def test_a_number_nobody_has_and_a_wrong_identity_card_are_said(world, bring):
    rows = [["RY999999", "", "", "", "甲", "职员", "一般职工", "", "", ""]]
    rows += [["", "", "", "", "乙", "职员", "一般职工", NUMBER[:-1] + "1", "1", ""]]
    first, second = faults(bring("person", PEOPLE, *rows, commit=False))
    assert "没有此编号的人员" in first["number"]
    assert set(second) == {"id_number", "phone"}


def test_what_stood_in_a_sheet_is_stored_encrypted(world, bring):
    bring("person", PEOPLE, ["", "", "", "", "钟离", "职员", "一般职工", NUMBER, "13800000011", ""])
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM exchange_batchrow r")
        text = "".join(row[0] for row in cursor.fetchall())
    assert NUMBER not in text
    assert "13800000011" not in text
    assert BatchRow.objects.get().cells[7] == NUMBER


def test_who_leaves_loses_the_account(world, bring):
    bring("person", ["姓名", "职务", "人员类别", "在职状态"], ["许诺", "合同管理员", "一般职工", "离职"])
    assert (again(world.trade).is_active, again(world.trade).person.is_active) == (False, False)


def test_a_row_somebody_changed_after_it_was_checked_is_not_overwritten(world, keeper, bring, monkeypatch):
    batch = bring("person", ["姓名", "职务", "人员类别"], ["许诺", "合同主管", "一般职工"], commit=False)
    write = committing._write

    def meanwhile(*args, **kwargs):
        Person.objects.filter(name="许诺").update(title="项目经理")
        return write(*args, **kwargs)

    monkeypatch.setattr(committing, "_write", meanwhile)
    with pytest.raises(Refused, match="许诺校验之后已被修改"):
        committing.commit(batch, by=keeper, at=NOW)
    assert again(world.trade).person.title == "项目经理"


# -- accounts --------------------------------------------------------------------------------------------------------

ACCOUNTS = ["账号", "姓名", "人员编号", "邮箱", "启用状态"]


@pytest.fixture
def newcomer(world):
    return Person.objects.create(unit=world.company, name="钟离", title="职员", category="staff")


def test_accounts_belong_to_registered_people_and_open_nothing_yet(world, keeper, newcomer, bring):
    batch = bring("account", ACCOUNTS, ["ZhongLi", "钟离", "", "zl@example.invalid", ""])
    made = User.objects.get(username="zhongli")
    assert (made.person, made.has_usable_password(), made.must_change_password) == (newcomer, False, True)
    assert not made.assignments.exists()
    assert committing.undo(batch, by=keeper, at=NOW) == 1
    newcomer.refresh_from_db()
    assert (newcomer.account, User.objects.filter(username="zhongli").exists()) == (None, False)


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (["zl", "无此人", "", "", ""], "name", "没有人员“无此人”，先导入人员"),
        (["zl", "赵静", "", "", ""], "person", "一人一个账号"),
        (["z l", "钟离", "", "", ""], "username", ""),
        (["zl", "钟离", "", "x", ""], "email", ""),
    ],
)
def test_an_account_that_does_not_fit_is_said_beside_its_cell(world, newcomer, bring, row, field, said):
    found = faults(bring("account", ACCOUNTS, row, commit=False))[0]
    assert said in found[field]


def test_accounts_are_changed_disabled_and_given_back(world, keeper, bring):
    name = world.trade.username
    batch = bring("account", ACCOUNTS, [name, "许诺", "", "xn@example.invalid", "停用"])
    assert (again(world.trade).is_active, again(world.trade).email) == (False, "xn@example.invalid")
    committing.undo(batch, by=keeper, at=NOW)
    assert (again(world.trade).is_active, again(world.trade).email) == (True, "")


def test_an_account_nobody_used_passes_to_another_person(world, keeper, newcomer, bring):
    bring("account", ACCOUNTS, ["zhongli", "钟离", "", "", ""])
    other = Person.objects.create(unit=world.company, name="钟离安", title="职员", category="staff")
    bring("account", ACCOUNTS, ["zhongli", "钟离", other.number, "", ""])
    newcomer.refresh_from_db()
    assert (User.objects.get(username="zhongli").person, newcomer.account) == (other, None)


def test_an_account_with_rights_stays_with_its_person(world, newcomer, bring):
    batch = bring("account", ACCOUNTS, [world.trade.username, "许诺", newcomer.number, "", ""], commit=False)
    assert faults(batch) == [{"person": "账号已有权限或已使用，不能转给钟离，为其另开账号"}]


def test_who_keeps_one_company_does_not_touch_an_account_that_reaches_further(world, bring):
    local = user("城建系统管理员")
    grant(local, "R22", world.company)
    grant(world.trade, "R20", world.other)  # lent to a sister company
    grant(world.discipline, "R14", world.company)  # of the group, with a right here
    rows = [[world.trade.username, "许诺", "", "a@example.invalid", "启用"], [world.discipline.username, "何涛", "", "", "停用"]]
    batch = bring("account", ACCOUNTS, *rows, commit=False, by=again(local))
    assert [found["username"] for found in faults(batch)] == [
        "许诺的账号在其他单位也有权限，由上级单位的系统管理员维护，此行选择不导入", "此账号已存在，换一个账号",
    ]  # fmt: skip
    grant(world.lawyer, "R11", world.company, include_subtree=True)  # reaches a third company, which he does not keep
    managed = set(queries.accounts_managed(again(local), on=NOW.date()))
    assert managed & {world.trade, world.discipline, world.lawyer} == set()
    assert world.clerk in managed


def test_an_account_somebody_used_is_not_taken_back(world, keeper, newcomer, bring):
    batch = bring("account", ACCOUNTS, ["zhongli", "钟离", "", "", ""])
    User.objects.filter(username="zhongli").update(last_login=timezone.now())
    with pytest.raises(Refused, match="已被修改或办理"):
        committing.undo(batch, by=keeper, at=NOW)


def test_an_account_that_got_rights_or_logged_in_is_kept(world, keeper, newcomer, bring):
    bring("account", ACCOUNTS, ["zhongli", "钟离", "", "", ""])
    account = User.objects.get(username="zhongli")
    grant(account, "R20", world.company)
    with pytest.raises(Refused, match="已授权或已有记录，不能删除，可以停用"):
        remove_account(account, by=keeper, at=NOW)
    User.objects.filter(pk=account.pk).update(last_login=NOW)
    with pytest.raises(Refused, match="已登录过，不能删除，可以停用"):
        remove_account(account, by=keeper, at=NOW)
    assert User.objects.filter(pk=account.pk).exists()


# -- out and in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("register", ["unit", "department", "post", "person", "account"])
def test_what_went_out_comes_in_without_a_difference(world, keeper, register, tmp_path):
    staff("许诺", world.company, title="另一个许诺")  # a namesake
    Person.objects.filter(pk=world.person("head").pk).update(id_number=NUMBER)
    head = world.person("head")
    head.id_number, head.phone = NUMBER, "13800000011"
    head.save()
    client = Client()
    client.force_login(keeper)
    place = {"unit": "units", "department": "departments", "post": "posts", "person": "people", "account": "accounts"}[register]
    answer = client.post(f"/system/{place}/export/", {"kind": "xlsx"})
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    text = str(sheets_of(path)[0]["rows"])
    assert NUMBER not in text
    assert ("110105********002X" in text) == (register == "person")
    batch = services.open_batch(register, path=path, file_name="out.xlsx", by=keeper, at=NOW)
    seen = services.proposal(batch, None)
    mapped = {"mapping": seen["mapping"], "answers": seen["answers"], "splits": False, "same": {}}
    services.arrange(batch, unit=world.group, **mapped, by=keeper, at=NOW)
    found = list(rows_of(batch))
    assert found
    assert [(row.number, row.faults, row.does) for row in found if row.faults or row.does != "same"] == []
