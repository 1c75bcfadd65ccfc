"""The look of a list follows its person from browser to browser."""

import pytest

from tests.kit.risks import draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def heads(page):
    return page.locator("th[data-col]").evaluate_all("cells => cells.filter((c) => !c.hidden).map((c) => c.dataset.col)")


def test_columns_and_row_height_are_there_in_another_browser_and_go_back_to_the_usual(desk, world):
    draft(world, name="变更签证把关不严")
    here = desk("author")
    page = here.open("/risks/")
    usual = heads(page)
    page.get_by_text("列设置", exact=True).click()
    page.get_by_role("checkbox", name="业务领域").uncheck()
    page.get_by_role("button", name="状态前移一列").click()
    with page.expect_response("**/me/look/"):
        here.press("紧凑")
    changed = heads(page)
    assert "domain" not in changed
    assert changed.index("state") == usual.index("state") - 2
    there = desk("author").open("/risks/")
    assert heads(there) == changed
    assert "dense" in there.locator(".tbl").get_attribute("class")
    there.get_by_text("列设置", exact=True).click()
    with there.expect_navigation():
        there.get_by_role("button", name="恢复默认").click()
    assert heads(there) == usual
    assert "dense" in there.locator(".tbl").get_attribute("class")  # the row height is a matter of its own
