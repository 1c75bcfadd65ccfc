"""A clerk's whole way with a sheet from 2019: in, gaps filled, handed in, judged one after the other, out, and in again."""

import re

import pytest
from playwright.sync_api import expect

from apps.flow.models import Step
from apps.risks.models import RiskPoint
from tests.kit.sheets import write_book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# As offices keep it: a title over all columns, the unit's line, two people's posts instead of names, a closing line.
HEAD = ["序号", "科室", "风险类别", "风险点", "表现形式", "风险等级", "防控措施", "部门负责人"]
LINES = [
    ["1", "工程管理部", "岗位职责风险", "公车管理", "公车私用、违规加油，报销审核把关不严。", "低", "1.登记备案;\n2.每季度公示", "赵静"],
    ["2", "工程管理部", "业务流程风险", "工程设计", "过度设计、设计不合理，指定材料品牌，造成资源浪费。", "中", "会审制度", "科室负责人"],
    ["3", "综合办公室", "业务流程风险", "物资采购", "化整为零规避招标，与供应商串通抬高采购价格。", "中", "比价采购", "科室负责人"],
]


def sheet(tmp_path):
    width = len(HEAD)
    top = [["廉政风险点排查登记表", *[""] * (width - 1)], ["填报单位：M城建", *[""] * (width - 1)]]
    end = ["填表人：", "", "", "审核人：", *[""] * (width - 4)]
    return write_book(tmp_path / "一览表.xlsx", {"Sheet1": [*top, HEAD, *LINES, end], "Sheet2": []}, merged=["A1:H1"])


def test_a_sheet_comes_in_is_completed_judged_and_goes_out_again(desk, world, tmp_path):
    clerk = desk("clerk")
    bring_in(clerk, sheet(tmp_path))
    assert sorted(RiskPoint.objects.values_list("name", "state", "level")) == [
        ("公车管理", "draft", "low"), ("工程设计", "draft", "mid"), ("物资采购", "draft", "mid"),
    ]  # fmt: skip
    say_what_is_lacking(clerk)
    fill_the_gaps(clerk, world)
    hand_in(clerk)
    assert set(RiskPoint.objects.values_list("state", flat=True)) == {"department"}
    judge_one_after_the_other(desk("head"))
    assert Step.objects.filter(move="agree").count() == 2
    path = take_out(clerk, tmp_path)
    bring_back_without_a_difference(clerk, path)


def bring_in(clerk, path):
    page = clerk.open("/risks/")
    page.get_by_role("link", name="批量导入").click()
    page.locator("[name=file]").set_input_files(path)
    clerk.press("上传并识别")
    expect(page.get_by_role("heading", name="对应列")).to_be_visible()
    clerk.fill({"splits": True, "same-topic": "规范管理", "same-layer": "部门级"})
    page.wait_for_load_state("networkidle")
    page.reload()  # nobody presses it twice: what was chosen is still there
    expect(page.locator("[name=same-layer] option:checked")).to_have_text("部门级")
    clerk.press("下一步：校验")
    expect(page.get_by_text("改动自动暂存")).to_be_visible()
    clerk.press("导入 3 行")
    page.locator("#confirm-dialog").get_by_role("button", name="导入", exact=True).click()
    clerk.told("已导入 3 行")


def choose_all(clerk, act):
    page = clerk.open("/risks/?mine=true&state=draft")
    page.locator("[data-check-all]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("3")
    page.locator("[data-bulk]").get_by_role("button", name=act).click()
    expect(page.get_by_role("heading", name=act)).to_be_visible()


def say_what_is_lacking(clerk):
    choose_all(clerk, "批量提交")
    clerk.press("批量提交 3 条")
    clerk.told("未处理 3 条")
    expect(clerk.page.get_by_text(re.compile("还缺 \\d+ 项：")).first).to_be_visible()
    assert not RiskPoint.objects.exclude(state="draft").exists()


def fill_the_gaps(clerk, world):
    choose_all(clerk, "批量填写")
    person = "赵静（工程管理部经理）"
    clerk.fill(
        {
            "power": "内部管理", "authority": "一般管理、审核、督查权", "likelihood": "2级（较小）", "severity": "2级（较小）",
            "head": person, "leader": "王立成（副总经理）", "ways": ["self", "people"], "measure-kind": "中期监控",
            "measure-department": "工程管理部", "measure-person": person, "measure-is_standing": True,
            "level_reason": "按原登记表的等级登记，已经部门集体研究",
        }
    )  # fmt: skip
    first_choice(clerk, "domain")
    assert clerk.axe() == []
    clerk.press("批量填写 3 条")
    clerk.told("已填写 3 条")


def first_choice(clerk, name):
    clerk.page.locator(f"select[name={name}]").select_option(index=1)


def hand_in(clerk):
    choose_all(clerk, "批量提交")
    clerk.press("批量提交 3 条")
    clerk.told("已提交 3 条")


def judge_one_after_the_other(head):
    page = head.open("/todo/")
    page.get_by_role("link", name="连续办理").click()
    for _ in range(2):  # the points of his own department; the third waits for another
        page.locator("[data-opinion]").fill("情况属实。")
        page.get_by_role("button", name="同意并看下一件").click()
        page.wait_for_load_state()
    expect(page.get_by_text(re.compile("待办已全部办完|没有待办"))).to_be_visible()


def take_out(clerk, tmp_path):
    page = clerk.open("/risks/?mine=true")
    page.locator("summary", has_text="导出").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出Excel（全部列）").click()
    assert re.fullmatch(r"廉政风险点_.+_\d{8}\.xlsx", taken.value.suggested_filename)
    path = tmp_path / "out.xlsx"
    taken.value.save_as(path)
    return path


def bring_back_without_a_difference(clerk, path):
    """Also of points that are on their way a sheet that says the same is taken, and changes nothing."""
    before = {record.number: (record.version, record.snapshot()) for record in RiskPoint.objects.all()}
    page = clerk.open("/risks/import/")
    page.locator("[name=file]").set_input_files(path)
    clerk.press("上传并识别")
    clerk.press("下一步：校验")
    expect(page.get_by_text("与已有的风险点相同，导入时不作更改")).to_have_count(3)
    clerk.told("各行都与已有的记录相同，没有要导入的内容")
    clerk.press("结束，不导入")
    clerk.told("没有导入任何数据")
    assert {record.number: (record.version, record.snapshot()) for record in RiskPoint.objects.all()} == before
