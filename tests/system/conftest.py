import pytest

from apps.exchange import committing, services
from tests.kit.people import World, again, build_world, grant, moment, user
from tests.kit.sheets import write_book

NOW = moment(2026, 5, 20)


@pytest.fixture
def world(db) -> World:
    return build_world()


@pytest.fixture
def keeper(world):
    """The 系统管理员 of the whole group."""
    person = user("系统管理员")
    grant(person, "R22", world.group, include_subtree=True)
    return again(person)


@pytest.fixture
def bring(world, keeper, tmp_path):
    """A sheet of these headings and rows taken into a register: the batch, checked; `commit` imports it as well."""

    def take(register, head, *rows, unit=None, commit=True, by=None):
        path = write_book(tmp_path / "a.xlsx", {"表": [head, *rows]})
        act = {"by": by or keeper, "at": NOW}
        batch = services.open_batch(register, path=path, file_name="a.xlsx", **act)
        seen = services.proposal(batch, None)
        mapped = {"mapping": seen["mapping"], "answers": seen["answers"], "splits": False, "same": {}}
        batch = services.arrange(batch, unit=unit or world.company, **mapped, **act)
        if commit:
            committing.commit(batch, **act)
        batch.refresh_from_db()
        return batch

    return take
