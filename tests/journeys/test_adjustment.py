"""A point in force is adjusted: what was typed survives, what may not change cannot be touched, nothing changes before its time."""

import pytest
from playwright.sync_api import expect

from apps.pages.models import Draft
from apps.risks.models import RiskPoint
from tests.kit.risks import point_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_head_opens_an_adjustment(desk, world):
    record = point_in("in_force", world)
    head = desk("head")
    page = head.open(f"/risks/{record.pk}/")
    page.get_by_role("link", name="发起调整").click()
    for fixed in ("unit", "year", "phone"):
        expect(page.locator(f"[name={fixed}]")).to_be_disabled()
    expect(page.get_by_role("button", name="保存草稿")).to_have_count(0)
    with page.expect_response("**/adjust/draft/") as saved:
        head.fill({"kind": "内容修改", "reason": "制度修订后指标改变", "indicator": "签证超期率"})
    assert saved.value.status == 200
    page.reload()
    assert page.locator("[name=reason]").input_value() == "制度修订后指标改变"
    head.fill({"reason": ""})
    head.press("发起调整")
    expect(head.summary).to_contain_text("填写调整原因")
    assert RiskPoint.objects.get().state == "in_force"
    head.fill({"reason": "制度修订后指标改变"})
    head.press("发起调整")
    head.told("调整已发起，审核通过前按原内容继续生效")
    record.refresh_from_db()
    assert (record.state, record.indicator) == ("adjusting", "合同结算超概率")
    assert not Draft.objects.exists()
    expect(page.get_by_role("region", name="调整记录")).to_contain_text("签证超期率")
    expect(page.locator(".flow [aria-current=step]")).to_contain_text("生效")
