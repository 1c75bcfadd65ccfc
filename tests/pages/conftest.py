import pytest

from apps.pages.api import as_form_data
from tests.kit.people import World, build_world
from tests.risks.test_forms import row, typed


@pytest.fixture
def world(db) -> World:
    return build_world()


@pytest.fixture
def as_(client):
    """The browser of one person."""

    def log_in(person):
        client.force_login(person)
        return client

    return log_in


@pytest.fixture
def filled(world):
    """What the form of a complete risk point posts."""

    def fill(**over):
        rows = over.pop("measures", [row(world)])
        posted = as_form_data(typed(world) | over, rows={"measures": rows})
        return {name: posted.getlist(name) for name in posted}

    return fill
