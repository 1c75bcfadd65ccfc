"""People, a clock, and a state folder of their own."""
import pytest

from apps.documents import jobs
from tests.notices.conftest import clock, person  # noqa: F401 -- fixtures

RARE = "喆㛃䶮𬭚"


@pytest.fixture(autouse=True)
def state_folder(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def kind():
    """Registers a job kind for one test."""
    names = []

    def register(run, name="test-kind"):
        jobs.job_kind(name, label="测试")(run)
        names.append(name)
        return name

    yield register
    for name in names:
        jobs.forget(name)
