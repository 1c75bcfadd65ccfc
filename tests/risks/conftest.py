import pytest
from django.db import transaction

from tests.kit.people import World, build_world, reloaded


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker):
    """The world, built once per module inside a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(scene, db) -> World:
    """The world as this test's own objects: what it changes is gone after it, in the database and in memory."""
    return reloaded(scene)
