"""What the clock does when somebody acts at the same moment, and what the API says about a proposal that is none."""
import pytest

from apps.flow.queries import open_todos
from apps.risks import services
from apps.risks.services import publicity
from tests.kit.people import again, moment
from tests.kit.risks import OVER, point_in
from tests.risks.test_api import post


def test_an_objection_a_moment_before_the_clock_holds_that_point_and_no_other(world, monkeypatch):
    records = [point_in("publicity", world) for _ in range(2)]
    found = publicity.publicity_over

    def found_then_objected(today):
        rows = list(found(today))
        services.object_to(records[0], content="实际流程与表现形式所述不一致", by=again(world.worker), at=moment(2026, 6, 2))
        return rows

    monkeypatch.setattr(publicity, "publicity_over", found_then_objected)
    assert services.end_publicities(today=OVER, at=moment(2026, 6, 2, 11)) == 1
    for record in records:
        record.refresh_from_db()
    assert [(r.state, r.effective_on) for r in records] == [("objection", None), ("in_force", OVER)]
    assert open_todos(records[0]).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content_of_point": ["x"]}, "content_of_point"),
        ({"content_of_point": "签证超期率"}, "content_of_point"),
        ({"content_of_point": {"indicator": "签证超期率"}, "measures": "x"}, "measures"),
        ({"content_of_point": {"indicator": "签证超期率"}, "measures": []}, "measures"),
        ({"content_of_point": {"manifestation": ""}}, "manifestation"),
    ],
)
def test_a_proposed_content_with_a_fault_is_a_400_beside_it_and_opens_nothing(world, body, field):
    record = point_in("in_force", world)
    answer = post(world, "head", f"{record.pk}/open_adjustment/", {"kind": "content", "reason": "制度修订", **body})
    assert answer.status_code == 400, answer.data
    assert field in answer.data
    record.refresh_from_db()
    assert (record.state, record.adjustments.exists()) == ("in_force", False)


@pytest.mark.parametrize("body", [[], "提交", [{"version": 1}]])
def test_a_move_asked_for_with_anything_but_an_object_is_a_400(world, body):
    record = point_in("draft", world)
    answer = post(world, "author", f"{record.pk}/submit/", body)
    assert answer.status_code == 400, answer.data
    record.refresh_from_db()
    assert record.state == "draft"
