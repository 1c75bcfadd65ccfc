"""The form: what it offers, what it refuses beside which field, and that it hands the services what was typed."""

import datetime
import re

import pytest

from apps.pages.api import as_form_data
from apps.pages.picks import NOT_OFFERED
from apps.risks import services
from apps.risks.forms import MeasureFormSet, RiskPointForm, content_from, errors_of, full_errors
from apps.risks.models import RiskPoint
from tests.kit.people import again
from tests.kit.risks import FILED, draft

TODAY = datetime.date(2026, 5, 18)


def typed(world, **over):
    made = {
        "unit": world.company.pk, "year": 2026, "layer": "post", "department": world.works.pk, "post": world.engineer.pk,
        "power": "工程变更签证审核", "topic": "conduct", "domain": "works", "category": "process", "authority": "manage",
        "name": " 变更签证  把关不严 ", "manifestation": "与施工单位串通虚增工程量、先施工后补签、化整为零", "likelihood": 3, "severity": 3,
        "level": "high", "responsible": world.person("author").pk, "head": world.person("head").pk, "leader": world.person("leader").pk,
        "secretary": world.person("secretary").pk, "ways": ["organisation", "self"], "publicity_scope": "unit",
        "publicity_channels": ["oa"], "secrecy": "unit", "phone": "0577-88880000",
    }  # fmt: skip
    return made | over


def row(world, **over):
    return {
        "kind": "during", "content": "四方会签", "department": world.works.pk, "person": world.person("head").pk, "is_standing": True
    } | over  # fmt: skip


def both(world, who="clerk", rows=None, instance=None, **over):
    posted = as_form_data(typed(world, **over), rows={"measures": [row(world)] if rows is None else rows})
    user = again(world.people[who])
    return (
        RiskPointForm(posted, user=user, instance=instance, today=TODAY),
        MeasureFormSet(posted, user=user, instance=instance),
    )  # fmt: skip


def test_what_is_typed_reaches_the_service(world):
    form, formset = both(world, rows=[row(world), row(world, content="抽审", is_standing=False, due_on="2026-12-31"), {}])
    assert full_errors(form, formset) == {}
    fields, measures = content_from(form, formset)
    record = services.create_draft(fields, measures=measures, by=again(world.clerk), at=FILED)
    stored = RiskPoint.objects.get(pk=record.pk)
    assert (stored.name, stored.ways, stored.phone, stored.suggested) == (
        "变更签证 把关不严",
        ["self", "organisation"],
        "0577-88880000",
        "high",
    )
    assert list(stored.measures.order_by("number").values_list("content", "progress")) == [
        ("四方会签", "standing"),
        ("抽审", "not_started"),
    ]
    services.submit(stored, by=again(world.clerk), at=FILED)


def test_a_draft_needs_only_three_fields(world):
    posted = as_form_data({"unit": world.company.pk, "year": 2026, "name": "一", "secrecy": "unit"}, rows={"measures": []})
    form = RiskPointForm(posted, user=again(world.clerk), today=TODAY)
    assert form.is_valid(), form.errors
    empty = RiskPointForm(as_form_data({"secrecy": "unit"}), user=again(world.clerk), today=TODAY)
    assert set(empty.errors) == {"unit", "year", "name"}


@pytest.mark.parametrize("field", ["unit", "department", "post", "responsible", "head", "leader", "secretary"])
def test_what_does_not_exist_and_what_is_not_yours_get_the_same_answer(world, field):
    foreign = {
        "unit": world.other.pk, "department": 0, "post": 0, "responsible": world.person("stranger").pk,
        "head": world.person("stranger").pk, "leader": world.person("stranger_leader").pk, "secretary": world.person("group_secretary").pk,
    }  # fmt: skip
    answers = set()
    for value in (foreign[field], 999_999, "x"):
        form, _ = both(world, **{field: value})
        answers.add(tuple(form.errors.get(field, [])))
    assert answers == {(NOT_OFFERED,)}


@pytest.mark.parametrize(
    ("field", "value"),
    [("domain", "x"), ("category", "x"), ("topic", "x"), ("ways", ["x"]), ("publicity_channels", ["x"]), ("criteria", ["x"]),
     ("layer", "x"), ("level", "x"), ("authority", "x"), ("likelihood", 5), ("severity", 0), ("year", 1999), ("phone", "12345"),
     ("name", "一" * 61), ("manifestation", "一" * 1001)],
)  # fmt: skip
def test_values_outside_what_is_allowed_are_refused_beside_their_field(world, field, value):
    form, _ = both(world, **{field: value})
    assert set(form.errors) == {field}


def test_leader_and_secretary_are_picked_from_those_who_are(world):
    form, _ = both(world)
    assert {label for key, label in form.fields["leader"].choices if key} == {
        "王立成（副总经理）", "郑文博（总法律顾问）", "林志远（党委书记、董事长）", "吴晓岚（纪委书记）"
    }  # fmt: skip
    assert [label for key, label in form.fields["secretary"].choices if key] == ["林志远（党委书记、董事长）"]


def test_a_post_brings_its_department(world):
    form, _ = both(world, department="")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["department"] == world.works


def test_the_same_point_twice_is_said_beside_the_name(world):
    draft(world, name="变更签证 把关不严")
    form, _ = both(world)
    assert form.errors == {"name": ["该岗位本年度已有同名风险点。"]}


def test_s7_every_fault_of_a_hand_in_stands_beside_its_field(world):
    form, formset = both(world, rows=[], layer="department", department="", likelihood=2, severity=2, authority="decide", level="low")
    assert full_errors(form, formset) == {
        "department": "部门级风险点须选择部门", "post": "部门级风险点不填岗位",
        "level_reason": "评定等级与建议等级“高”不一致，填写等级调整理由", "measures": "请至少填写一条防控措施",
    }  # fmt: skip
    assert set(form.errors) == {"department", "post", "level_reason"}
    assert formset.non_form_errors() == ["请至少填写一条防控措施"]


def test_faults_of_measures_stand_in_their_row(world):
    rows = [row(world), row(world, person="", is_standing=False, due_on="2026-05-17")]
    form, formset = both(world, rows=rows)
    assert full_errors(form, formset) == {"measures-1-person": "措施2：选择责任人", "measures-1-due_on": "措施2：完成时限不得早于今天"}
    assert formset.forms[1].errors == {"person": ["措施2：选择责任人"], "due_on": ["措施2：完成时限不得早于今天"]}


def test_a_broken_measure_is_refused_even_in_a_draft(world):
    rows = [row(world, content=""), row(world, due_on="2026-12-31"), row(world, person=world.person("stranger").pk)]
    form, formset = both(world, rows=rows)
    assert full_errors(form, formset) == errors_of(form, formset) == {
        "measures-0-content": "措施1：填写措施内容", "measures-1-due_on": "措施2：长期坚持的措施不填完成时限",
        "measures-2-person": NOT_OFFERED,
    }  # fmt: skip


def test_too_many_measures_are_refused(world):
    form, formset = both(world, rows=[row(world)] * 51)
    assert set(full_errors(form, formset)) == {"measures"}


def test_the_form_of_a_draft_shows_what_is_stored_and_keeps_its_unit(world):
    record = draft(world)
    form = RiskPointForm(user=again(world.author), instance=record)
    assert form["leader"].value() == record.leader_id
    assert form["domain"].value() == "works"
    assert [key for key, _ in form.fields["unit"].choices] == ["", str(world.company.pk)]
    formset = MeasureFormSet(user=again(world.author), instance=record)
    assert formset.forms[0]["content"].value() == record.measures.get().content
    assert formset.forms[0]["id"].value() == record.measures.get().pk


def test_a_new_form_begins_with_the_persons_unit_and_this_year(world):
    form = RiskPointForm(user=again(world.clerk), today=TODAY)
    assert (form["unit"].value(), form["year"].value(), form.unit) == (world.company.pk, 2026, world.company)


def test_somebody_who_may_register_nowhere_is_offered_nothing(world):
    form = RiskPointForm(user=again(world.worker), today=TODAY)
    assert form.unit == world.company
    nothing = RiskPointForm(user=again(world.director), today=TODAY)
    assert (nothing.unit, nothing.fields["unit"].choices) == (None, [("", "未选择")])


def test_a_person_who_left_stays_on_the_paper_that_names_him(world):
    record = draft(world)
    person = world.person("author")
    person.is_active = False
    person.save()
    form, _ = both(world, instance=record, name="另一个")
    assert form.is_valid(), form.errors
    fresh, _ = both(world, name="再一个")
    assert fresh.errors == {"responsible": [NOT_OFFERED]}


def test_the_form_costs_the_same_for_one_and_ten_measures(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask(rows):
        form, formset = both(world, rows=rows)
        with CaptureQueriesContext(connection) as caught:
            form.is_valid()
            formset.is_valid()
            str(formset)
        return len(caught)

    assert ask([row(world)]) == ask([row(world)] * 10)


def test_everything_wrong_is_said_at_once_in_the_order_of_the_page_and_with_its_name(world, client):
    client.force_login(again(world.author))
    typed = {"then": "submit", "unit": world.company.pk, "year": "二零二六", "name": "很" * 61, "measures-TOTAL_FORMS": "1",
             "measures-INITIAL_FORMS": "0", "measures-0-kind": "before", "measures-0-due_on": "明年"}  # fmt: skip
    page = client.post("/risks/new/", typed).content.decode()
    said = re.findall(r'<li><a href="#[^"]+">([^<]+)</a></li>', page)
    assert said[:4] == ["执行年度填写四位年份，如2026", "选择风险层级", "选择专题类别", "选择密级/公开属性"]
    assert said[4] == "风险点名称不超过60字，现有61字"
    assert said[-4:] == ["措施1：填写措施内容", "措施1：选择责任部门", "措施1：选择责任人", "措施1：完成时限按“2026-11-20”的格式填写"]
    assert "很" * 61 in page
    assert 'maxlength="60"' not in page  # a browser would cut off what is pasted


@pytest.mark.parametrize(
    ("typed", "score", "level", "sentence"),
    [
        ({}, None, "", "选择发生可能性L和后果严重性C后"),
        ({"likelihood": "9", "severity": "x"}, None, "", "选择发生可能性L和后果严重性C后"),
        ({"likelihood": "2", "severity": "2"}, 4, "mid", "达到4未达到9，建议中"),
        ({"likelihood": "2", "severity": "2", "domain": "works", "authority": "decide"}, 4, "high", "建议等级不低于高"),
        ({"likelihood": "3", "severity": "3", "level": "low"}, 9, "high", "由纪检部门在复核时同意降级"),
        ({"likelihood": "1", "severity": "1", "level": "high"}, 1, "low", "须填写等级调整理由。"),
    ],
)
def test_the_form_asks_the_rule_for_the_level(world, client, typed, score, level, sentence):
    client.force_login(again(world.author))
    for address in ("/risks/suggest/", f"/risks/{draft(world).pk}/suggest/"):
        answer = client.get(address, typed)
        found = answer.context["s"]["suggestion"]["found"]
        assert (found.score, found.level) == (score, level)
        assert sentence in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "typed", "level", "hint"),
    [
        ("count", {"criteria": ["power", "gain"]}, "mid", "勾选符合的标准后"),
        ("consequence", {"consequence": "crime"}, "high", "选择可能造成的后果后"),
    ],
)
def test_the_level_follows_the_method_the_record_was_registered_with(world, client, method, typed, level, hint):
    record = draft(world)
    RiskPoint._base_manager.filter(pk=record.pk).update(method=method)
    client.force_login(again(world.author))
    assert hint in client.get(f"/risks/{record.pk}/suggest/").content.decode()
    assert client.get(f"/risks/{record.pk}/suggest/", typed).context["s"]["suggestion"]["found"].level == level
