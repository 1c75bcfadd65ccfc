"""Strangers, double clicks, two people on one form, and the phone."""
import re

import pytest
from playwright.sync_api import expect

from apps.flow.models import Step
from apps.pages.models import Draft
from apps.risks.models import RiskPoint
from tests.journeys.desk import PHONE
from tests.journeys.forms import MEASURE, POINT
from tests.kit.risks import draft, point_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def bare(text):
    """A page without what differs from request to request."""
    return re.sub(r'(value|X-CSRFToken&quot;: &quot;|问题编号|X-CSRFToken": ")[ =]?"?[\w-]+', "", text)


def test_a_stranger_meets_no_trace_of_it(desk, world):
    record = point_in("in_force", world)
    stranger = desk("stranger")
    page = stranger.open("/risks/")
    stranger.told("还没有登记风险点")
    page = stranger.open(f"/search/?q={record.name[:8]}")
    expect(page.locator("main")).not_to_contain_text(record.number)
    for path in (f"/risks/?q={record.name[:8]}", "/risks/new/", "/todo/", "/"):
        page = stranger.open(path)
        html = page.locator("main").inner_html()
        for trace in (record.number, world.company.name, world.works.name, world.author.name):
            assert trace not in html, (path, trace)
    hidden, missing = (page.request.get(f"/risks/{pk}/") for pk in (record.pk, 987654))
    assert hidden.status == missing.status == 404
    assert bare(hidden.text()).replace(f"/risks/{record.pk}/", "/risks/987654/") == bare(missing.text())


def test_a_double_click_makes_one_row(desk):
    author = desk("author")
    page = author.open("/risks/new/")
    author.fill(POINT)
    page.get_by_role("button", name="添加一条措施").click()
    author.fill(MEASURE, prefix="measures-0-")
    page.get_by_role("button", name="提交", exact=True).dblclick()
    author.told("风险点已提交")
    assert RiskPoint.objects.count() == Step.objects.count() == 1


def test_whoever_saves_second_gets_a_comparison(desk, world):
    record = draft(world)
    author, clerk = desk("author"), desk("clerk")
    for person in (author, clerk):
        person.open(f"/risks/{record.pk}/edit/")
    author.fill({"indicator": "签证超期率"})
    author.press("保存草稿")
    author.told("草稿已保存")
    clerk.fill({"indicator": "签证金额占比"})
    clerk.press("保存草稿")
    box = clerk.page.get_by_role("region", name="内容比对")
    expect(box.get_by_role("row", name=re.compile("监测指标.*签证超期率.*签证金额占比"))).to_be_visible()
    assert clerk.page.locator("[name=indicator]").input_value() == "签证金额占比"
    assert Draft.objects.get(user=world.clerk).data["indicator"] == ["签证金额占比"]
    record.refresh_from_db()
    assert record.indicator == "签证超期率"
    clerk.press("保存草稿")
    clerk.told("草稿已保存")
    record.refresh_from_db()
    assert record.indicator == "签证金额占比"


def test_on_a_phone_nothing_is_decided_with_one_tap(desk, world):
    record = point_in("department", world)
    head = desk("head", PHONE)
    page = head.open(f"/risks/{record.pk}/")
    bar = page.locator(".approve-bar")
    expect(bar).to_be_visible()
    expect(page.locator("[data-panel]")).not_to_be_visible()
    bar.get_by_role("button", name="同意").tap()
    sheet = page.get_by_role("dialog", name=f"同意：{record.name}")
    expect(sheet).to_be_visible()
    record.refresh_from_db()
    assert record.state == "department"
    sheet.get_by_role("button", name="取消").tap()
    expect(sheet).to_be_hidden()
    bar.get_by_role("button", name="退回填报人").tap()
    page.get_by_role("dialog").get_by_role("button", name="确认退回填报人").tap()
    expect(page.locator("#opinion_error")).to_contain_text("填写退回填报人的理由和要求")
    page.get_by_role("dialog").get_by_role("button", name="取消").tap()
    bar.get_by_role("button", name="同意").tap()
    expect(page.locator("#opinion_error")).to_be_hidden()
    sheet.locator("[data-opinion]").fill("情况属实。")
    assert head.axe() == []
    sheet.get_by_role("button", name="确认同意").tap()
    head.told("办理记录已保存")
    record.refresh_from_db()
    assert record.state == "leader"
