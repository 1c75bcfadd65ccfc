"""The API speaks like the page: faults are lists beside their field, and who comes late hears who was first."""
import pytest

from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, moment, staff
from tests.kit.risks import point_in
from tests.risks.test_api import body, client, post

LATE = moment(2026, 5, 19)


def lists_only(data):
    return bool(data) and all(isinstance(value, list) and all(isinstance(text, str) for text in value) for value in data.values())


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("", lambda w: body(w, leader=w.person("stranger_leader").pk, phone="1", year="x")),
        ("", lambda w: body(w) | {"measures": [{"kind": "x", "content": ""}]}),
        ("", lambda w: body(w) | {"measures": "x"}),
        ("{draft}/submit/", lambda w: {}),
        ("{waiting}/give_back/", lambda w: {"opinion": "退回"}),
        ("{waiting}/dance/", lambda w: {}),
    ],
)
def test_the_faults_of_every_field_are_a_list(world, path, data):
    made = post(world, "clerk", "", {"unit": world.company.pk, "year": 2026, "name": "一", "secrecy": "unit"}).data["id"]
    waiting = point_in("department", world).pk
    who = "head" if "waiting" in path else "clerk"
    answer = post(world, who, path.format(draft=made, waiting=waiting), data(world))
    assert (answer.status_code, lists_only(answer.data)) == (400, True), answer.data


def test_a_lost_race_without_a_version_tells_who_was_first(world):
    world.people["twin"] = staff("韩冬", world.company, "R15", within=world.works, bounded=True)
    record = point_in("department", world)
    services.agree(RiskPoint.objects.get(pk=record.pk), by=again(world.head), at=LATE)
    answer = post(world, "twin", f"{record.pk}/agree/", {})
    assert answer.status_code == 409
    assert answer.data["detail"] == f"此记录已由{world.head.name}于2026-05-19 10:00同意。当前状态为“分管领导审定”，不再由您办理。"


def test_a_move_that_the_state_no_longer_allows_tells_who_moved_it(world):
    record = point_in("department", world)
    services.give_back(RiskPoint.objects.get(pk=record.pk), by=again(world.head), at=LATE, opinion="内容不完整")
    answer = post(world, "head", f"{record.pk}/agree/", {})
    assert answer.data["detail"] == f"此记录已由{world.head.name}于2026-05-19 10:00退回填报人。当前状态为“草稿”，不能同意。"


def test_whoever_never_had_the_turn_is_told_that_he_has_no_right(world):
    record = point_in("department", world)
    answer = post(world, "clerk", f"{record.pk}/agree/", {})
    assert (answer.status_code, answer.data["detail"]) == (409, "没有同意的权限。")



@pytest.mark.parametrize("version", ["a%0d%0aX-Evil:%201", "%00", "9" * 3000, "v1"])
def test_the_schema_takes_no_header_from_its_address(world, version):
    answer = client(world, "clerk").get(f"/api/v1/schema/?version={version}")
    assert answer.status_code in {200, 400}
    assert "X-Evil" not in answer.headers
    assert version[:5] not in answer.headers.get("Content-Disposition", "") or version == "v1"
