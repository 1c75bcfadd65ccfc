"""What a 系统管理员 of one company cannot reach by a sheet, and what an undo gives back."""

import base64
import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core.errors import Refused
from apps.exchange import committing
from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import rows_of
from apps.system.desk import version_of
from tests.kit import audit
from tests.kit.people import again, grant, user
from tests.kit.sheets import write_book
from tests.system.conftest import NOW
from tests.system.test_sheets import ACCOUNTS, faults

LEAVES = ["姓名", "职务", "人员类别", "在职状态"]


@pytest.fixture
def local(world):
    person = user("城建系统管理员")
    grant(person, "R22", world.company)
    return again(person)


def test_nobody_stops_an_account_that_reaches_further_by_sending_its_person_away(world, local, bring):
    grant(world.leader, "R05", world.group)
    batch = bring("person", LEAVES, ["王立成", "副总经理", "班子成员", "离职"], commit=False, by=local)
    assert "由上级单位的系统管理员维护" in faults(batch)[0]["name"]


def test_undo_gives_back_the_account_that_the_leaving_took(world, keeper, bring):
    batch = bring("person", LEAVES, ["许诺", "合同管理员", "职工", "离职"])
    assert not again(world.trade).is_active
    committing.undo(batch, by=again(keeper), at=NOW)
    assert again(world.trade).is_active


def test_undo_asks_for_the_right_of_now(world, local, keeper, bring):
    name = world.trade.username
    batch = bring("account", ACCOUNTS, [name, "许诺", "", "other@example.invalid", ""], by=local)
    grant(world.trade, "R05", world.group)
    with pytest.raises(Refused, match="已不由您维护"):
        committing.undo(batch, by=again(local), at=NOW)
    assert again(world.trade).email == "other@example.invalid"
    local.assignments.all().delete()
    with pytest.raises(Refused, match="已不由您维护"):
        committing.undo(batch, by=again(local), at=NOW)


def test_the_account_of_somebody_who_left_is_not_opened_again(world, keeper, bring):
    bring("person", LEAVES, ["许诺", "合同管理员", "职工", "离职"])
    batch = bring("account", ACCOUNTS, [world.trade.username, "许诺", "", "", "启用"], commit=False)
    assert faults(batch) == [{"is_active": "许诺已离职，账号不能启用"}]


def test_who_inspects_a_company_is_not_listed_there(world, local):
    grant(world.discipline, "R09", world.company)
    client = Client()
    client.force_login(local)
    assert "何涛" not in client.get("/system/accounts/").content.decode()


def test_two_people_of_one_sheet_do_not_share_a_number(world, bring):
    rows = [["张甲", "职员", "职工", "11010519491231002X"], ["张乙", "职员", "职工", "11010519491231002X"]]
    batch = bring("person", ["姓名", "职务", "人员类别", "身份证号"], *rows, commit=False)
    assert faults(batch) == [{}, {"id_number": "身份证号与本表中张甲的相同"}]


@pytest.mark.parametrize(
    ("register", "head", "row"),
    [
        ("units", ["单位代码", "单位全称", "简称", "层级"], ["XN", "M新能源有限公司", "M新能源", "三级子公司"]),
        ("departments", ["单位", "部门名称"], ["M城建", "成本部"]),
        ("posts", ["部门", "岗位名称"], ["工程管理部", "资料员"]),
        ("people", ["姓名", "职务", "人员类别"], ["钟离", "职员", "职工"]),
    ],
)
def test_the_result_of_an_import_is_shown_and_can_be_undone(world, keeper, tmp_path, register, head, row):
    client = Client()
    client.force_login(again(keeper))
    path = write_book(tmp_path / "a.xlsx", {"表": [head, row]})
    address = client.post(f"/system/{register}/import/", {"file": SimpleUploadedFile("a.xlsx", path.read_bytes())}).headers["Location"]
    batch = Batch.objects.get()
    columns = {f"column-{place}": field for place, field in _mapping(batch).items()}
    client.post(address, columns | {"unit": world.company.pk})
    done = client.post(f"{address}commit/", follow=True)
    assert (done.status_code, "已导入 1 行" in done.content.decode()) == (200, True)
    assert "已撤销导入" in client.post(f"{address}undo/", follow=True).content.decode()


def _mapping(batch):
    return {str(column["index"]): column["field"] for column in batch.chosen["columns"]}


def test_what_stood_in_a_sheet_of_people_is_forgotten_with_the_undo(world, keeper, bring):
    batch = bring("person", ["姓名", "职务", "人员类别"], ["钟离", "职员", "职工"])
    committing.forget_expired(at=NOW)
    assert rows_of(batch).exists()
    committing.forget_expired(at=NOW + datetime.timedelta(days=8))
    assert not BatchRow.objects.exists()
    assert Batch.objects.exists()


def test_a_searched_number_does_not_stand_in_the_audit(world, keeper):
    client = Client()
    client.force_login(again(keeper))
    for query in ("q=110101199003074477&active=1", "q=139+1234+5678"):
        assert b"".join(client.post("/system/people/export/", {"query": query}).streaming_content)
    told = [audit.after(event)["query"] for event in audit.events(event_type="exchange.exported")]
    assert told == ["q=***&active=1", "q=***"]


def test_what_tells_a_changed_row_is_keyed(world, settings):
    """It is stored in clear: without the key nobody compares it with numbers of his own making."""
    person = world.person("trade")
    before = version_of(person)
    settings.FIELD_KEY = base64.b64encode(b"another key of thirty-two bytes!").decode()
    assert version_of(person) != before
