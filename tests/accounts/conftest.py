from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PortalSession, User

PASSWORD = "Hulan-7tong-Xie"
OTHER = "Jiepai-4shan-Yun"


@pytest.fixture(autouse=True)
def plain_pages(settings):
    """Own addresses, quick hashes, static names without a manifest."""
    settings.ROOT_URLCONF = "tests.accounts.urls"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def official(db):
    """A clerk of 甲公司."""
    return User.objects.create_user("zhoulan", PASSWORD, name="周岚", email="zhoulan@example.invalid", phone="13800000011")


@pytest.fixture
def colleague(db):
    """Another clerk, whose things must stay his."""
    return User.objects.create_user("wumin", PASSWORD, name="吴敏", email="wumin@example.invalid")


@pytest.fixture
def administrator(db):
    """系统管理员, who opens accounts."""
    return User.objects.create_user("sysadm01", PASSWORD, name="郑工", email="adm@example.invalid", is_administrator_account=True)


def sign_in(client: Client, username: str = "zhoulan", password: str = PASSWORD, **more):
    return client.post("/login/", {"username": username, "password": password, **more})


@pytest.fixture
def inside(official):
    """A browser in which 周岚 is logged in."""
    client = Client()
    assert sign_in(client).status_code == 302
    return client


def age(*, seen: timedelta | None = None, started: timedelta | None = None) -> None:
    """Lets time pass for every session."""
    now = timezone.now()
    if seen is not None:
        PortalSession.objects.update(seen_at=now - seen)
    if started is not None:
        PortalSession.objects.update(started_at=now - started)
