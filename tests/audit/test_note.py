"""`note`: what an event holds, and what is refused."""
import json
import uuid
from datetime import date, timedelta, timezone
from decimal import Decimal

import pytest

from apps.audit import catalogue, services, streams
from apps.core.context import Context, request_context
from tests.audit.conftest import AT
from tests.audit.papers import Paper
from tests.kit import audit


def test_an_event_says_who_for_whom_when_from_where_what_and_on_which_record(desk, clerk, superior):
    paper = Paper.objects.create(title="采购审批单", unit_id=5)
    with request_context(Context(ip="10.1.2.3", session="s1", request_id="r1")):
        services.note(
            "paper.made", stream="org:5", by=clerk, at=AT, record=paper, acting_for=superior, reason="补录", result="refused",
            before={"title": "旧", "same": 1}, after={"title": "新", "same": 1, "sum": Decimal("1.50")},
        )
    one = audit.event(stream="org:5")
    assert (one.seq, one.at, one.actor_id, one.actor_name) == (1, AT, 7, "甲公司经办人")
    assert (one.acting_for, one.acting_for_name) == (8, "甲公司部门负责人")
    assert (one.ip, one.session_hash, one.request_id) == ("10.1.2.3", "s1", "r1")
    assert (one.event_type, one.object_type, one.object_id, one.object_label) == (
        "paper.made", "audit_papers.paper", str(paper.pk), "采购审批单",
    )
    assert (one.unit_id, one.result, one.reason) == (5, "refused", "补录")
    assert one.body == '{"after":{"sum":"1.50","title":"新"},"before":{"title":"旧"}}'


def test_the_system_acts_without_a_person_and_without_a_request(desk):
    services.note("paper.made", stream="sys", by=None, at=AT)
    one = audit.event(stream="sys")
    assert (one.actor_id, one.actor_name, one.acting_for, one.ip, one.session_hash) == (None, "", None, None, "")
    assert (one.object_type, one.object_id, one.unit_id, one.body) == ("", "", None, '{"after":{},"before":{}}')


def test_object_and_unit_can_be_given_without_a_record_and_override_it(desk):
    services.note("paper.made", stream="sys", by=None, at=AT, object_type="files.export", object_id=12, object_label="台账", unit_id=3)
    paper = Paper.objects.create(title="甲", unit_id=5)
    services.note("paper.made", stream="sys", by=None, at=AT, record=paper, object_label="乙", unit_id=9)
    first, second = audit.events(event_type="paper.made")
    assert (first.object_type, first.object_id, first.object_label, first.unit_id) == ("files.export", "12", "台账", 3)
    assert (second.object_id, second.object_label, second.unit_id) == (str(paper.pk), "乙", 9)


def test_an_undeclared_event_is_a_programming_error(desk):
    with pytest.raises(ValueError, match="not declared"):
        services.note("paper.invented", stream="sys", by=None, at=AT)


def test_an_unknown_result_is_a_programming_error(desk):
    with pytest.raises(ValueError, match="is none of ok, refused, failed"):
        services.note("paper.made", stream="sys", by=None, at=AT, result="perhaps")


def test_one_name_never_means_two_things():
    catalogue.declare({"paper.twice": "一"})
    catalogue.declare({"paper.twice": "一"})
    with pytest.raises(ValueError, match="already declared"):
        catalogue.declare({"paper.twice": "二"})
    assert catalogue.label_of("paper.twice") == "一" == catalogue.labels()["paper.twice"]


@pytest.mark.parametrize("name", ["", "Paper.made", "paper made", "paper.", "登记"])
def test_an_event_name_is_dotted_lower_case(name):
    with pytest.raises(ValueError, match="dotted lower-case"):
        catalogue.declare({name: "某事"})


def test_an_event_of_an_older_version_is_shown_by_its_name():
    assert catalogue.label_of("gone.away") == "gone.away"


def test_values_are_kept_in_one_spelling():
    key = uuid.UUID(int=1)
    value = {"b": date(2026, 1, 2), "a": AT, "d": Decimal("2.10"), "u": key, "s": {2, 1}, "p": Paper(pk=4), "n": None, "t": "\u0000<\">"}
    assert json.loads(services.canonical(value)) == {
        "a": "2026-11-21T01:02:03.456789+00:00", "b": "2026-01-02", "d": "2.10", "u": str(key), "s": [1, 2], "p": 4, "n": None,
        "t": "\u0000<\">",
    }
    assert services.canonical({"b": 1, "a": 2}) == '{"a":2,"b":1}'
    with pytest.raises(ValueError, match="Out of range float"):
        services.canonical({"a": float("nan")})
    with pytest.raises(TypeError):
        services.canonical({"a": object()})


def test_only_changed_fields_are_kept():
    body = services.difference({"a": 1, "b": [1], "gone": 3}, {"a": 1, "b": [2], "new": 4})
    assert body == '{"after":{"b":[2],"new":4},"before":{"b":[1],"gone":3}}'
    assert services.difference(None, None) == '{"after":{},"before":{}}'


def test_the_moment_is_the_same_in_any_time_zone(desk):
    services.note("paper.made", stream="sys", by=None, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert audit.event(stream="sys").at == AT


def test_every_person_has_one_of_eight_log_in_chains():
    assert {streams.auth_stream(number) for number in range(100)} == {f"auth:{shard}" for shard in range(8)}
    assert streams.auth_stream(None) == "auth:0"
    assert (streams.org_stream(12), streams.org_stream(None), streams.SYS) == ("org:12", streams.REGULATOR, "sys")
