"""The API base: what JSON may carry, keys against double posts, and the page's own words."""
import json
from io import BytesIO

import pytest
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from apps.core.errors import Refused
from apps.pages.api import RecordSerializer, RecordViewSet, as_form_data, refused_as_conflict
from apps.pages.parsers import CleanJSONParser
from apps.pages.services import as_posted, draft_of
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, grant
from tests.kit.risks import draft, point_in
from tests.risks.test_forms import row, typed

BASE = "/api/v1/risks/"


@pytest.fixture
def api(world):
    def log_in(who):
        found = APIClient()
        found.force_authenticate(again(world.people[who]))
        return found

    return log_in


def body(world, **over):
    return typed(world, **over) | {"measures": [row(world)]}


def raw(client, text, path=BASE):
    return client.post(path, text, content_type="application/json")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (r'{"name": "a\u0000b"}', "不能保存的字符"),
        (r'{"na\u0000me": "b"}', "不能保存的字符"),
        (r'{"name": "\ud800"}', "不能保存的字符"),
        (r'{"measures": [{"content": "\udfff"}]}', "不能保存的字符"),
        ('{"a":' * 21 + "1" + "}" * 21, "层级过深"),
        ("[" * 100_000 + "]" * 100_000, "层级过深"),
        ('{"name": NaN}', "JSON"),
        ('{"name": ', "JSON"),
        ("[]", "须是一个 JSON 对象"),
        ('"甲"', "须是一个 JSON 对象"),
        ("7", "须是一个 JSON 对象"),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_a_400_with_a_sentence(world, api, text, why):
    answer = raw(api("clerk"), text)
    assert answer.status_code == 400
    assert why in json.dumps(answer.data, ensure_ascii=False)
    assert not RiskPoint.objects.visible_to(world.clerk).exists()


def test_what_can_be_stored_passes_as_it_is():
    data = {"a": [1, 2.5, None, True, "甲😀"], "b": {"c": {}}}
    assert CleanJSONParser().parse(BytesIO(json.dumps(data).encode())) == data
    with pytest.raises(ParseError):
        CleanJSONParser().parse(BytesIO(b"\xff"))


def test_a_key_makes_ten_posts_one_row_and_one_answer(world, api):
    answers = [api("clerk").post(BASE, body(world), format="json", headers={"Idempotency-Key": "k1"}) for _ in range(3)]
    assert [a.status_code for a in answers] == [201] * 3
    assert len({a.data["id"] for a in answers}) == 1
    assert answers[2].data["name"] == "变更签证 把关不严"
    assert RiskPoint.objects.visible_to(world.clerk).count() == 1


def test_a_key_belongs_to_one_person_and_one_place(world, api):
    first, second = draft(world, by="clerk"), draft(world, by="clerk")
    for who in ("clerk", "trade"):
        name = f"{who}的风险点"
        assert api(who).post(BASE, body(world, name=name), format="json", headers={"Idempotency-Key": "k"}).data["name"] == name
    for record in (first, second):
        answer = api("clerk").put(f"{BASE}{record.pk}/", {"version": 1, "power": "签证"}, format="json", headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.data["id"], answer.data["version"]) == (200, record.pk, 2)
    repeated = api("clerk").put(f"{BASE}{first.pk}/", {"version": 1, "power": "签证"}, format="json", headers={"Idempotency-Key": "k"})
    assert (repeated.status_code, repeated.data["version"]) == (200, 2)


def test_a_key_that_is_too_long_is_refused(world, api):
    answer = api("clerk").post(BASE, body(world), format="json", headers={"Idempotency-Key": "k" * 65})
    assert (answer.status_code, answer.data["detail"]) == (409, "提交标识过长，刷新页面后再提交。")


def test_what_lies_outside_does_not_exist(world, api):
    record = draft(world)
    for who in ("stranger", "nobody", "system_admin"):
        assert api(who).get(f"{BASE}{record.pk}/").status_code == 404
        assert api(who).put(f"{BASE}{record.pk}/", {"version": 1}, format="json").status_code == 404
    assert api("nobody").get(BASE).status_code == 404
    assert api("leader").post(BASE, body(world), format="json").status_code == 404
    assert api("stranger").get(BASE).data["count"] == 0


def test_what_the_state_forbids_is_a_403_and_what_came_too_late_a_409(world, api):
    record = point_in("department", world, by="clerk")
    assert api("clerk").put(f"{BASE}{record.pk}/", {"version": 2}, format="json").status_code == 403
    late = draft(world, by="clerk")
    answer = api("clerk").put(f"{BASE}{late.pk}/", {"version": 7, "power": "签证"}, format="json")
    assert answer.status_code == 409
    assert "刷新后再办理" in answer.data["detail"]


def test_faults_are_named_by_field_in_the_words_of_the_page(world, api, as_, filled):
    answer = api("clerk").post(BASE, body(world, phone="1", likelihood=9), format="json")
    page = as_(world.clerk).post("/risks/new/", filled(phone="1", likelihood=9))
    assert answer.status_code == 400
    on_page = {name: [str(e) for e in errors] for name, errors in page.context["form"].errors.items()}
    in_json = {name: [errors] if isinstance(errors, str) else list(errors) for name, errors in answer.data.items()}
    assert in_json == on_page
    assert set(on_page) == {"phone", "likelihood"}


def test_what_would_leave_ones_sight_is_not_saved(world, api):
    record = draft(world)
    grant(world.colleague, "R16", world.company, department=world.works)
    answer = api("colleague").put(f"{BASE}{record.pk}/", {"version": 1, "secrecy": "limited"}, format="json")
    assert (answer.status_code, answer.data["detail"]) == (409, "保存后您将看不到此记录，请检查填报单位和公开属性。")
    record.refresh_from_db()
    assert (record.version, record.secrecy) == (1, "unit")


def test_pages_are_fifty_long_unless_asked_and_never_past_the_end(world, api):
    for _ in range(3):
        draft(world)
    assert len(api("author").get(f"{BASE}?per_page=2").data["results"]) == 2
    assert len(api("author").get(f"{BASE}?per_page=2&page=9").data["results"]) == 1
    assert len(api("author").get(f"{BASE}?page=x").data["results"]) == 3


def test_json_is_posted_as_a_browser_would(world):
    posted = as_form_data(
        {"a": 1, "b": True, "c": False, "d": None, "e": ["x", 2]}, rows={"m": [{"id": 5, "t": "一"}, {"t": "二"}], "n": []}
    )
    assert {name: posted.getlist(name) for name in posted} == {
        "a": ["1"], "b": ["on"], "e": ["x", "2"],
        "m-TOTAL_FORMS": ["2"], "m-INITIAL_FORMS": ["1"], "m-0-id": ["5"], "m-0-t": ["一"], "m-1-t": ["二"],
        "n-TOTAL_FORMS": ["0"], "n-INITIAL_FORMS": ["0"],
    }  # fmt: skip


def test_other_errors_are_left_to_the_framework():
    assert refused_as_conflict(ValueError("x"), {}) is None
    assert refused_as_conflict(ParseError("x"), {}).status_code == 400


def test_a_draft_typed_on_the_page_is_no_row_of_the_api(world, api, as_):
    as_(world.clerk).post("/risks/new/draft/", {"name": ["甲"], "ways": ["self", "organisation"]})
    assert api("clerk").get(BASE).data["count"] == 0
    assert as_posted(draft_of(world.clerk, "risks:new")).getlist("ways") == ["self", "organisation"]
    assert draft_of(world.trade, "risks:new") is None


def test_a_refusal_that_blames_a_field_is_a_400():
    answer = refused_as_conflict(Refused("填写理由。", field="opinion"), {})
    assert (answer.status_code, answer.data) == (400, {"opinion": ["填写理由。"]})
    assert refused_as_conflict(Refused("当前状态不能办理。"), {}).status_code == 409


def test_drawing_the_schema_reads_no_rows(world):
    view = RecordViewSet()
    view.model, view.swagger_fake_view = RiskPoint, True
    assert list(view.get_queryset()) == []


class PlainSerializer(RecordSerializer):
    class Meta:
        model = RiskPoint
        fields = ["id", "name", "version", "state_label", "unit_name"]


class PlainRisks(RecordViewSet):
    """A register that changes nothing of the base."""

    model = RiskPoint
    serializer_class = PlainSerializer

    def write(self, data, *, instance):
        fields = {"name": data["name"]}
        return services.update_point(instance, fields=fields, by=self.request.user, at=timezone.now(), version=data["version"])


def test_the_base_changes_a_record_once_a_key_and_only_where_one_holds_u(world):
    record = draft(world)

    def put(who, **more):
        request = APIRequestFactory().put(f"/plain/{record.pk}/", {"name": "另一名称", "version": 1}, format="json", headers=more)
        force_authenticate(request, again(world.people[who]))
        return PlainRisks.as_view({"put": "update"})(request, pk=record.pk)

    for _ in range(2):
        answer = put("clerk", **{"Idempotency-Key": "k"})
        assert (answer.status_code, answer.data["name"], answer.data["version"]) == (200, "另一名称", 2)
    assert put("clerk").status_code == 409
    assert put("head").status_code == 403
    assert put("stranger").status_code == 404
