"""The portal as it is served, and a browser for every person who walks through it."""
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

from apps.accounts.models import User
from tests.journeys.desk import PASSWORD, WIDE, Desk
from tests.kit.people import World, build_world
from tests.kit.smtp import smtp  # noqa: F401 -- the fixture

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("PORTAL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a module; its event loop must be gone before other tests use the database."""
    if not CHROMIUM:
        pytest.skip(f"no Chromium found: install one of {', '.join(NAMES)} or give its path in PORTAL_CHROMIUM")
    with sync_playwright() as driver, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the driver's event loop runs in this thread, until the tables are emptied
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def served(transactional_db, settings, tmp_path, monkeypatch, request) -> str:
    """The address of the running portal. Its threads keep no connection; files go to a folder of this test."""
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 0)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STATE_DIR = tmp_path
    return request.getfixturevalue("live_server").url


@pytest.fixture
def world(transactional_db, settings) -> World:
    """Everybody of tests/kit/people.py, with a password and a mail address."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = build_world()
    secret = make_password(PASSWORD)
    for name, user in made.people.items():
        user.password, user.email = secret, f"{name}@portal.example"
    User.objects.bulk_update(made.people.values(), ["password", "email"])
    return made


@pytest.fixture
def desk(chromium, served, world) -> Iterator[Callable[..., Desk]]:
    """`desk("author")` sits down at a browser of one's own, logged in; any complaint of any browser fails the test."""
    opened: list[Desk] = []

    def sit_down(name: str, size: dict[str, int] = WIDE) -> Desk:
        made = Desk(chromium, served, size)
        opened.append(made)
        if name:
            made.sign_in(world.people[name].username)
        return made

    yield sit_down
    for one in opened:
        one.context.close()
    assert [fault for one in opened for fault in one.faults] == []
