"""/api/v1/risks/: the page's rules and words, for programs."""

import pytest
from rest_framework.test import APIClient

from apps.risks import services
from apps.risks.models import Objection, RiskPoint
from tests.kit.people import again
from tests.kit.risks import draft, point_in
from tests.risks.test_forms import row, typed

BASE = "/api/v1/risks/"


def client(world, who):
    found = APIClient()
    found.force_authenticate(again(world.people[who]))
    return found


def post(world, who, path, data, **headers):
    return client(world, who).post(f"{BASE}{path}", data, format="json", headers=headers)


def body(world, **over):
    return typed(world, **over) | {"measures": [row(world)]}


def test_a_point_is_created_read_changed_and_handed_in(world):
    made = post(world, "clerk", "", body(world))
    assert made.status_code == 201, made.data
    assert (made.data["number"], made.data["state"], made.data["suggested"]) == ("FX-CJ-2026-0001", "draft", "high")
    assert [m["name"] for m in made.data["moves"]] == ["submit", "void"]
    path = f"{BASE}{made.data['id']}/"
    changed = client(world, "clerk").put(path, {"version": 1, "likelihood": 4}, format="json")
    assert (changed.status_code, changed.data["score"], changed.data["version"]) == (200, 12, 2)
    assert len(changed.data["measures"]) == 1
    handed_in = post(world, "clerk", f"{made.data['id']}/submit/", {"version": 2})
    assert (handed_in.status_code, handed_in.data["state"]) == (200, "department"), handed_in.data
    assert handed_in.data["waiting"][0]["label"] == "部门审核"


def test_the_author_without_the_letter_u_changes_his_own_draft(world):
    record = draft(world)
    path = f"{BASE}{record.pk}/"
    assert client(world, "author").put(path, {"version": 1, "power": "签证"}, format="json").status_code == 200
    assert client(world, "head").put(path, {"version": 2, "power": "结算"}, format="json").status_code == 403
    assert client(world, "author").put(path, {"version": 1, "power": "结算"}, format="json").status_code == 409
    assert client(world, "author").put(path, {"power": "结算"}, format="json").data == {"version": ["填写读取时的版本号。"]}


def test_faults_have_the_words_of_the_page(world):
    answer = post(world, "clerk", "", body(world, leader=world.person("stranger_leader").pk, phone="1"))
    assert answer.status_code == 400
    assert answer.data["leader"] == ["所选项不在可选范围内，重新选择。"] or answer.data["leader"] == "所选项不在可选范围内，重新选择。"
    assert set(answer.data) == {"leader", "phone"}


def test_an_incomplete_hand_in_names_every_field(world):
    made = post(world, "clerk", "", {"unit": world.company.pk, "year": 2026, "name": "一", "secrecy": "unit"})
    answer = post(world, "clerk", f"{made.data['id']}/submit/", {"version": 1})
    assert answer.status_code == 400
    assert {"layer", "measures", "manifestation", "leader"} <= set(answer.data)


@pytest.mark.parametrize("data", [[], "x", {"measures": "x"}, {"measures": [1]}])
def test_what_is_no_point_is_a_400(world, data):
    assert post(world, "clerk", "", data).status_code == 400


def test_a_move_is_made_once_whatever_the_network_does(world):
    record = draft(world, by="clerk")
    for _ in range(3):
        answer = post(world, "clerk", f"{record.pk}/submit/", {"version": 1}, **{"Idempotency-Key": "k-1"})
        assert (answer.status_code, answer.data["state"]) == (200, "department")
    record.refresh_from_db()
    assert record.version == 2
    assert post(world, "clerk", f"{record.pk}/submit/", {"version": 1}).status_code == 409


def test_a_point_is_created_once_with_a_key(world):
    made = [post(world, "clerk", "", body(world), **{"Idempotency-Key": "k-2"}).data["id"] for _ in range(3)]
    assert len(set(made)) == 1 == RiskPoint.objects.count()


def test_every_move_has_its_address(world):
    record = point_in("discipline", world)
    back = post(world, "inspector", f"{record.pk}/give_back/", {"version": 4, "opinion": "指标不具体", "fields": ["indicator"]})
    assert (back.status_code, back.data["state"]) == (200, "draft")
    record = point_in("publicity", world)
    objected = post(world, "worker", f"{record.pk}/object_to/", {"content": "表现形式与实际不一致", "is_anonymous": True})
    assert (objected.status_code, objected.data["state"], Objection.objects.get().by) == (200, "objection", None)
    answered = post(world, "inspector", f"{record.pk}/answer_objection/", {"accepted": False, "opinion": "经核实属实"})
    assert (answered.status_code, answered.data["state"]) == (200, "publicity")
    record = point_in("in_force", world)
    opened = post(
        world, "head", f"{record.pk}/open_adjustment/",
        {"kind": "content", "reason": "制度修订", "content_of_point": {"indicator": "签证超期率"}},
    )  # fmt: skip
    assert (opened.status_code, opened.data["state"]) == (200, "adjusting"), opened.data
    assert post(world, "leader", f"{record.pk}/agree_adjustment/", {}).status_code == 200
    struck = post(world, "discipline", f"{point_in('in_force', world).pk}/strike/", {"reason": "post"})
    assert (struck.status_code, struck.data["state"]) == (200, "struck")


def test_the_sitting_is_one_the_caller_may_read(world):
    from tests.kit.risks import DISCUSSED

    record = point_in("party", world)
    answer = post(world, "party_office", f"{record.pk}/pass_at_sitting/", {"sitting": 999_999})
    assert (answer.status_code, answer.data) == (400, {"sitting": ["所选项不在可选范围内，重新选择。"]})
    sitting = world.sitting(met_on=DISCUSSED.date())
    answer = post(world, "party_office", f"{record.pk}/pass_at_sitting/", {"sitting": sitting.pk, "version": record.version})
    assert (answer.status_code, answer.data["state"], answer.data["sitting"]) == (200, "publicity", sitting.pk)


@pytest.mark.parametrize(
    ("move", "data", "field"),
    [("give_back", {"opinion": "退回"}, "opinion"), ("give_back", {"opinion": "内容不完整", "fields": ["x"]}, "fields"),
     ("answer_objection", {}, "accepted"), ("object_to", {}, "content"), ("strike", {"reason": "x"}, "reason"),
     ("open_adjustment", {"kind": "x", "reason": "r"}, "kind"), ("end_publicity", {}, "move"), ("dance", {}, "move")],
)  # fmt: skip
def test_a_move_badly_asked_for_is_a_400_beside_its_field(world, move, data, field):
    record = point_in("department", world)
    answer = post(world, "head", f"{record.pk}/{move}/", data)
    assert (answer.status_code, field in answer.data) == (400, True), answer.data


def test_a_refusal_is_a_409_with_its_reason(world):
    record = point_in("department", world)
    answer = post(world, "leader", f"{record.pk}/agree/", {})
    assert (answer.status_code, answer.data) == (409, {"detail": "没有同意的权限。"})


@pytest.mark.parametrize("who", ["stranger", "worker", "below", "stranger_leader"])
def test_outside_ones_scope_it_is_a_404_for_reading_and_for_acting(world, who):
    record = point_in("department", world)
    for answer in (
        client(world, who).get(f"{BASE}{record.pk}/"), client(world, who).get(f"{BASE}999999/"),
        client(world, who).put(f"{BASE}{record.pk}/", {"version": 1}, format="json"), post(world, who, f"{record.pk}/agree/", {}),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert client(world, who).get(BASE).data["results"] == []


@pytest.mark.parametrize("who", ["system_admin", "nobody", "director", "supervision"])
def test_without_the_function_there_is_nothing_at_all(world, who):
    assert client(world, who).get(BASE).status_code == 404
    assert post(world, who, "", body(world)).status_code == 404


def test_the_list_is_filtered_like_the_page(world):
    first, second = draft(world, name="甲"), draft(world, name="乙", likelihood=1, severity=1, level="low")
    found = client(world, "head").get(BASE, {"level": "low"}).data["results"]
    assert [r["id"] for r in found] == [second.pk]
    assert [r["id"] for r in client(world, "head").get(BASE, {"ordering": "number"}).data["results"]] == [first.pk, second.pk]
    assert client(world, "head").get(BASE, {"level": "x"}).status_code == 400


def test_the_telephone_number_is_masked(world):
    record = point_in("in_force", world)
    assert client(world, "worker").get(f"{BASE}{record.pk}/").data["phone"] == "138****0011"
    assert client(world, "clerk").get(f"{BASE}{record.pk}/").data["phone"] == "13800000011"


def test_three_rows_cost_as_many_queries_as_one(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask():
        one = client(world, "head")
        with CaptureQueriesContext(connection) as caught:
            assert one.get(BASE).status_code == 200
        return len(caught)

    point_in("in_force", world)
    ask()
    first = ask()
    draft(world)
    draft(world)
    assert ask() == first <= 12


def test_a_state_is_changed_by_no_field(world):
    record = draft(world, by="clerk")
    answer = client(world, "clerk").put(
        f"{BASE}{record.pk}/", {"version": 1, "state": "in_force", "number": "X", "score": 1}, format="json"
    )
    record.refresh_from_db()
    assert (answer.status_code, record.state, record.number, record.score) == (200, "draft", "FX-CJ-2026-0001", 9)
    services.submit(record, by=again(world.clerk), at=record.updated_at)
