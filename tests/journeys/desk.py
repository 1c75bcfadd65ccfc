"""One person in front of one browser, and what a browser complains about."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect

PASSWORD = "Hulan-7tong-Xie"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = (Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
ANSWERS = re.compile(r"the server responded with a status of (401|404|409|422)")  # said by Chromium, meant by us


class Desk:
    """A browser context of its own; `faults` collects script errors, console errors, foreign requests and broken answers."""

    def __init__(self, browser: Browser, base: str, size: dict[str, int]) -> None:
        self.base, self.faults = base, list[str]()
        self.context = browser.new_context(
            base_url=base, viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=size == PHONE, is_mobile=size == PHONE
        )
        self.context.set_default_timeout(10_000)
        self.context.on("request", self._hear_request)
        self.context.on("response", self._hear_response)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._hear_console)

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not ANSWERS.search(message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def _hear_request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"request to {request.url}")

    def _hear_response(self, response: Response) -> None:
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            self.faults.append(f"{response.status} {response.url}")

    def sign_in(self, username: str) -> None:
        """Through the login page, as everybody."""
        self.page.goto("/login/")
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(f"{self.base}/")

    def open(self, path: str) -> Page:
        """Go to an address."""
        self.page.goto(path)
        return self.page

    def press(self, label: str, **more: Any) -> None:
        """Press the button of this name."""
        self.page.get_by_role("button", name=label, exact=True, **more).click()

    def fill(self, values: dict[str, Any], *, prefix: str = "") -> None:
        """Fill fields by name: a text, the label of a choice, a list of ticks, or a bool."""
        for name, value in values.items():
            field = self.page.locator(f"[name='{prefix}{name}']:not([type=hidden])")
            if isinstance(value, list):
                for code in value:
                    field.and_(self.page.locator(f"[value={code}]")).check()
            elif isinstance(value, bool):
                field.set_checked(value)
            elif field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)

    def told(self, text: str) -> None:
        """The page says this somewhere."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    @property
    def summary(self) -> Locator:
        """The error summary above the title."""
        return self.page.locator("#errsum")

    def axe(self) -> list[str]:
        """What axe-core finds on the page as it is, as `rule: element`."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [f"{self.page.url} {v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]]

    def too_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
