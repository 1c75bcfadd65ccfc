"""The audit's tests bring their own tables: the net, the chain and the roles are tried on rows of no app."""
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.audit import catalogue, net, roles
from tests.audit import papers
from tests.kit import roles as kit

AT = datetime(2026, 11, 21, 1, 2, 3, 456789, tzinfo=UTC)


@pytest.fixture(scope="session")
def paper_tables(django_db_setup, django_db_blocker):
    """The tables of papers.py, under the net, owned by the owner and granted to the app."""
    catalogue.declare({"paper.made": "登记文件", "paper.changed": "修改文件"})
    before = dict(net._watched)
    net.watch(papers.Paper)
    net.watch(papers.Leaf, parent="paper")
    net.watch(papers.Sticker, parent="on")
    with django_db_blocker.unblock(), kit.django_as_owner():
        for model in reversed(papers.MODELS):
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {model._meta.db_table} CASCADE")
        with connection.schema_editor() as editor:
            for model in papers.MODELS:
                editor.create_model(model)
        roles.after_migrate()
    yield
    net._watched.clear()
    net._watched.update(before)
    with django_db_blocker.unblock(), kit.django_as_owner(), connection.cursor() as cursor:
        for model in reversed(papers.MODELS):
            cursor.execute(f"DROP TABLE {model._meta.db_table} CASCADE")


@pytest.fixture
def desk(paper_tables, db):
    """The paper tables inside a rolled-back test."""


@pytest.fixture
def open_desk(paper_tables, transactional_db):
    """The paper tables with real commits, empty at the end."""
    yield
    with kit.as_superuser() as cursor:
        for model in papers.MODELS:
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")


class Clerk:
    """Somebody who acts: the audit knows only number and name."""

    def __init__(self, pk, name):
        self.pk, self.name = pk, name


@pytest.fixture
def clerk():
    return Clerk(7, "甲公司经办人")


@pytest.fixture
def superior():
    return Clerk(8, "甲公司部门负责人")
