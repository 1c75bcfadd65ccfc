"""The three database roles of a test: the app (every test's own connection), the owner and a superuser."""
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg2
from django.conf import settings
from django.db import connection


def credentials(url: str) -> dict[str, str]:
    """User and password of a database address, as Django's settings name them."""
    parts = urlsplit(url)
    return {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}


@contextmanager
def connected(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor on the test database as the role of `url`; each statement commits by itself."""
    parts = urlsplit(url)
    link = psycopg2.connect(
        host=unquote(parts.hostname or ""), port=parts.port, user=parts.username, password=parts.password,
        dbname=connection.settings_dict["NAME"],
    )  # fmt: skip
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def as_owner():
    """A cursor as the role that migrates."""
    return connected(settings.OWNER_DATABASE_URL)


def as_app():
    """A second cursor as the role every test runs as."""
    return connected(settings.APP_DATABASE_URL)


@contextmanager
def as_superuser() -> Iterator[psycopg2.extensions.cursor]:
    """A cursor that no trigger stops: an insider with the whole database in his hand."""
    with connected(os.environ["DATABASE_ADMIN_URL"]) as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor


@contextmanager
def django_as_owner() -> Iterator[None]:
    """Django's own connection as the owner, for migrations and what follows them."""
    connection.close()
    app = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.settings_dict.update(credentials(settings.OWNER_DATABASE_URL))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(app)
