"""Encrypted columns and the index that finds them again (PR-02).

The stored text begins with the scheme (`v1:`), so that another key or algorithm can follow while old rows stay readable.
"""
import base64
import binascii
import hashlib
import hmac
import json
import os
import unicodedata
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

SCHEME = "v1"
NONCE_BYTES = 12


class UnreadableFieldError(Exception):
    """A stored secret that `FIELD_KEY` does not open: another key wrote it, or somebody changed the row."""


@lru_cache(maxsize=8)
def _derived(key_text: str, purpose: str) -> bytes:
    """One key per purpose out of `FIELD_KEY`. Raises ImproperlyConfigured when that is not base64 of 32 bytes."""
    try:
        key = base64.b64decode(key_text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured("FIELD_KEY must be base64 of 32 bytes") from error
    if len(key) != 32:
        raise ImproperlyConfigured("FIELD_KEY must be base64 of 32 bytes")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"portal.field.{SCHEME}.{purpose}".encode()).derive(key)


def encrypt(text: str) -> str:
    """`text` under AES-256-GCM with a fresh nonce: the same text never looks the same twice."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_derived(settings.FIELD_KEY, "encrypt")).encrypt(nonce, text.encode(), SCHEME.encode())
    return f"{SCHEME}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(stored: str) -> str:
    """The text that `encrypt` was given. Raises UnreadableFieldError for anything else."""
    scheme, _, payload = stored.partition(":")
    if scheme != SCHEME:
        raise UnreadableFieldError("unknown scheme")
    try:
        raw = base64.urlsafe_b64decode(payload.encode())
        opened = AESGCM(_derived(settings.FIELD_KEY, "encrypt")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], SCHEME.encode())
    except (InvalidTag, ValueError) as error:
        raise UnreadableFieldError("FIELD_KEY does not open this value") from error
    return opened.decode()


def blind_index(value: str | None) -> str:
    """A keyed digest (64 hex digits) under which equal values meet; spaces, hyphens, width and case do not count.

    Nothing gives the empty string, so that an empty field is never found by an empty search.
    """
    text = "".join(c for c in unicodedata.normalize("NFKC", value or "").upper() if not c.isspace() and c != "-")
    if not text:
        return ""
    return hmac.new(_derived(settings.FIELD_KEY, "index"), text.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):
    """Text that the database only ever sees encrypted. It cannot be searched: put a BlindIndexField beside it."""

    def get_prep_value(self, value: Any) -> str | None:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`: any comparison with the ciphertext would quietly find nothing."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class EncryptedJSONField(EncryptedTextField):
    """A value of lists, dicts and texts that the database only ever sees encrypted, as one text."""

    _pyi_private_set_type: Any  # for the type checker: not a text
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        return super().get_prep_value(None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        text = super().from_db_value(value, expression, connection)
        return json.loads(text) if text else None

    def to_python(self, value: Any) -> Any:
        return value


class BlindIndexField(models.CharField):
    """Kept equal to `blind_index` of the field named `source` on every save; not by `QuerySet.update`."""

    def __init__(self, *, source: str, **options: Any) -> None:
        self.source = source
        options |= {"max_length": 64, "editable": False, "blank": True, "default": ""}
        self.is_indexed = options.setdefault("db_index", True)
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for fixed in ("max_length", "editable", "blank", "default"):
            options.pop(fixed, None)
        return name, path, args, options | {"source": self.source, "db_index": self.is_indexed}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        digest = blind_index(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, digest)
        return digest
