"""System checks of the kernel: each fault is named, and a sound set-up is silent."""
import base64

import pytest
from django.core.checks.registry import registry

from apps.core import checks


def ids(found):
    return [one.id for one in found]


def test_the_checks_are_registered():
    assert {checks.field_key, checks.state_folder, checks.database} <= registry.registered_checks
    assert {checks.mail, checks.broker} <= registry.deployment_checks


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(bytes(16)).decode(), "无", "A" * 43])
def test_a_field_key_of_another_length_is_an_error(settings, key):
    settings.FIELD_KEY = key
    assert ids(checks.field_key(None)) == ["core.E001"]


def test_the_field_key_must_be_a_key_of_its_own(settings):
    settings.FIELD_KEY = base64.b64encode(bytes(range(32))).decode()
    assert checks.field_key(None) == []
    settings.SECRET_KEY = settings.FIELD_KEY
    assert ids(checks.field_key(None)) == ["core.E001"]


def test_the_state_folder_or_the_one_above_must_be_writable(settings, tmp_path):
    settings.STATE_DIR = tmp_path / "not" / "yet"
    assert checks.state_folder(None) == []
    (tmp_path / "not").write_text("a file")
    assert ids(checks.state_folder(None)) == ["core.E002"]


def test_this_database_is_fit(db):
    assert checks.database(None) == []
    assert checks.database(None, databases=["default"]) == []


@pytest.mark.parametrize(
    ("version", "encoding", "ctype", "found"),
    [
        (150000, "UTF8", "C.UTF-8", []),
        (149999, "UTF8", "zh_CN.UTF-8", ["core.E003"]),
        (180000, "SQL_ASCII", "C", ["core.E004", "core.W003"]),
        (180000, "UTF8", "C", ["core.W003"]),
    ],
)
def test_an_unfit_database_is_named(version, encoding, ctype, found):
    assert ids(checks.database_faults(version, encoding, ctype)) == found


def test_without_a_mail_server_notices_stay_inside(settings):
    settings.EMAIL_HOST = ""
    assert ids(checks.mail(None)) == ["core.W001"]
    settings.EMAIL_HOST = "mail.example.cn"
    assert checks.mail(None) == []


def test_a_redis_that_does_not_answer_is_named(settings):
    assert checks.broker(None) == []
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    assert ids(checks.broker(None)) == ["core.W002"]
