"""The world of tests.kit, and points waiting in it."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from apps.flow.models import Todo
from apps.risks import services
from tests.kit.people import World, build_world
from tests.kit.risks import draft


@pytest.fixture(autouse=True)
def plain_static(settings):
    """Pages are rendered without collected static files."""
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def world(db) -> World:
    return build_world()


@pytest.fixture
def today() -> datetime.date:
    return timezone.localdate()


@pytest.fixture
def page(client: Client):
    """Open a page as somebody; gives the response."""

    def open_page(person, address: str, **headers):
        client.force_login(person)
        return client.get(address, headers=headers)

    return open_page


@pytest.fixture
def submit(world: World):
    """A point handed in now, its to-do due in so many days."""

    def hand_in(*, due_in: int | None = None, by: str = "author", **over):
        record = draft(world, by=by, at=timezone.now(), **over)
        services.submit(record, by=world.people[by], at=timezone.now())
        if due_in is not None:
            day = timezone.localdate() + datetime.timedelta(days=due_in)
            Todo.objects.filter(object_id=record.pk, done_at=None).update(due_on=day)
        return record

    return hand_in
