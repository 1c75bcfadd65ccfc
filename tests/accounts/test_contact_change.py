"""AU-13: a new mail address or telephone number needs the password, and the person hears of it where he was reached before."""
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.rules import STEPPED_UP_KEY
from apps.notices.models import Delivery, Notice
from apps.notices.services import pump
from tests.kit.smtp import smtp  # noqa: F401 -- the fixture

from .conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db
NEW = {"email": "thief@example.invalid", "new_phone": "13800000099"}


@pytest.fixture
def unattended(official):
    """A desk whose owner logged in an hour ago."""
    client = Client()
    sign_in(client)
    session = client.session
    session[STEPPED_UP_KEY] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    return client


def stored(official):
    user = User.objects.get(pk=official.pk)
    return user.email, user.phone


ONE_EACH = [{"email": NEW["email"], "new_phone": ""}, {"email": "zhoulan@example.invalid", "new_phone": NEW["new_phone"]}]


@pytest.mark.parametrize("typed", ONE_EACH)
def test_an_unattended_desk_does_not_take_new_contact_data(unattended, official, typed):
    before = stored(official)
    answer = unattended.post("/me/", typed)
    assert (answer.status_code, "再次输入密码" in answer.content.decode()) == (403, True)
    assert stored(official) == before
    answer = unattended.post("/me/", typed, HTTP_X_REQUESTED_WITH="fetch")
    assert (answer.status_code, answer.json()["code"]) == (403, "reauth_required")
    assert not Notice.objects.exists()


def test_what_was_typed_goes_on_after_the_password(unattended, official):
    page = unattended.post("/me/", NEW).content.decode()
    carried = re.search(r'name="carried" value="([^"]+)"', page)[1]
    again = unattended.post("/step-up/", {"password": PASSWORD, "carried": carried}).content.decode()
    assert all(value in again for value in NEW.values())
    assert unattended.post("/me/", NEW).status_code == 302
    assert stored(official) == (NEW["email"], NEW["new_phone"])


def test_saving_what_is_there_already_asks_and_tells_nothing(unattended, official):
    assert unattended.post("/me/", {"email": "zhoulan@example.invalid", "new_phone": ""}).status_code == 302
    assert not Notice.objects.exists()


def test_the_old_address_hears_of_the_new_one(inside, official, smtp):  # noqa: F811
    inside.post("/me/", NEW)
    notice = Notice.objects.get(recipient=official)
    assert notice.title == "您账号的邮箱和手机号已修改，如非本人操作，立即联系系统管理员"
    pump(clock=timezone.now)
    assert smtp.recipients == ["zhoulan@example.invalid"]
    assert Delivery.objects.get().state == "sent"


def test_an_administrator_s_change_is_told_too_and_other_changes_are_not(official, administrator):
    services.change_details(official, name="周兰", by=administrator, at=timezone.now())
    assert not Notice.objects.exists()
    services.change_details(official, phone="13800000099", by=administrator, at=timezone.now())
    assert Notice.objects.get(recipient=official).title.startswith("您账号的手机号已修改")


def test_a_first_address_is_told_at_that_address(official, smtp):  # noqa: F811
    User.objects.filter(pk=official.pk).update(email="")
    services.change_details(official, email=NEW["email"], by=official, at=timezone.now())
    pump(clock=timezone.now)
    assert smtp.recipients == [NEW["email"]]
