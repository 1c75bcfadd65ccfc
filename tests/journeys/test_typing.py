"""What somebody types: the page answers while he does it, and keeps it whatever happens to the page."""

import re

import pytest
from playwright.sync_api import expect

from apps.risks.models import RiskPoint
from tests.kit.risks import draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_suggested_level_shows_while_it_is_chosen(desk):
    author = desk("author")
    page = author.open("/risks/new/")
    shown = page.locator("#suggestion")
    expect(shown).to_contain_text("选择发生可能性L和后果严重性C后")
    author.fill({"likelihood": "2级（较小）", "severity": "2级（较小）"})
    expect(shown).to_contain_text("L2×C2=4，达到4未达到9，建议中")
    author.fill({"domain": "工程建设（招投标、变更、结算）", "authority": "审批、决定权"})
    expect(shown).to_contain_text("建议等级不低于高")
    author.press("评为“高”")
    expect(page.locator("#id_level")).to_have_value("high")
    author.fill({"level": "低"})
    expect(shown).to_contain_text("由纪检部门在复核时同意降级")
    assert author.axe() == []


def test_the_section_list_says_what_is_done_while_it_is_typed(desk):
    author = desk("author")
    page = author.open("/risks/new/")
    status = page.locator(".fnav .st")
    expect(status).to_have_text(["未完成"] * 6)
    author.fill({"layer": "单位级", "topic": "规范管理", "ways": ["self"]})
    author.press("添加一条措施")
    expect(status).to_have_text(["已完成", "未完成", "未完成", "未完成", "已完成", "未完成"])
    page.get_by_role("button", name="删除此条措施").click()
    author.fill({"topic": "未选择"})
    expect(status).to_have_text(["未完成", "未完成", "未完成", "未完成", "已完成", "未完成"])


def test_the_section_list_knows_what_only_the_rules_ask_for(desk):
    """岗位级 needs its post, which no mark on the page says."""
    author = desk("author")
    page = author.open("/risks/new/")
    first = page.locator(".fnav .st").first
    author.fill({"name": "材料进场验收", "layer": "岗位级", "topic": "规范管理"})
    expect(page.locator("[data-save-state]")).to_contain_text("草稿已自动保存")
    expect(first).to_have_text("未完成")
    page.reload()
    expect(first).to_have_text("未完成")
    author.fill({"layer": "单位级"})
    expect(first).to_have_text("已完成")
    author.press("保存草稿")
    author.told("草稿已保存")
    RiskPoint.objects.update(layer="post")
    author.open(f"/risks/{RiskPoint.objects.get().pk}/edit/")
    expect(first).to_have_text("未完成")


def test_a_closed_page_loses_nothing_not_even_a_row(desk):
    author = desk("author")
    page = author.open("/risks/new/")
    author.press("添加一条措施")
    author.fill({"name": "材料进场验收流于形式"})
    author.fill({"content": "三方联合验收并留存影像"}, prefix="measures-0-")
    page.evaluate("document.querySelector('form[data-autosave]').dataset.autosave = '/nowhere/'")  # the server is not reached in time
    page.close()
    author.page = author.context.new_page()
    again = author.open("/risks/new/")
    expect(again.locator("#id_name")).to_have_value("材料进场验收流于形式")
    expect(again.locator("[name=measures-0-content]")).to_have_value("三方联合验收并留存影像")
    expect(again.locator("[data-save-state]")).to_contain_text("草稿已自动保存")


def test_too_much_is_kept_and_counted_and_a_refused_form_can_be_left(desk):
    author = desk("author")
    page = author.open("/risks/")
    page.get_by_role("link", name="登记风险点").click()
    page.locator("#id_name").fill("很" * 70)
    expect(page.locator("[data-count-for=id_name]")).to_have_text("70 / 60 字，超出 10 字")
    author.press("提交")
    author.summary.wait_for()
    assert page.locator("#id_name").input_value() == "很" * 70
    page.goto("/todo/")
    page.go_back()  # no question whether to send it again
    expect(page.locator("#id_name")).to_have_value("很" * 70)


@pytest.mark.parametrize("written", ["2031年3月5日", "2031.3.5", "2031/03/05", "20310305"])
def test_a_date_is_taken_as_it_is_written(desk, written):
    author = desk("author")
    page = author.open("/risks/new/")
    author.press("添加一条措施")
    author.fill({"due_on": written}, prefix="measures-0-")
    page.locator("#id_name").focus()
    expect(page.locator("[name=measures-0-due_on]")).to_have_value("2031-03-05")


def test_the_file_box_speaks_for_itself(desk, world):
    record: RiskPoint = draft(world)
    author = desk("author")
    page = author.open(f"/risks/{record.pk}/")
    box = page.locator("input[type=file]")
    box.set_input_files({"name": "安装包.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(page.locator("[data-upload-error]")).to_have_text("“安装包.exe”的格式不能上传，换用下面列出的格式")
    box.set_input_files({"name": "依据.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7" + b" " * 4096})
    expect(page.locator("[data-pick-name]")).to_have_text(re.compile("依据.pdf，4 KB"))
    expect(page.locator("[data-upload-error]")).to_be_hidden()
    assert author.axe() == []
