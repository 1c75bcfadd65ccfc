"""The judgement beside the record: what the last try lacked stands beside the field that lacked it."""

import re

from django.test import Client

from tests.kit.people import again
from tests.kit.risks import point_in


def as_user(person):
    client = Client()
    client.force_login(again(person))
    return client


def faults(response):
    """What the page says beside which field, and above it."""
    page = response.content.decode()
    places = re.findall(r'id="(?:id_)?(\w+)_error">.*?<div[^>]*>([^<]*)</div>', page, re.S)
    beside = {name: text.strip() for name, text in places if text.strip()}
    return beside, re.search(r'role="alert">.*?<div>([^<]*)</div>', page, re.S).group(1)


def test_a_missing_sitting_is_asked_for_beside_its_field(world):
    record = point_in("party", world)
    answer = as_user(world.party_office).post(f"/risks/{record.pk}/do/pass_at_sitting/", {"version": record.version, "opinion": "审定通过"})
    beside, above = faults(answer)
    assert (answer.status_code, above) == (409, "选择审定会议。")
    assert list(beside) == ["sitting"]
    assert "审定通过" in answer.content.decode()


def test_a_return_without_a_reason_is_asked_for_beside_the_opinion(world):
    record = point_in("department", world)
    beside, above = faults(as_user(world.head).post(f"/risks/{record.pk}/do/give_back/", {"version": record.version}))
    assert beside == {"opinion": above}
    assert above.startswith("填写退回填报人的理由")


def test_an_objection_is_answered_in_one_box(world):
    record = point_in("objection", world)
    client = as_user(world.inspector)
    page = client.get(f"/risks/{record.pk}/").content.decode()
    assert ("答复<span class=\"req\">必填" in page, ">意见<" in page) == (True, False)
    silent = client.post(f"/risks/{record.pk}/do/answer_objection/", {"version": record.version, "accepted": "no"})
    assert faults(silent) == ({"opinion": "填写答复。"}, "填写答复。")
    client.post(f"/risks/{record.pk}/do/answer_objection/", {"version": record.version, "accepted": "no", "opinion": "经核实，情况属实。"})
    assert list(record.objections.values_list("answer", flat=True)) == ["经核实，情况属实。"]
