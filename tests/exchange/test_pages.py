"""批量导入 on its pages: upload, columns, rows, import, undo; by its owner alone."""

import re
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client

from apps.exchange.models import Batch
from apps.risks.filters import RiskFilter
from apps.risks.models import RiskPoint
from apps.risks.papers import conditions
from tests.kit.people import again
from tests.kit.sheets import sheets_of, write_book

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
    assert "有的写法不能直接判断高低" in page.content.decode()
    assert posted["key-level-0"] == "high"
    refused = clerk.post(address, posted)
    assert (refused.status_code, "勾选“已核对”后继续" in refused.content.decode()) == (422, True)
    assert columns_of(refused) == posted  # what was chosen stays
    assert clerk.post(address, posted | {"sure-level": "1"}).headers["Location"] == f"{address}rows/"
    assert re.search(r'name="sure-level"[^>]* checked', clerk.get(f"{address}?again=1").content.decode())  # not asked again
    assert clerk.get(address).headers["Location"] == f"{address}rows/"  # whoever comes back goes on where he was
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
    assert "已撤销导入，涉及 2 行" in clerk.post(f"{address}undo/", follow=True).content.decode()
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
    clerk.post(f"{address}commit/")
    again_same = clerk.get(upload(FINE).headers["Location"]).content.decode()
    assert re.search(r'name="sure-level"[^>]* checked', again_same)
    more = [*FINE]
    more[HEAD.index("风险等级")] = "3"
    another = clerk.get(upload(FINE, more).headers["Location"]).content.decode()
    assert re.search(r'name="sure-level"(?![^>]* checked)', another)


def test_what_is_chosen_for_the_columns_outlives_the_page(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    posted = columns_of(clerk.get(address))
    chosen = posted | {"column-0": "basis", "same-topic": "conduct", "key-level-0": "low", "sure-level": "1"}
    assert clerk.post(address, chosen | {"keep": "1"}).status_code == 204
    again = clerk.get(address)
    assert columns_of(again) == {name: value for name, value in chosen.items() if name != "sure-level"}
    assert re.search(r'name="sure-level"[^>]* checked', again.content.decode())
    clerk.post(address, chosen)
    assert Batch.objects.get().choices == {}  # handed in: nothing is kept beside what was arranged
    assert columns_of(clerk.get(f"{address}?again=1"))["column-0"] == "basis"


def test_a_batch_that_went_elsewhere_keeps_no_choices_and_loads_its_page_anew(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    posted = columns_of(clerk.get(address))
    Batch.objects.update(state="done")
    answer = clerk.post(address, posted | {"keep": "1"})
    assert (answer.status_code, answer.headers["HX-Refresh"], Batch.objects.get().choices) == (200, "true", {})


def test_a_scale_confirmed_the_last_time_says_so(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}commit/")
    assert "上次导入时已由您核对" in clerk.get(upload(FINE).headers["Location"]).content.decode()
    assert "上次导入时已由您核对" not in clerk.get(f"{address}?again=1").content.decode()


def test_what_is_posted_wrongly_is_said_and_what_was_chosen_stays(clerk, upload, world):
    assert "选择要导入的文件" in clerk.post("/risks/import/", {}).content.decode()
    address = upload(FINE, 附表=[HEAD, FINE]).headers["Location"]
    assert "选择要导入的登记表" in clerk.post(address, {"table": "9"}, follow=True).content.decode()
    clerk.post(address, {"table": "0"})
    posted = columns_of(clerk.get(address)) | {"sure-level": "1"}
    answer = clerk.post(address, posted | {"unit": "0", "same-topic": "conduct"})
    assert (answer.status_code, "选择填报单位" in answer.content.decode()) == (422, True)
    assert columns_of(answer)["same-topic"] == "conduct"


def test_of_a_cell_that_lists_each_unknown_part_is_asked_about(clerk, upload, world):
    head, rows = [*HEAD, "排查方式"], [[*FINE, "自己找、老办法"], [*FINE[:3], "另一个", *FINE[4:], "老办法"]]
    html = clerk.get(upload(*rows, head=head).headers["Location"]).content.decode()
    assert 'name="text-ways-0" value="老办法"' in html
    assert "“老办法”" in html
    assert "“自己找" not in html


def test_another_sheet_of_the_file_can_be_chosen_after_all(clerk, upload, world):
    address = upload(FINE, 附表=[HEAD, GAP, FINE]).headers["Location"]
    clerk.post(address, {"table": "0"})
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    assert "重新选择工作表" in clerk.get(f"{address}?again=1").content.decode()
    assert "选择要导入的登记表" in clerk.get(f"{address}?again=1&choose=1").content.decode()
    assert "2 行" in clerk.post(address, {"table": "1"}, follow=True).content.decode()


def test_the_other_sheets_of_a_file_go_in_without_another_upload(clerk, upload, world):
    address = upload(FINE, 附表=[HEAD, [*FINE[:3], "第二", *FINE[4:]]], 三=[HEAD, [*FINE[:3], "第三", *FINE[4:]]]).headers["Location"]
    clerk.post(address, {"table": "1"})
    for name, left in (("第二", 2), ("公车管理", 1), ("第三", 0)):
        clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
        assert "导入文件中的其他登记表" not in clerk.get(f"{address}rows/").content.decode()
        done = clerk.post(f"{address}commit/", follow=True).content.decode()
        assert ("已导入 1 行" in done, f"其他登记表（{left} 张）" in done) == (True, bool(left))
        assert RiskPoint._base_manager.filter(name=name).count() == 1
        going_on = clerk.post(f"{address}next/")
        if left:
            address = going_on.headers["Location"]
            clerk.post(address, {"table": "0"})
    assert "没有其他登记表" in clerk.get(going_on.headers["Location"]).content.decode()
    assert clerk.post(f"{address}undo/", follow=True).status_code == 200
    assert set(RiskPoint._base_manager.values_list("name", flat=True)) == {"公车管理", "第二"}


def test_all_that_is_wrong_is_left_out_at_once(clerk, upload, world):
    address = upload(FINE, GAP, GAP[:3]).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    assert "这 2 行都不导入" in clerk.get(f"{address}rows/").content.decode()
    assert "2 行已设为不导入" in clerk.post(f"{address}rows/", follow=True).content.decode()
    assert "已导入 1 行" in clerk.post(f"{address}commit/", follow=True).content.decode()
    assert "已导入或已过期" in clerk.post(f"{address}rows/", follow=True).content.decode()


def test_a_column_nobody_filled_is_not_shown(clerk, upload, world):
    address = upload([*FINE, ""], head=[*HEAD, "制度依据"]).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    assert "<th>制度依据</th>" not in clerk.get(f"{address}rows/").content.decode()
    clerk.post(f"{address}rows/2/", {"cell-basis": "工程管理办法第三条"})
    assert "<th>制度依据</th>" in clerk.get(f"{address}rows/").content.decode()


def test_a_corrected_row_brings_note_tabs_and_bar_along(clerk, upload, world):
    address = upload(FINE, GAP).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    typed, at = {"cell-name": "设计管理", "cell-measure": "会审"}, f"http://testserver{address}rows/?tab=bad"
    html = clerk.post(f"{address}rows/3/", typed, headers={"HX-Request": "true", "HX-Current-URL": at}).content.decode()
    assert re.findall(r'id="(import-\w+)" hx-swap-oob', html) == ["import-bar", "import-note", "import-tabs", "import-strip"]
    assert 'data-confirm-title="导入 2 行？"' in html
    assert re.search(r'href="\?tab=bad" class="on"', html)
    told = clerk.post(f"{address}rows/3/", typed | {"tab": "bad"}, headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'href="\?tab=bad" class="on"', told)  # the page says its tab where the address does not


def test_rows_come_after_the_columns(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    assert clerk.get(f"{address}rows/").headers["Location"] == address
    assert clerk.get(f"{address}rows/2/").status_code == 404
    assert clerk.get(f"{address}faults/").status_code == 404
    assert "先对应各列，再导入" in clerk.post(f"{address}commit/", follow=True).content.decode()


def test_an_address_the_browser_makes_up_does_no_harm(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    for odd in ("http://[", "?" + "&".join(f"a{n}=1" for n in range(2000)), ""):
        assert clerk.get(f"{address}rows/2/", headers={"HX-Request": "true", "HX-Current-URL": odd}).status_code == 200


def test_a_row_is_opened_and_corrected_also_without_script(clerk, upload, world):
    address = upload(FINE, GAP).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    assert 'name="cell-name"' in clerk.get(f"{address}rows/2/").content.decode()
    assert clerk.get(f"{address}rows/99/").status_code == 404
    back = clerk.post(f"{address}rows/3/?tab=bad", {"cell-name": "设计管理", "cell-measure": "会审"})
    assert back.headers["Location"] == f"{address}rows/?tab=bad"
    clerk.post(f"{address}commit/")
    refused = clerk.post(f"{address}rows/3/", {"cell-name": "晚了"}, follow=True).content.decode()
    assert "已导入或已过期" in refused
    assert "已导入" in clerk.get(address).content.decode()  # the page of the columns gives way to the result
    clerk.post(f"{address}discard/")
    assert Batch.objects.exists()


def test_the_wrong_rows_come_back_as_a_sheet_with_the_reasons(clerk, upload, world, tmp_path):
    two = [*GAP]
    two[HEAD.index("防控措施")] = "会审"
    address = upload(FINE, GAP, two, ["", "", "", "", "", "", "2.公示", ""]).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}rows/3/", {"cell-domain": "works", "cell-name": "", "cell-department": str(world.works.pk), "cell-measure": ""})
    path = tmp_path / "faults.xlsx"
    path.write_bytes(b"".join(clerk.get(f"{address}faults/").streaming_content))
    rows = sheets_of(path)[0]["rows"]
    head = next(row for row in rows if "错误原因" in row or "原因" in row)
    line = rows[rows.index(head) + 1]
    assert (line[0], line[head.index("科室")]) == ("3", "工程管理部")
    assert "防控措施：至少填写一条防控措施" in line[-1]


def test_undo_is_refused_on_the_page_with_the_rows_named(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}commit/")
    record = RiskPoint._base_manager.get()
    RiskPoint._base_manager.filter(pk=record.pk).update(version=record.version + 1)
    said = clerk.post(f"{address}undo/", follow=True).content.decode()
    assert record.number in said
    assert RiskPoint._base_manager.exists()


def test_other_methods_and_people_without_the_right_find_nothing(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    assert clerk.put(f"{address}rows/").status_code == 405
    assert clerk.get(f"{address}commit/").status_code == 405
    assert clerk.get(f"{address}progress/").headers["HX-Refresh"] == "true"
    reader = Client()
    reader.force_login(again(world.discipline))
    assert reader.get("/risks/import/").status_code == 404


def test_nobody_else_sees_a_batch(upload, world):
    address = upload(FINE).headers["Location"]
    other = Client()
    other.force_login(again(world.author))
    for tail in ("", "rows/", "rows/2/"):
        assert other.get(address + tail).status_code == 404
    for tail in ("", "rows/2/", "commit/", "undo/", "discard/"):
        assert other.post(address + tail).status_code == 404


def test_a_post_behind_its_department_has_a_column_of_its_own_beside_the_rows(clerk, upload, world):
    rows = [["1", "工程管理部/现场工程师", *FINE[2:]], ["2", "工程管理部/守门人", *FINE[2:3], "另一个", *FINE[4:]]]
    address = upload(*rows, head=[HEAD[0], "部门/岗位", *HEAD[2:]]).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    html = clerk.get(f"{address}rows/?tab=").content.decode()
    assert "<th>岗位</th>" in html
    assert "工程管理部 现场工程师" in html
    assert "“守门人”不在岗位的可选范围内" in html


def test_a_column_mapped_otherwise_asks_for_its_spellings_at_once(clerk, upload, world):
    address = upload(FINE, GAP).headers["Location"]
    posted = columns_of(clerk.get(address)) | {"column-5": ""}
    without = {name: text for name, text in posted.items() if "level" not in name}
    assert "sure-level" not in clerk.post(address, without | {"keep": "ask"}).content.decode()
    asked = clerk.post(address, without | {"column-5": "level", "keep": "ask"})
    assert 'name="sure-level"' in asked.content.decode()
    assert columns_of(asked)["key-level-0"] == "high"  # proposed, as on the first look
    assert Batch.objects.get().mapping == {}


def test_what_is_wrong_with_the_columns_is_said_beside_the_field(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    posted = columns_of(clerk.get(address))
    unsure = clerk.post(address, posted).content.decode()
    assert 'id="id_sure-level_error"' in unsure
    assert '<a href="#id_sure_level">' in unsure
    twice = clerk.post(address, posted | {"sure-level": "1", "column-0": "name"}).content.decode()
    assert twice.count("<div>有两列都对应“风险点名称”，只保留一列。</div>") == 2
    nowhere = clerk.post(address, posted | {"sure-level": "1", "unit": "0"}).content.decode()
    assert 'id="id_unit_error"' in nowhere


def test_before_the_import_it_is_said_what_is_changed_and_what_is_filled_in(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    rows = clerk.get(f"{address}rows/").content.decode()
    assert "新增的记录按常用值填写：执行年度“" in rows
    assert "公示范围“" in rows
    clerk.post(f"{address}commit/")
    point = RiskPoint.objects.get()
    head = ["风险点编号", *HEAD]
    again_at = upload(*[[point.number, *FINE[:3], "公务用车", *FINE[4:]]], head=head).headers["Location"]
    clerk.post(again_at, columns_of(clerk.get(again_at)) | {"sure-level": "1"})
    rows = clerk.get(f"{again_at}rows/").content.decode()
    assert "按常用值填写" not in rows
    assert 'data-confirm-title="导入 1 行？"' in rows
    assert f"更新 {point.number}" in re.search(r'data-confirm-body="([^"]*)"', rows)[1]
    assert "公车管理 → 公务用车" in re.search(r'data-confirm-body="([^"]*)"', rows)[1]


def test_an_undone_batch_is_taken_up_again(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}commit/")
    told = clerk.post(f"{address}undo/", follow=True).content.decode()
    assert "修改后重新导入" in told
    assert "导入 1 行" in clerk.post(f"{address}again/", follow=True).content.decode()
    assert "需要时重新上传" in clerk.post(f"{address}again/", follow=True).content.decode()


def test_the_export_names_the_file_of_its_batch(clerk, upload, world):
    address = upload(FINE).headers["Location"]
    clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"})
    clerk.post(f"{address}commit/")
    asked = QueryDict(f"batch={Batch.objects.get().pk}")
    found = RiskFilter(asked, RiskPoint.objects.all(), request=SimpleNamespace(user=again(world.clerk)))
    assert conditions(found) == "导入批次：一览表.xlsx"


def test_of_lines_without_end_that_are_no_records_the_first_and_the_last_are_shown(clerk, upload, world, monkeypatch):
    monkeypatch.setattr("apps.exchange.services.LEFT_OUT", 4)
    address = upload(FINE, *[[f"合计{number}", *[""] * 7] for number in range(9)]).headers["Location"]
    page = clerk.get(address).content.decode()
    assert "有 9 行没有作为数据" in page
    assert re.findall("合计[0-9]", page) == ["合计0", "合计1", "合计7", "合计8"]
    assert "其余从略" in page
