import pytest

from tests.kit.risks import point_in

STATES = ["draft", "department", "leader", "discipline", "party", "publicity", "objection", "in_force", "adjusting", "struck", "void"]


@pytest.mark.parametrize("state", STATES)
def test_a_high_point_can_be_brought_into_every_state(state, world):
    record = point_in(state, world)
    record.refresh_from_db()
    assert record.state == state
