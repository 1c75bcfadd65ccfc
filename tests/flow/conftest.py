from tests.risks.conftest import scene, world  # noqa: F401 -- the fixtures
