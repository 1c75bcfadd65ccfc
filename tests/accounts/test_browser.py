"""The session in a real browser: nothing typed is lost when it ends."""
import os
import shutil
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from .conftest import PASSWORD, age, sign_in

CHROMIUM = os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser, pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no browser on this machine"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def in_threads(monkeypatch):
    """The driver runs an event loop in this thread; the database is used beside it. The server's threads keep no connection."""
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 0)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def page(in_threads, live_server, official):
    """A page of 周岚, logged in through the login page; any script error fails the test."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=live_server.url)
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto("/login/?next=/me/")
        page.locator("[name=username]").fill("zhoulan")
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/me/")
        yield page
        browser.close()
        assert faults == []


def log_in_again(page, password=PASSWORD):
    dialog = page.locator("#relogin-dialog")
    expect(dialog).to_be_visible()
    dialog.locator("[name=password]").fill(password)
    dialog.get_by_role("button", name="重新登录").click()
    return dialog


def test_a_request_waits_for_the_login_and_is_repeated(page):
    age(seen=timedelta(hours=1))
    page.evaluate(
        """() => { window.portal.fetch('/records/', {method: 'POST', body: new URLSearchParams({title: '未保存'})})
        .then((answer) => answer.json()).then((told) => { document.body.dataset.told = JSON.stringify(told); }); }"""
    )
    dialog = log_in_again(page, "wrong")
    expect(dialog.locator("[data-relogin-error]")).to_contain_text("还可尝试4次")
    log_in_again(page)
    expect(dialog).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-told", '{"by":"zhoulan","fields":{"title":["未保存"]}}')


def test_an_htmx_request_is_repeated_too(page):
    page.evaluate(
        """() => { const form = document.createElement('form'); form.id = 'probe';
        form.innerHTML = '<input name="title" value="未保存"><button>保存</button><output id="out"></output>';
        form.setAttribute('hx-post', '/records/'); form.setAttribute('hx-target', '#out');
        document.getElementById('main').append(form); window.htmx.process(form); }"""
    )
    age(seen=timedelta(hours=1))
    page.locator("#probe button").click()
    log_in_again(page)
    expect(page.locator("#out")).to_contain_text('"by": "zhoulan"')
    assert page.locator("#probe [name=title]").input_value() == "未保存"


def test_a_form_sent_without_script_survives_the_end(page):
    age(seen=timedelta(hours=1))
    page.locator("[name=new_phone]").fill("13800000099")
    page.get_by_role("button", name="保存联系方式").click()
    expect(page.get_by_role("heading", name="登录已失效")).to_be_visible()
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="重新登录").click()
    page.get_by_role("button", name="继续提交").click()
    page.wait_for_url("**/me/")
    expect(page.locator("main")).to_contain_text("138****0099")


def test_a_login_elsewhere_is_told_and_another_user_s_page_is_not_sent(page, colleague):
    sign_in(Client())
    page.evaluate("document.dispatchEvent(new CustomEvent('portal:relogin'))")
    expect(page.locator("[data-relogin-error]")).to_contain_text("该账号已在别处登录")
    page.keyboard.press("Escape")
    expect(page.locator("#relogin-dialog")).to_be_hidden()


def test_the_person_is_warned_and_may_go_on(live_server, page):
    page.clock.install()
    page.reload()
    age(seen=timedelta(minutes=26))
    page.clock.run_for(61_000)
    warning = page.locator("#messages .note.warn")
    expect(warning).to_contain_text("分钟将退出登录")
    warning.get_by_role("button", name="继续使用").click()
    expect(warning).to_be_hidden()
