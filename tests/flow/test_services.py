"""make_move and what follows from it: each refusal with its words, to-dos, returns, delegation."""
import datetime

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.flow.machine import nobody
from apps.flow.models import FlowRecord, Return, Step, Todo
from apps.flow.queries import facts, open_return, open_todos, steps_of
from apps.flow.services import (
    Owner,
    close_todos,
    eligible,
    give_back,
    hand_to_author,
    keep_version,
    make_move,
    mark_seen,
    open_todo,
    owner_names,
    shortcut,
)
from apps.notices.models import Notice
from apps.org.models import Department, UnitRecord
from apps.org.services import lend, recuse
from apps.risks import services
from apps.risks.models import RiskLoan, RiskPoint
from tests.kit.audit import after, before, event, events, flushed
from tests.kit.people import again, grant, moment, staff, stand_in
from tests.kit.risks import FILED, draft, point_in

NOW = moment(2026, 5, 19, 14, 30)
DAY = datetime.date(2026, 5, 19)


@pytest.fixture
def delegated(world):
    """A delegation that runs today, whatever today is."""
    today = timezone.localdate()

    def give(owner, role, to):
        return stand_in(world.people[owner], role=role, to=world.people[to], since=today, until=today + datetime.timedelta(days=9))

    return give


def stored(record):
    return RiskPoint._base_manager.get(pk=record.pk)


# -- a move that is made ---------------------------------------------------------------------------------------------


def test_a_move_sets_the_state_writes_the_step_and_names_the_event(world):
    record = point_in("department", world)
    flushed()
    step = make_move(record, "agree", by=again(world.head), at=NOW, opinion=" 情况属实 ", version=record.version)
    assert (step.source, step.target, step.opinion) == ("department", "leader", "情况属实")
    assert (step.by, step.by_title) == (world.head, "M城建 工程管理部经理")
    assert (step.decides, step.starts_round, step.acting_for, step.version, step.at) == (True, False, None, 3, NOW)
    assert (record.state, record.version, record.updated_at) == ("leader", 3, NOW) == (stored(record).state, stored(record).version, NOW)
    said = event(event_type="risk.agreed")
    assert (said.stream, said.actor_id, said.object_id, said.unit_id, said.reason) == (
        world.company.stream, world.head.pk, str(record.pk), world.company.pk, "情况属实",
    )  # fmt: skip
    assert before(said)["state"] == "department"
    assert after(said)["state"] == "leader"
    (todo,) = Todo.objects.filter(object_id=record.pk)
    assert (todo.done_by, todo.done_at) == (world.head, NOW)


def test_the_system_makes_its_own_moves_without_a_name(world):
    record = point_in("publicity", world)
    services.end_publicity(record, today=datetime.date(2026, 6, 2), at=NOW)
    step = steps_of(record).first()
    assert (step.by, step.by_title, step.who, facts(step)["by"]) == (None, "", "系统", "系统")


def test_an_anonymous_move_is_checked_and_carries_no_name(world):
    record = point_in("publicity", world)
    flushed()
    services.object_to(record, content="实际流程与所述不一致", by=again(world.worker), at=NOW, is_anonymous=True)
    step = steps_of(record).first()
    assert (step.by, step.by_title, step.acting_for, step.who, facts(step)["by"]) == (None, "", None, "匿名", "匿名")
    assert event(event_type="risk.objected").actor_id is None
    with pytest.raises(Refused, match="没有提出异议的权限"):
        make_move(record, "object_again", by=again(world.stranger), at=NOW, anonymous=True)


def test_a_step_of_a_move_that_is_no_more_is_the_systems(world):
    record = point_in("department", world)
    step = Step(record=record, move="bygone", label="旧动作", by=None)
    assert step.who == "系统"


def test_facts_of_a_step_are_plain(world):
    record = point_in("leader", world)
    assert facts(steps_of(record).first()) == {
        "label": "同意", "by": "赵静", "title": "M城建 工程管理部经理", "at": FILED, "opinion": "", "to": "",
        "source": "department", "target": "leader",
    }  # fmt: skip


# -- a move that is refused ------------------------------------------------------------------------------------------


def refusal(record, name, who, world, **more):
    was = (stored(record).state, stored(record).version, Step.objects.count())
    with pytest.raises(Refused) as no:
        make_move(record, name, by=again(world.people[who]) if who else None, at=NOW, **more)
    assert was == (stored(record).state, stored(record).version, Step.objects.count())
    return no.value


def test_a_state_that_does_not_allow_it(world):
    assert refusal(draft(world), "agree", "head", world).message == "当前状态为“草稿”，不能同意。"


def test_nobody_but_who_may(world):
    record = point_in("department", world)
    assert refusal(record, "agree", "leader", world).message == "没有同意的权限。"
    assert refusal(record, "agree", "stranger_head", world).message == "没有同意的权限。"
    assert refusal(record, "agree", None, world).message == "没有同意的权限。"


def test_what_the_system_does_no_person_does(world):
    assert refusal(point_in("publicity", world), "end_publicity", "discipline", world).message == "公示期满由系统办理。"


def test_nobody_decides_what_he_filed(world):
    record = point_in("department", world, by="clerk")
    grant(world.clerk, "R15", world.company, department=world.works)
    said = refusal(record, "agree", "clerk", world).message
    assert said == "不能审核本人填报或已办理过的记录，请由其他有权人员办理。"


def test_nobody_decides_twice_in_a_round(world):
    record = point_in("leader", world)
    open_todos(record).update(user=world.head)
    assert "已办理过" in refusal(record, "agree", "head", world).message


def test_a_return_says_why_in_five_characters(world):
    record = point_in("department", world)
    no = refusal(record, "give_back", "head", world, opinion=" 不行 ")
    assert (no.message, no.field) == ("填写退回填报人的理由，不少于5字，现有2字。", "opinion")


def test_a_precondition_gives_its_reason(world):
    record = point_in("department", world)
    open_todos(record).update(seen_at=NOW)
    assert refusal(record, "withdraw", "author", world).message == "部门审核人员已打开，不能撤回，请联系其退回。"


def test_who_comes_second_hears_who_was_first(world):
    record = point_in("department", world)
    old = stored(record)
    make_move(record, "agree", by=again(world.head), at=NOW)
    message = "此记录在 14:30 已由赵静同意，当前状态为“分管领导审定”。刷新查看。"
    assert refusal(old, "give_back", "head", world, opinion="措施过于笼统", version=old.version).message == message


def test_who_presses_again_hears_that_it_is_done_even_without_a_version(world):
    record = draft(world)
    old = stored(record)
    make_move(record, "submit", by=again(world.author), at=NOW, data={"target": "department"})
    assert refusal(old, "submit", "author", world).message == "此记录在 14:30 已由周航提交，当前状态为“部门审核”。刷新查看。"


def test_a_change_that_was_no_move_is_stale_too(world):
    record = draft(world)
    old = stored(record)
    services.update_point(record, fields={"power": "签证"}, by=again(world.author), at=NOW)
    no = refusal(old, "submit", "author", world, version=old.version, data={"target": "department"})
    assert no.message == "此记录刚被修改，刷新后再办理。"


def test_what_somebody_did_without_a_name_stays_without(world):
    record = point_in("publicity", world)
    old = stored(record)
    services.object_to(record, content="实际流程与所述不一致", by=again(world.worker), at=NOW, is_anonymous=True)
    assert refusal(old, "object_to", "colleague", world, version=old.version).message == "此记录刚被修改，刷新后再办理。"


# -- to-dos ----------------------------------------------------------------------------------------------------------


def open_for(record, *owners, **more):
    return open_todo(record, node="leader", label="分管领导审定", owners=owners, at=NOW, **more)


def test_the_first_owner_with_somebody_gets_it_and_hears_of_it(world):
    record = draft(world)
    empty = Department.objects.create(unit=world.other, name="空部门")
    todo = open_for(record, Owner("R13", world.third), Owner("R15", world.third, empty), Owner("R05", world.company), due_on=DAY)
    assert (todo.role, todo.unit, todo.from_unit) == ("R05", world.company, world.company)
    assert (todo.title, todo.opened_at) == (record.flow_title(), NOW)
    heard = Notice.objects.filter(kind="flow.todo", key=f"todo-{todo.pk}")
    assert {n.recipient for n in heard} == {world.leader, world.second_leader}
    assert {n.title for n in heard} == {"待办：廉政风险点分管领导审定，2026-05-19 前办结"}


def test_whoever_filed_is_passed_over_and_the_next_level_takes_it(world):
    record = draft(world, by="clerk")
    grant(world.clerk, "R14", world.other)
    todo = open_for(record, Owner(user=world.clerk), Owner("R16", world.company), Owner("R13", world.company))
    assert (todo.role, todo.user) == ("R13", None)


def test_without_a_judgement_even_the_author_gets_it(world):
    assert open_for(draft(world), Owner(user=world.author), decides=False).user == world.author


def test_somebody_recused_or_closed_or_standing_in_for_one_is_passed_over(world, delegated):
    record = draft(world)
    recuse(record, user=world.leader, reason="本人为当事人", by=world.discipline, at=NOW)
    world.second_leader.is_active = False
    world.second_leader.save()
    assert open_for(record, Owner("R05", world.company), Owner(user=world.leader), Owner("R13", world.company)).role == "R13"
    grant(world.lawyer, "R05", world.company)
    assert open_for(record, Owner("R05", world.company), Owner("R13", world.company)).role == "R05"


def test_where_nobody_is_left_nothing_is_written(world):
    record = draft(world)
    with pytest.raises(Refused, match="没有可以办理“分管领导审定”的人员，请联系安全保密管理员授权后再提交。"):
        open_for(record, Owner(user=world.author), Owner("R13", world.third))
    assert not Todo.objects.exists()


def test_who_stands_in_for_somebody_barred_is_not_eligible(world, delegated):
    delegated("author", "R19", "second_leader")
    people = eligible(Owner("R05", world.company), barred={world.author.pk}, on=timezone.localdate())
    assert people == [world.leader]
    assert eligible(Owner(user=world.second_leader), barred={world.author.pk}, on=timezone.localdate()) == []
    assert eligible(Owner(user=world.second_leader), barred=set(), on=timezone.localdate()) == [world.second_leader]


def test_somebody_with_two_rights_counts_once_and_another_department_does_not(world):
    grant(world.head, "R15", world.company)
    assert eligible(Owner("R15", world.company, world.works), barred=set(), on=DAY) == [world.head]
    assert {u.name for u in eligible(Owner("R15", world.company), barred=set(), on=DAY)} == {"赵静", "唐宁"}


def test_closing_ends_what_is_open_and_only_that(world):
    record, other = point_in("department", world), point_in("department", world)
    close_todos(record, by=None, at=NOW)
    assert not open_todos(record).exists()
    assert open_todos(other).count() == 1


def test_opening_the_page_counts_as_seen_only_for_whom_it_waits(world):
    record = point_in("department", world)
    mark_seen(record, user=again(world.leader), at=NOW)
    assert open_todos(record).get().seen_at is None
    mark_seen(record, user=again(world.head), at=NOW)
    mark_seen(record, user=again(world.head), at=moment(2026, 5, 20))
    assert open_todos(record).get().seen_at == NOW


def test_the_page_says_whom_it_waits_for(world):
    todo = open_for(draft(world), Owner("R05", world.company))
    assert owner_names(todo, on=DAY) == "班子成员 王立成、郑文博"
    assert owner_names(open_for(draft(world), Owner(user=world.leader)), on=DAY) == "王立成"


# -- limited records -------------------------------------------------------------------------------------------------


def test_a_handler_of_a_limited_record_may_read_it_for_thirty_days(world):
    record = draft(world, secrecy=UnitRecord.Secrecy.LIMITED)
    assert not RiskPoint.objects.visible_to(again(world.head)).exists()
    open_for(record, Owner("R15", world.company, world.works))
    loan = RiskLoan.objects.get()
    assert (loan.user, loan.until, loan.reason, loan.granted_by) == (world.head, datetime.date(2026, 6, 18), "办理分管领导审定", None)
    assert [e.object_id for e in events(event_type="loan.given")] == [str(record.pk)]


def test_a_loan_that_runs_longer_keeps_its_end_and_its_reason(world):
    record = draft(world, secrecy=UnitRecord.Secrecy.LIMITED)
    until = datetime.date(2026, 12, 31)
    lend(record, to=world.head, until=until, reason="专班核查", by=world.discipline, at=NOW, on=DAY)
    open_for(record, Owner("R15", world.company, world.works))
    loan = RiskLoan.objects.get()
    assert (loan.until, loan.reason, loan.granted_by) == (until, "专班核查", world.discipline)


def test_a_shorter_loan_is_prolonged(world):
    record = draft(world, secrecy=UnitRecord.Secrecy.LIMITED)
    lend(record, to=world.head, until=DAY, reason="专班核查", by=world.discipline, at=NOW, on=DAY)
    open_for(record, Owner("R15", world.company, world.works))
    assert RiskLoan.objects.get().until == datetime.date(2026, 6, 18)


def test_an_ordinary_record_is_lent_to_nobody(world):
    open_for(draft(world), Owner("R15", world.company, world.works))
    assert not RiskLoan.objects.exists()


# -- returns ---------------------------------------------------------------------------------------------------------


def returned(world, fields):
    record = point_in("leader", world)
    give_back(record, "give_back", by=again(world.leader), at=NOW, opinion="措施过于笼统", fields=fields)
    return stored(record)


def test_a_return_waits_for_whoever_handed_it_in(world):
    record = returned(world, ["power"])
    back = open_return(record)
    assert (back.by, back.back_to, back.fields, back.version, back.step.move) == (world.leader, "leader", ["power"], 1, "give_back")
    todo = open_todos(record).get()
    assert (todo.user, todo.label, todo.node) == (world.author, "退回修改", "draft")


def test_only_the_named_fields_changed_leads_straight_back(world):
    record = returned(world, ["power", "basis"])
    record.power = "签证审核（修订）"
    assert shortcut(record) == open_return(record)


def test_anything_else_changed_leads_to_the_start(world):
    record = returned(world, ["power"])
    record.power, record.name = "签证审核（修订）", "另一名称"
    assert shortcut(record) is None


def test_a_return_that_names_nothing_or_lost_its_version_leads_to_the_start(world):
    assert shortcut(draft(world)) is None
    assert shortcut(returned(world, [])) is None
    record = returned(world, ["power"])
    Return.objects.filter(object_id=record.pk).update(version=9)
    assert shortcut(record) is None


def test_what_goes_straight_back_is_decided_by_the_one_who_returned_it(world):
    record = returned(world, ["power"])
    services.update_point(record, fields={"power": "签证审核（修订）"}, by=again(world.author), at=NOW)
    services.submit(record, by=again(world.author), at=NOW)
    assert record.state == "leader"
    services.agree(record, by=again(world.leader), at=NOW)
    assert stored(record).state == "discipline"


def test_whoever_handed_it_in_for_the_author_gets_it_back(world):
    record = draft(world)
    services.submit(record, by=again(world.clerk), at=NOW)
    give_back(record, "give_back", by=again(world.head), at=NOW, opinion="措施过于笼统")
    assert open_todos(record).get().user == world.clerk


def test_a_return_to_nobody_still_happens(world):
    record = draft(world)
    RiskPoint._base_manager.filter(pk=record.pk).update(created_by=None)
    assert hand_to_author(stored(record), at=NOW) is None
    gone = draft(world)
    world.author.is_active = False
    world.author.save()
    assert hand_to_author(stored(gone), at=NOW) is None
    assert not Todo.objects.exists()


def test_versions_are_numbered_and_hold_what_was_handed_in(world):
    record = draft(world)
    first = keep_version(record, by=world.author, at=NOW, reason="提交")
    second = keep_version(record, by=None, at=NOW, reason="调整")
    assert (first.number, second.number, second.made_by) == (1, 2, None)
    assert first.data == record.snapshot()
    assert first.data["head"]["text"].startswith("赵静")


# -- delegation ------------------------------------------------------------------------------------------------------


def test_a_delegates_step_says_for_whom(world, delegated):
    delegated("head", "R15", "colleague")
    record = point_in("department", world)
    step = make_move(record, "agree", by=again(world.colleague), at=NOW)
    assert (step.by, step.acting_for) == (world.colleague, world.head)
    assert after(event(event_type="risk.agreed"))["state"] == "leader"


def test_the_delegate_of_the_author_is_the_author(world, delegated):
    delegated("author", "R19", "head")
    record = draft(world)
    services.submit(record, by=again(world.author), at=timezone.now())
    assert "本人填报" in refusal(record, "agree", "head", world).message
    assert open_todos(record).get().role == "R05"


def test_a_right_of_ones_own_is_no_delegation(world, delegated):
    delegated("second_leader", "R05", "head")
    record = point_in("department", world)
    assert make_move(record, "agree", by=again(world.head), at=NOW).acting_for is None


def test_a_right_of_another_department_does_not_hide_the_delegation(world, delegated):
    delegated("head", "R15", "office_head")
    record = point_in("department", world)
    assert make_move(record, "agree", by=again(world.office_head), at=NOW).acting_for == world.head


def test_a_to_do_in_ones_own_name_is_no_delegation(world, delegated):
    record = point_in("department", world)
    services.agree(record, by=again(world.head), at=NOW)
    delegated("second_leader", "R05", "leader")
    assert make_move(record, "agree", by=again(world.leader), at=NOW).acting_for is None


def test_a_move_nobody_waits_for_is_by_delegation_only_when_no_own_right_reaches_there(world, delegated):
    delegated("discipline", "R07", "audit")
    record = point_in("in_force", world)
    outsider = staff("金宇", world.other, "R20")
    world.people["outsider"] = outsider
    delegated("discipline_two", "R07", "outsider")
    step = make_move(record, "confirm_review", by=again(outsider), at=NOW, opinion="岗位职责没有变化")
    assert step.acting_for == world.discipline_two
    assert make_move(record, "confirm_review", by=again(world.audit), at=NOW, opinion="岗位职责没有变化").acting_for is None


# -- what a record of a register need not say ------------------------------------------------------------------------


def test_by_default_a_record_has_its_own_title_and_no_other_filers(world):
    record = draft(world)
    assert FlowRecord.flow_title(record) == str(record)
    assert FlowRecord.filers(record) == set()
    assert not nobody(world.author, record)


def test_a_move_beside_the_line_leaves_the_to_do_open(world):
    record = point_in("objection", world)
    todo = open_todos(record).get()
    make_move(record, "object_again", by=again(world.colleague), at=NOW)
    assert open_todos(record).get() == todo
