"""Nobody judges his own, by no door; the second node of one person goes one level up; who decides first, decides."""

import datetime

import pytest
from django.db import transaction

from apps.core.errors import Refused
from apps.flow.models import Todo
from apps.flow.queries import open_todos, steps_of, todos_of
from apps.org.models import Body, Person
from apps.org.services import recuse
from apps.risks import services
from apps.risks.machine import NODES, after_node
from apps.risks.models import RiskPoint
from apps.risks.nodes import group_of, owners_of
from tests.kit.people import again, grant, moment, staff, stand_in
from tests.kit.risks import DISCUSSED, FILED, draft, middle, point_in

WEEK = {"since": datetime.date(2026, 5, 18), "until": datetime.date(2026, 5, 22)}
THIS_YEAR = {"since": datetime.date.today() - datetime.timedelta(days=1), "until": datetime.date.today() + datetime.timedelta(days=1)}


def refused(service, record, who, match="不能审核本人填报或已办理过的记录", **more):
    with pytest.raises(Refused, match=match), transaction.atomic():
        service(record, by=again(who), at=FILED, **more)


def test_the_head_does_not_agree_to_his_own_point(world):
    record = draft(world, by="clerk")
    grant(world.clerk, "R15", world.company, department=world.works)
    services.submit(record, by=again(world.clerk), at=FILED)
    assert world.clerk not in _owners(record)
    refused(services.agree, record, world.clerk)
    refused(services.give_back, record, world.clerk, match="没有退回填报人的权限", opinion="内容不完整")


def _owners(record):
    from apps.flow.queries import involved_ids
    from apps.flow.services import Owner, eligible

    todo = open_todos(record).get()
    return eligible(Owner(todo.role, todo.unit, todo.department, todo.user), barred=involved_ids(record), on=FILED.date())


def test_who_handed_it_in_for_somebody_else_does_not_agree_either(world):
    record = draft(world, by="author")
    grant(world.clerk, "R15", world.company, department=world.works)
    services.submit(record, by=again(world.clerk), at=FILED)
    refused(services.agree, record, world.clerk)


def test_standing_in_for_the_author_does_not_help(world):
    record = draft(world, by="clerk")
    stand_in(world.clerk, role="R16", to=world.head, **THIS_YEAR)
    services.submit(record, by=again(world.clerk), at=FILED)
    refused(services.agree, record, world.head)


def test_the_author_does_not_agree_as_the_heads_stand_in(world):
    record = draft(world, by="clerk")
    stand_in(world.head, role="R15", to=world.clerk, **THIS_YEAR)
    services.submit(record, by=again(world.clerk), at=FILED)
    refused(services.agree, record, world.clerk)


def test_a_stand_in_decides_and_the_step_says_for_whom(world):
    record = draft(world, by="author")
    stand_in(world.head, role="R15", to=world.colleague, **THIS_YEAR)
    services.submit(record, by=again(world.author), at=FILED)
    services.agree(record, by=again(world.colleague), at=FILED)
    step = steps_of(record).first()
    assert (step.by, step.acting_for) == (world.colleague, world.head)


def test_the_node_passes_over_a_person_who_stands_in_for_somebody_barred(world):
    """Before: the to-do went to the head, and `make_move` then refused him, so nobody could act."""
    record = draft(world, by="clerk")
    stand_in(world.clerk, role="R16", to=world.head, **WEEK)
    services.submit(record, by=again(world.clerk), at=FILED)
    assert open_todos(record).get().role == "R05"


def test_one_person_at_two_nodes_means_the_second_goes_up(world):
    record = draft(world, by="author")
    grant(world.leader, "R15", world.company, department=world.works)
    services.submit(record, by=again(world.author), at=FILED)
    services.agree(record, by=again(world.leader), at=FILED)
    todo = open_todos(record).get()
    assert (todo.node, todo.role, todo.user) == ("leader", "R05", None)
    refused(services.agree, record, world.leader)
    services.agree(record, by=again(world.second_leader), at=FILED)
    assert record.state == "discipline"


def test_where_no_other_leader_is_left_the_secretary_takes_over(world):
    Person.objects.filter(account=world.second_leader).update(is_active=True)
    world.second_leader.is_active = False
    world.second_leader.save()
    record = draft(world, by="author")
    grant(world.leader, "R15", world.company, department=world.works)
    services.submit(record, by=again(world.author), at=FILED)
    services.agree(record, by=again(world.leader), at=FILED)
    assert open_todos(record).get().role == "R13"


def test_without_an_own_inspector_the_group_office_reviews(world):
    world.inspector.is_active = False
    world.inspector.save()
    record = point_in("leader", world)
    services.agree(record, by=again(world.leader), at=FILED)
    todo = open_todos(record).get()
    assert (todo.role, todo.unit) == ("R07", world.group)
    services.agree(record, by=again(world.discipline), at=FILED)
    assert record.state == "party"


def test_somebody_recused_is_passed_over(world):
    record = draft(world, by="author")
    recuse(record, user=world.head, reason="亲属经办", by=world.inspector, at=FILED)
    services.submit(record, by=again(world.author), at=FILED)
    assert open_todos(record).get().role == "R05"
    assert not todos_of(again(world.head)).exists()


def test_a_submit_is_refused_where_nobody_at_all_may_act(world):
    from apps.org.models import Assignment

    record = draft(world, by="author")
    Assignment.objects.filter(role__in=["R15", "R05", "R13", "R03"]).delete()
    with pytest.raises(Refused, match="没有可以办理“部门审核”的人员"), transaction.atomic():
        services.submit(record, by=again(world.author), at=FILED)
    record.refresh_from_db()
    assert (record.state, Todo.objects.count()) == ("draft", 0)


def test_a_unit_level_point_goes_to_a_leader_first(world):
    record = draft(world, by="clerk", layer="unit", department=None, post=None)
    services.submit(record, by=again(world.clerk), at=FILED)
    assert [o.role for o in owners_of(record, "department")] == ["R05", "R13", "R05", "R13", "R03"]
    services.agree(record, by=again(world.leader), at=FILED)
    refused(services.agree, record, world.leader)
    services.agree(record, by=again(world.second_leader), at=FILED)
    assert record.state == "discipline"


def test_the_group_is_its_own_group_and_the_third_tier_finds_it(world):
    assert group_of(world.third) == group_of(world.company) == group_of(world.group) == world.group
    assert group_of(world.regulator) == world.regulator


@pytest.mark.parametrize(("level", "way"), [("high", [*NODES, "done"]), ("mid", [*NODES[:3], "done"]), ("low", [*NODES[:3], "done"])])
def test_only_high_goes_to_the_party_committee(level, way):
    found = ["department"]
    while found[-1] != "done":
        found.append(after_node(found[-1], level))
    assert found == way


def test_a_middle_point_goes_straight_to_publicity(world):
    record = point_in("publicity", world, **{k: v for k, v in middle(world).items() if k != "unit"})
    assert (record.state, record.sitting) == ("publicity", None)
    assert not steps_of(record).filter(move="pass_at_sitting").exists()


# -- the sitting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["none", "unconfirmed", "before", "board", "foreign"])
def test_the_party_office_registers_only_a_fitting_sitting(world, case):
    record = point_in("party", world)
    day = DISCUSSED.date()
    board = Body.objects.create(unit=world.company, kind="board", name="董事会")
    foreign = Body.objects.create(unit=world.other, kind="party", name="M资产党委会")
    sitting, message = {
        "none": (None, "选择审定会议"),
        "unconfirmed": (world.sitting(met_on=day, confirmed=False), "会议尚未确认"),
        "before": (world.sitting(met_on=datetime.date(2026, 5, 15)), "会议日期不得早于提交审定日期2026-05-18"),
        "board": (world.sitting(met_on=day, body=board), "审定会议须是本单位或上级单位的党委会"),
        "foreign": (world.sitting(met_on=day, body=foreign, confirmed=False), "审定会议须是本单位或上级单位的党委会"),
    }[case]
    refused(services.pass_at_sitting, record, world.party_office, match=message, sitting=sitting)


def test_the_sitting_of_the_day_of_arrival_does(world):
    record = point_in("party", world)
    sitting = world.sitting(met_on=FILED.date())
    services.pass_at_sitting(record, by=again(world.party_office), at=moment(2026, 5, 18, 18), sitting=sitting)
    assert (record.state, record.sitting) == ("publicity", sitting)


def test_who_agreed_before_does_not_register_the_sitting(world):
    record = point_in("party", world)
    grant(world.inspector, "R06", world.company)
    refused(services.pass_at_sitting, record, world.inspector, sitting=world.sitting(met_on=DISCUSSED.date()))


# -- who comes second ----------------------------------------------------------------------------------------------------


def test_who_comes_second_hears_who_was_first(world):
    twin = staff("韩冬", world.company, "R15", within=world.works, bounded=True)
    record = point_in("department", world)
    seen = RiskPoint.objects.get(pk=record.pk)
    services.agree(record, by=again(world.head), at=moment(2026, 5, 18, 11, 5), version=seen.version)
    with pytest.raises(Refused) as no:
        services.agree(seen, by=again(twin), at=moment(2026, 5, 18, 11, 6), version=seen.version)
    assert no.value.message == "此记录在 11:05 已由赵静同意，当前状态为“分管领导审定”。刷新查看。"
