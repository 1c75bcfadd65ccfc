"""One person, two tabs: leaving or entering again in one costs nothing that was typed in the other."""
import pytest
from playwright.sync_api import expect

from apps.risks.models import RiskPoint
from tests.journeys.desk import PASSWORD
from tests.journeys.forms import NAME

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def write(author):
    author.open("/risks/new/")
    author.fill({"name": NAME, "manifestation": "第一行\n<b>第二行</b>"})
    expect(author.page.locator("[data-save-state]")).to_contain_text("草稿已自动保存")  # nothing more is sent by itself


def in_another_tab(author, *, enter_again):
    tab = author.context.new_page()
    tab.goto("/")
    tab.evaluate("document.querySelector('form[data-logout]').submit()")  # wherever the menu keeps it
    tab.wait_for_url("**/login/")
    if enter_again:
        tab.locator("[name=username]").fill(author.username)
        tab.locator("[name=password]").fill(PASSWORD)
        tab.get_by_role("button", name="登录").click()
        tab.wait_for_url(f"{author.base}/")
    tab.close()


def kept(author):
    assert not RiskPoint.objects.exists(), "nothing is sent without a press"
    author.press("继续提交")
    author.told("草稿已保存")
    record = RiskPoint.objects.get()
    assert (record.name, record.manifestation.replace("\r", "")) == (NAME, "第一行\n<b>第二行</b>")
    author.faults[:] = [fault for fault in author.faults if "status of 403" not in fault]  # said by Chromium, meant by us


@pytest.fixture
def author(desk, world):
    person = desk("author")
    person.username = world.author.username
    return person


def test_a_login_again_in_another_tab_costs_one_more_press(author):
    write(author)
    in_another_tab(author, enter_again=True)
    author.press("保存草稿")
    author.told("页面已失效，内容已保留")
    kept(author)


def test_the_question_for_the_password_goes_when_it_was_answered_in_another_tab(author):
    write(author)
    in_another_tab(author, enter_again=False)
    author.page.evaluate("document.dispatchEvent(new CustomEvent('portal:relogin'))")  # as the next autosave would
    dialog = author.page.locator("#relogin-dialog")
    expect(dialog).to_be_visible()
    tab = author.context.new_page()
    author.base_page, author.page = author.page, tab
    author.sign_in(author.username)
    author.page = author.base_page
    expect(dialog).to_be_hidden()
    author.press("保存草稿")
    author.told("草稿已保存")
    assert RiskPoint.objects.get().name == NAME


def test_leaving_in_another_tab_costs_the_password_and_one_press(author):
    write(author)
    in_another_tab(author, enter_again=False)
    author.press("保存草稿")
    author.told("刚才提交的内容已保留")
    author.fill({"username": author.username, "password": PASSWORD})
    author.press("重新登录")
    author.told("验证已通过")
    kept(author)
