"""PR-02: what the database holds of a personal field, and how it is found again."""
import base64

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection

from apps.accounts.models import User
from apps.core.fields import BlindIndexField, UnreadableFieldError, blind_index, decrypt, encrypt

PHONE = "13800000011"


@pytest.fixture
def person(db):
    return User.objects.create_user("zhoulan", None, name="周岚", phone=PHONE)


def stored(person):
    with connection.cursor() as cursor:
        cursor.execute("SELECT u::text, u.phone, u.phone_index FROM accounts_user u WHERE id = %s", [person.pk])
        return cursor.fetchone()


def test_the_row_holds_no_plain_text_and_the_model_reads_it(person):
    row, phone, index = stored(person)
    assert PHONE not in row
    assert phone.startswith("v1:")
    assert len(index) == 64
    assert User.objects.get(pk=person.pk).phone == PHONE


def test_the_same_value_never_looks_the_same_twice_but_is_found_by_its_index(person):
    other = User.objects.create_user("wumin", None, name="吴敏", phone=PHONE)
    assert stored(person)[1] != stored(other)[1]
    assert set(User.objects.filter(phone_index=blind_index("138 0000-0011"))) == {person, other}
    assert not User.objects.filter(phone_index=blind_index("13800000012")).exists()


def test_the_index_follows_the_value_and_nothing_is_not_indexed(person):
    person.phone = "13800000022"
    person.save()
    assert stored(person)[2] == blind_index("13800000022")
    person.phone = ""
    person.save()
    assert stored(person)[1:] == ("", "")
    assert blind_index("") == blind_index(None) == blind_index(" - ") == ""


def test_the_index_does_not_care_for_width_case_and_spaces():
    assert blind_index("３３０a x") == blind_index("330AX")
    assert blind_index("330AX") != blind_index("330AY")


def test_an_encrypted_field_cannot_be_compared(person):
    with pytest.raises(FieldError):
        User.objects.filter(phone=PHONE)
    with pytest.raises(FieldError):
        User.objects.filter(phone__contains="138")
    assert not User.objects.filter(phone__isnull=True).exists()


@pytest.mark.parametrize("text", ["a", "周岚", "𠮷" * 300, "\n"])
def test_every_text_comes_back(text):
    assert decrypt(encrypt(text)) == text


def test_a_changed_or_foreign_value_is_refused(settings):
    sealed = encrypt("secret")
    flipped = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for broken in (flipped, sealed[:20], "v1:", "v2:" + sealed[3:], "plain", "v1:{{"):
        with pytest.raises(UnreadableFieldError):
            decrypt(broken)
    settings.FIELD_KEY = base64.b64encode(b"another key of thirty-two bytes!").decode()
    with pytest.raises(UnreadableFieldError):
        decrypt(sealed)


def test_another_key_gives_another_index(settings):
    before = blind_index(PHONE)
    settings.FIELD_KEY = base64.b64encode(b"another key of thirty-two bytes!").decode()
    assert blind_index(PHONE) != before


@pytest.mark.parametrize("key", ["", "short", "not base64!", base64.b64encode(b"x" * 31).decode()])
def test_a_key_that_is_no_key_stops_everything(settings, key):
    settings.FIELD_KEY = key
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        encrypt("x")


def test_an_index_field_survives_a_migration():
    _, path, args, options = BlindIndexField(source="phone", verbose_name="索引").deconstruct()
    again = BlindIndexField(*args, **options)
    assert (path, again.source, again.db_index, again.max_length) == ("apps.core.fields.BlindIndexField", "phone", True, 64)
