"""批量导入 on its pages: upload, columns, rows, import, undo; by its owner alone."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.exchange.models import Batch
from apps.risks.models import RiskPoint
from tests.kit.people import again
from tests.kit.sheets import write_book

HEAD = ["序号", "科室", "风险类别", "风险点", "表现形式", "风险等级", "防控措施", "部门负责人"]
FINE = ["1", "工程管理部", "岗位职责风险", "公车管理", "公车私用、违规加油及维修，报销把关不严。", "1", "登记备案", "赵静"]
GAP = ["2", "工程管理部", "业务流程风险", "", "过度设计、设计不合理，造成资源浪费。", "2", "", "科室负责人"]


@pytest.fixture(autouse=True)
def plain_static(settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def clerk(world):
    client = Client()
    client.force_login(again(world.clerk))
    return client


@pytest.fixture
def upload(clerk, tmp_path):
    def send(*rows, head=HEAD, name="一览表.xlsx", **sheets):
        path = write_book(tmp_path / "a.xlsx", {"台账": [head, *rows]} | sheets)
        return clerk.post("/risks/import/", {"file": SimpleUploadedFile(name, path.read_bytes())})

    return send


def columns_of(page):
    """What the page of the columns would post as it stands."""
    html = page.content.decode()
    chosen = {}
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        on = re.search(r'<option value="([^"]*)" selected', body)
        chosen[name] = on[1] if on else ""
    return chosen | dict(re.findall(r'<input type="hidden" name="(text-[^"]+)" value="([^"]*)"', html))


def test_the_way_of_a_sheet_from_upload_to_drafts(clerk, upload, world):
    address = upload(FINE, GAP).headers["Location"]
    page = clerk.get(address)
    posted = columns_of(page)
    assert (posted["column-3"], posted["column-4"], posted["column-0"]) == ("name", "manifestation", "")
    assert "表中用序号表示等级" in page.content.decode()
    assert posted["key-level-0"] == "high"
    refused = clerk.post(address, posted)
    assert (refused.status_code, "勾选“已核对”后继续" in refused.content.decode()) == (422, True)
    assert columns_of(refused) == posted  # what was chosen stays
    assert clerk.post(address, posted | {"sure-level": "1"}).headers["Location"] == f"{address}rows/"
    assert re.search(r'name="sure-level"[^>]* checked', clerk.get(address).content.decode())  # coming back it is not asked again
    rows = clerk.get(f"{address}rows/").content.decode()
    assert "1 行有错误" in rows
    assert "至少填写一条防控措施" in rows
    assert "disabled" in rows
    refused = clerk.post(f"{address}commit/", follow=True).content.decode()
    assert "还有 1 行需要修改（第 3 行）" in refused
    line = clerk.post(f"{address}rows/3/", {"cell-name": "设计管理", "cell-measure": "会审\n公示"}, headers={"HX-Request": "true"})
    assert "原表：科室负责人" in line.content.decode()
    done = clerk.post(f"{address}commit/", follow=True).content.decode()
    assert "已导入 2 行" in done
    first, second = RiskPoint._base_manager.order_by("number")
    assert (first.level, second.level, second.name, second.measures.count()) == ("high", "mid", "设计管理", 2)
    draft = clerk.get(second.get_absolute_url()).content.decode()
    assert "原表内容（一览表.xlsx 第 3 行）" in draft
    assert "科室负责人" in draft
    assert "等级来源" in draft
    assert "已撤销导入，2 行恢复为导入前的样子" in clerk.post(f"{address}undo/", follow=True).content.decode()
    assert not RiskPoint._base_manager.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.docx", b"x", "上传 xlsx、xls、et 或 csv 格式的文件"), ("a.xlsx", b"", "文件不能是空的"), ("a.xlsx", b"x", "文件无法打开")],
)
def test_a_file_that_is_no_sheet_is_refused_beside_its_field(clerk, world, name, content, said):
    answer = clerk.post("/risks/import/", {"file": SimpleUploadedFile(name, content)})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not Batch.objects.exists()


def test_several_registers_in_a_file_are_offered(clerk, upload, world):
    address = upload(FINE, 附表=[HEAD, GAP]).headers["Location"]
    assert "选择要导入的登记表" in clerk.get(address).content.decode()
    assert columns_of(clerk.post(address, {"table": "1"}, follow=True))["column-3"] == "name"
    assert Batch.objects.get().table == 1


def test_an_upload_can_be_thrown_away(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(f"{address}discard/")
    assert not Batch.objects.exists()


def test_a_row_is_left_out_and_taken_in_again(clerk, upload, world):
    address = upload(FINE, GAP).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}rows/3/", {"drop": "1"})
    assert "导入 1 行" in clerk.get(f"{address}rows/").content.decode()
    clerk.post(f"{address}rows/3/", {"drop": "0"})
    assert "1 行有错误" in clerk.get(f"{address}rows/").content.decode()


def test_a_scale_once_confirmed_is_taken_over_until_it_has_another_spelling(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    again_same = clerk.get(upload(FINE).headers["Location"]).content.decode()
    assert re.search(r'name="sure-level"[^>]* checked', again_same)
    more = [*FINE]
    more[HEAD.index("风险等级")] = "3"
    another = clerk.get(upload(FINE, more).headers["Location"]).content.decode()
    assert re.search(r'name="sure-level"(?![^>]* checked)', another)


def test_nobody_else_sees_a_batch(upload, world):
    address = upload(FINE).headers["Location"]
    other = Client()
    other.force_login(again(world.author))
    for tail in ("", "rows/", "rows/2/"):
        assert other.get(address + tail).status_code == 404
    for tail in ("", "rows/2/", "commit/", "undo/", "discard/"):
        assert other.post(address + tail).status_code == 404
