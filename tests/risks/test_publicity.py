"""S8: five working days, objections, what follows, with the clock moved."""

import datetime

import pytest
from django.db import transaction

from apps.core.errors import Refused
from apps.flow.models import Step, Todo
from apps.flow.queries import copied_to, open_todos, steps_of, todos_of, versions_of
from apps.notices.models import Delivery, Notice
from apps.org.models import Assignment
from apps.risks import services
from apps.risks.models import Objection
from apps.risks.nodes import group_of
from apps.risks.services.publicity import offices_above
from tests.kit import audit
from tests.kit.people import again, moment
from tests.kit.risks import OVER, middle, point_in

LAST_DAY = datetime.date(2026, 6, 1)


def day(month, date, hour=10):
    return moment(2026, month, date, hour)


def public(world, **over):
    return point_in("publicity", world, **{k: v for k, v in middle(world).items() if k != "unit"} | over)


def object_to(record, world, by="worker", at=None, content="实际流程与所述表现形式不一致", **more):
    return services.object_to(record, content=content, by=again(world.people[by]), at=at or day(5, 27), **more)


def test_s8_five_working_days_are_counted_from_the_day_after(world):
    record = public(world)
    assert (record.publicity_from, record.publicity_until) == (datetime.date(2026, 5, 25), LAST_DAY)


@pytest.mark.parametrize("today", [datetime.date(2026, 5, 25), datetime.date(2026, 5, 31), LAST_DAY])
def test_s8_nothing_comes_into_force_before_the_period_is_over(world, today):
    record = public(world)
    assert services.end_publicities(today=today, at=day(6, 1)) == 0
    with pytest.raises(Refused, match="公示期未满"), transaction.atomic():
        services.end_publicity(record, today=today, at=day(6, 1))
    record.refresh_from_db()
    assert (record.state, record.effective_on) == ("publicity", None)


@pytest.mark.parametrize(("level", "scores", "review"), [("high", (3, 3), "2026-09-02"), ("mid", (2, 3), "2026-12-02")])
def test_s8_the_day_after_it_is_in_force_and_its_review_is_set(world, level, scores, review):
    over = {"likelihood": scores[0], "severity": scores[1], "level": level}
    record = point_in("publicity", world, **over)
    assert services.end_publicities(today=OVER, at=day(6, 2, 1)) == 1
    assert services.end_publicities(today=OVER, at=day(6, 2, 2)) == 0
    record.refresh_from_db()
    assert (record.state, record.effective_on, str(record.review_due_on)) == ("in_force", OVER, review)
    assert steps_of(record).first().by is None
    assert Notice.objects.filter(recipient=world.author, kind="risk.in-force").count() == 1
    assert audit.event(event_type="risk.in_force", object_id=str(record.pk)).actor_id is None


def test_a_point_elsewhere_never_comes_into_force_by_the_clock(world):
    record = point_in("department", world)
    with pytest.raises(Refused), transaction.atomic():
        services.end_publicity(record, today=OVER, at=day(6, 2))
    assert services.end_publicities(today=OVER, at=day(6, 2)) == 0


def test_a_high_point_in_force_is_filed_with_the_discipline_office_above(world):
    point_in("in_force", world)
    assert [t.label for t in copied_to(again(world.discipline))] == ["高风险点备案"]
    assert not copied_to(again(world.inspector)).exists()
    assert not todos_of(again(world.discipline)).exists()


def test_the_office_above_is_the_parents_inspector_or_the_groups_own_secretary(world):
    assert [(o.role, o.unit) for o in offices_above(world.third)] == [("R14", world.company)]
    assert [(o.role, o.unit) for o in offices_above(world.company)] == [("R07", group_of(world.company))]
    assert [(o.role, o.unit) for o in offices_above(world.group)] == [("R04", world.group)]


def test_a_middle_point_is_filed_nowhere(world):
    record = public(world)
    services.end_publicity(record, today=OVER, at=day(6, 2))
    assert not Todo.objects.filter(kind="copy").exists()


def test_the_units_people_hear_of_it_inside_the_portal_only(world, settings):
    settings.EMAIL_HOST = "127.0.0.1"
    for person in world.people.values():
        type(person).objects.filter(pk=person.pk).update(email=f"p{person.pk}@example.com")
    record = public(world)
    told = set(Notice.objects.filter(kind="risk.publicity").values_list("recipient__name", flat=True))
    assert told == {"周航", "孙莉", "陈默", "高远", "赵静", "唐宁"}
    assert not Delivery.objects.filter(notice__kind="risk.publicity").exists()
    assert str(record.publicity_until) in Notice.objects.filter(kind="risk.publicity").first().title


def test_an_internal_point_is_announced_to_nobody(world):
    public(world, secrecy="internal")
    assert not Notice.objects.filter(kind="risk.publicity").exists()


# -- objections ----------------------------------------------------------------------------------------------------------


def test_s8_an_objection_stops_the_period_and_goes_to_the_inspector(world):
    record = public(world)
    row = object_to(record, world)
    assert (record.state, row.by, row.is_anonymous) == ("objection", world.worker, False)
    assert open_todos(record).get().role == "R14"
    assert services.end_publicities(today=OVER, at=day(6, 2)) == 0


@pytest.mark.parametrize("content", ["", "          ", "不同意这个等级哦"])
def test_an_objection_says_what_is_wrong(world, content):
    record = public(world)
    with pytest.raises(Refused) as no:
        object_to(record, world, content=content)
    assert no.value.field == "content"


@pytest.mark.parametrize("who", ["stranger", "below", "discipline", "regulator_staff", "director", "nobody"])
def test_only_the_units_own_people_object(world, who):
    record = public(world)
    with pytest.raises(Refused, match="没有提出异议的权限"), transaction.atomic():
        object_to(record, world, by=who)


def test_an_employee_does_not_object_to_what_he_cannot_see(world):
    record = public(world, secrecy="internal")
    with pytest.raises(Refused, match="没有提出异议的权限"), transaction.atomic():
        object_to(record, world)


def test_an_anonymous_objection_leaves_no_trace_of_its_author(world):
    from apps.core.context import Context, request_context

    record = public(world)
    with request_context(Context(ip="10.1.2.3", session="abc", request_id="r-1")):
        object_to(record, world, is_anonymous=True)
    row, step = Objection.objects.get(), Step.objects.latest("pk")
    event = audit.event(event_type="risk.objected")
    assert (row.by, step.by, step.by_title, step.acting_for) == (None, None, "", None)
    assert (event.actor_id, event.actor_name, event.ip, event.session_hash, event.request_id) == (None, "", None, "", "")


def test_several_people_object_and_one_answer_serves_them_all(world):
    record = public(world)
    object_to(record, world)
    object_to(record, world, by="colleague", at=day(5, 28), content="责任人应为项目负责人而非工程师")
    object_to(record, world, by="clerk", at=day(5, 28, 11), content="监测指标无法取得，应当更换", is_anonymous=True)
    assert (record.state, record.objections.count(), open_todos(record).count()) == ("objection", 3, 1)
    services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.inspector), at=day(6, 3))
    assert set(record.objections.values_list("accepted", "answered_by", "answer")) == {(False, world.inspector.pk, "经核实，表现形式属实")}
    told = Notice.objects.filter(kind="risk.answered").values_list("recipient__name", flat=True)
    assert set(told) == {"陈默", "高远"}


def test_an_objection_not_accepted_starts_the_days_anew(world):
    record = public(world)
    object_to(record, world)
    services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.inspector), at=day(6, 3))
    assert (record.state, record.publicity_from, str(record.publicity_until)) == ("publicity", datetime.date(2026, 6, 3), "2026-06-10")
    assert services.end_publicities(today=datetime.date(2026, 6, 10), at=day(6, 10)) == 0
    assert services.end_publicities(today=datetime.date(2026, 6, 11), at=day(6, 11)) == 1


def test_whoever_was_to_answer_and_objects_himself_passes_it_to_the_office_above(world):
    record = public(world)
    object_to(record, world)
    object_to(record, world, by="colleague")
    assert open_todos(record).get().role == "R14"
    object_to(record, world, by="inspector")
    assert open_todos(record).get().role == "R07"
    with pytest.raises(Refused, match="不能审核本人"):
        services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.inspector), at=day(6, 3))
    services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.discipline), at=day(6, 3))
    assert record.state == "publicity"


def test_voiding_a_point_objected_to_answers_the_objection_and_tells_its_author(world):
    record = public(world)
    row = object_to(record, world)
    services.void(record, by=again(world.discipline), at=day(6, 3), opinion="登记有误，作废")
    row.refresh_from_db()
    assert (record.state, row.answer, row.accepted, row.answered_by) == ("void", "风险点已作废：登记有误，作废", True, world.discipline)
    assert Notice.objects.get(kind="risk.answered").recipient == world.worker
    assert open_todos(record).count() == 0


def test_an_accepted_objection_sends_it_back_to_the_author_and_through_all_nodes(world):
    record = public(world)
    object_to(record, world)
    services.answer_objection(record, accepted=True, opinion="采纳，修改表现形式", by=again(world.inspector), at=day(5, 28))
    assert record.state == "draft"
    assert Notice.objects.filter(recipient=world.author, kind="flow.todo", title__contains="退回修改").count() == 1
    services.submit(record, by=again(world.author), at=day(5, 29))
    assert record.state == "department"
    assert versions_of(record).count() == 2


def test_an_answer_says_something(world):
    record = public(world)
    object_to(record, world)
    with pytest.raises(Refused) as no:
        services.answer_objection(record, accepted=False, opinion=" ", by=again(world.inspector), at=day(5, 28))
    assert no.value.field == "opinion"


def test_who_objected_does_not_answer(world):
    record = public(world)
    object_to(record, world, by="inspector")
    todo = open_todos(record).get()
    assert (todo.role, todo.unit) == ("R07", world.group)
    with pytest.raises(Refused), transaction.atomic():
        services.answer_objection(record, accepted=False, opinion="没有问题", by=again(world.inspector), at=day(5, 28))
    services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.discipline), at=day(5, 28))
    assert record.state == "publicity"


def test_the_whole_unit_still_sees_it_while_it_is_objected_to_or_adjusted(world):
    from apps.risks.models import RiskPoint

    for state in ("publicity", "objection", "in_force", "adjusting"):
        record = point_in(state, world)
        for name in ("worker", "office_head"):
            assert RiskPoint.objects.visible_to(again(world.people[name])).filter(pk=record.pk).exists(), (state, name)


def test_a_point_whose_officers_are_gone_is_not_lost(world):
    record = public(world)
    Assignment.objects.filter(role__in=["R14", "R07", "R04"]).delete()
    with pytest.raises(Refused, match="没有可以办理“异议处理”的人员"), transaction.atomic():
        object_to(record, world)
    record.refresh_from_db()
    assert record.state == "publicity"


def test_a_point_the_system_registered_has_nobody_to_tell(world):
    from apps.risks.models import RiskPoint

    record = public(world)
    RiskPoint.objects.filter(pk=record.pk).update(created_by=None)
    record.refresh_from_db()
    object_to(record, world)
    services.answer_objection(record, accepted=False, opinion="经核实，表现形式属实", by=again(world.inspector), at=day(5, 28))
    services.end_publicity(record, today=datetime.date(2026, 6, 5), at=day(6, 5))
    assert (record.state, Notice.objects.filter(kind="risk.in-force").count()) == ("in_force", 0)
    other = public(world)
    RiskPoint.objects.filter(pk=other.pk).update(created_by=None)
    other.refresh_from_db()
    object_to(other, world)
    services.answer_objection(other, accepted=True, opinion="采纳，修改表现形式", by=again(world.inspector), at=day(5, 28))
    assert (other.state, Notice.objects.filter(kind="risk.returned").count()) == ("draft", 0)
