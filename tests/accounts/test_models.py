"""What rows of this app are called, and the small promises of the store."""
import pytest
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import ApiToken, EndedSession, PortalSession, ResetLink, User
from apps.accounts.passwords import PasswordRule
from apps.accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_rows_name_themselves(official):
    assert (str(official), official.get_full_name(), official.get_short_name()) == ("周岚", "周岚", "周岚")
    assert str(ApiToken(name="报表")) == "报表"
    assert str(EndedSession(reason="idle")) == "idle"
    assert str(ResetLink(user=official)) == str(official.pk)
    assert str(PortalSession(session_key="abcdef0123456789")) == "abcdef01"


def test_a_superuser_is_refused_before_the_database_too(official):
    official.is_superuser = True
    with pytest.raises(ValidationError, match="不设超级用户"):
        official.full_clean(exclude=["password"])


def test_a_session_row_knows_its_store_and_its_content(inside, official):
    row = PortalSession.objects.get()
    assert row.get_session_store_class() is SessionStore
    assert row.get_decoded()["_auth_user_id"] == str(official.pk)
    assert issubclass(SessionStore, DatabaseStore)


def test_the_store_deletes_only_what_it_is_given(inside):
    SessionStore().delete()
    assert PortalSession.objects.count() == 1
    key = inside.cookies["session"].value
    assert SessionStore().exists(key)
    SessionStore().delete(key)
    assert not SessionStore().exists(key)


def test_a_session_row_can_be_saved_whole(official):
    now = timezone.now()
    row = PortalSession(session_key="d" * 64, session_data="", expire_date=now, user=official, seen_at=now)
    row.save()
    assert PortalSession.objects.get(pk="d" * 64).seen_at == now


def test_the_administrator_mark_changes_only_what_differs(official):
    assert services.mark_administrator(official, is_administrator=False, by=None, at=timezone.now()).is_administrator_account is False
    assert User.objects.get(pk=official.pk).is_administrator_account is False


def test_a_password_rule_must_say_what_it_refuses():
    with pytest.raises(NotImplementedError):
        PasswordRule().validate("x")
