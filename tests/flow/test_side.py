"""退回上一环节, 转办, 加签, 催办, and a draft that is thrown away."""

import datetime

import pytest

from apps.core.errors import Refused
from apps.files.models import Attachment
from apps.flow.models import Step, Todo
from apps.flow.queries import done_by, handles, involved_ids, open_todos, steps_of, todos_of
from apps.flow.side import signers
from apps.notices.models import Notice
from apps.org.services import recuse
from apps.risks import services
from apps.risks.models import Adjustment, Measure, RiskPoint
from tests.kit.audit import event, events
from tests.kit.people import again, grant, moment, stand_in, user
from tests.kit.risks import draft, middle, point_in

NOW = moment(2026, 5, 20)
WHY = "超出本人分管范围"


def act(service, record, who, world, *, at=NOW, **more):
    person = again(world.people[who]) if isinstance(who, str) else again(who)
    fresh = RiskPoint.objects.get(pk=record.pk)
    return service(fresh, by=person, at=at, **more)


def no(service, record, who, world, **more):
    with pytest.raises(Refused) as refused:
        act(service, record, who, world, **more)
    return refused.value


def waiting(record):
    return [(t.kind, t.node, t.user.name if t.user else t.role) for t in open_todos(record).select_related("user")]


def second_head(world):
    other = user("钱进")
    grant(other, "R15", world.company, department=world.works)
    return other


# -- 退回上一环节 -------------------------------------------------------------------------------------------------------


def test_one_node_back_goes_to_whoever_decided_there_and_he_decides_again(world):
    record = point_in("discipline", world)
    act(services.give_back_one, record, "inspector", world, opinion="等级评定依据不足")
    assert RiskPoint.objects.get(pk=record.pk).state == "leader"
    assert waiting(record) == [("handle", "leader", world.leader.name)]
    act(services.agree, record, "leader", world, opinion="已补充依据")
    assert RiskPoint.objects.get(pk=record.pk).state == "discipline"
    act(services.agree, record, "inspector", world)
    assert RiskPoint.objects.get(pk=record.pk).state == "party"


def test_two_nodes_back_one_after_the_other(world):
    record = point_in("discipline", world)
    act(services.give_back_one, record, "inspector", world, opinion="等级评定依据不足")
    act(services.give_back_one, record, "leader", world, opinion="部门先行核实情况")
    assert waiting(record) == [("handle", "department", world.head.name)]
    act(services.agree, record, "head", world)
    assert RiskPoint.objects.get(pk=record.pk).state == "leader"


def test_only_the_node_it_goes_to_counts_no_longer(world):
    record = point_in("discipline", world)
    act(services.give_back_one, record, "inspector", world, opinion="等级评定依据不足")
    involved = involved_ids(RiskPoint.objects.get(pk=record.pk))
    assert world.head.pk in involved
    assert world.leader.pk not in involved


def test_one_node_back_says_why_and_starts_nowhere_before_the_second_node(world):
    record = point_in("leader", world)
    assert no(services.give_back_one, record, "leader", world, opinion="不行").field == "opinion"
    assert "不能退回上一环节" in no(services.give_back_one, point_in("department", world), "head", world, opinion=WHY).message


def test_a_decider_who_left_is_passed_over(world):
    record = point_in("discipline", world)
    gone = again(world.leader)
    gone.is_active = False
    gone.save()
    act(services.give_back_one, record, "inspector", world, opinion="等级评定依据不足")
    assert waiting(record) == [("handle", "leader", "R05")]


# -- 转办 ---------------------------------------------------------------------------------------------------------------


def test_a_handed_over_to_do_is_the_others_alone_with_the_same_limit(world):
    record, other = point_in("department", world), second_head(world)
    due = open_todos(record).get().due_on
    step = act(services.hand_over, record, "head", world, to=other, opinion=WHY)
    todo = open_todos(record).get()
    assert (todo.user, todo.due_on, todo.asked_by) == (other, due, world.head)
    assert (step.to_names, step.opinion) == ("钱进", WHY)
    assert not handles(again(world.head), RiskPoint.objects.get(pk=record.pk))
    assert [t.pk for t in done_by(again(world.head))] != []
    assert Notice.objects.filter(recipient=other, kind="flow.todo").count() == 1
    assert "没有同意的权限" in no(services.agree, record, "head", world).message
    act(services.agree, record, other, world)


@pytest.mark.parametrize("who", ["clerk", "author", "head", "stranger", "inspector", "worker"])
def test_nobody_gets_it_who_could_not_have_got_it_anyway(world, who):
    record = point_in("department", world)
    assert no(services.hand_over, record, "head", world, to=world.people[who], opinion=WHY).field == "to"
    assert waiting(record) == [("handle", "department", "R15")]


def test_whoever_decided_already_does_not_get_it_handed_over(world):
    record = point_in("leader", world)
    grant(world.head, "R05", world.company)
    assert no(services.hand_over, record, "leader", world, to=world.head, opinion=WHY).field == "to"


def test_whoever_stands_in_for_the_author_does_not_get_it_handed_over(world):
    clerk_point = draft(world, by="clerk")
    act(services.submit, clerk_point, "clerk", world)
    other = second_head(world)
    stand_in(world.clerk, role="R16", to=other, since=datetime.date(2026, 5, 1), until=datetime.date(2026, 5, 28))
    assert no(services.hand_over, clerk_point, "head", world, to=other, opinion=WHY).field == "to"


def test_handing_over_needs_a_reason_and_the_own_turn(world):
    record, other = point_in("department", world), second_head(world)
    assert no(services.hand_over, record, "head", world, to=other, opinion="忙").message == "填写转办的理由，不少于5字，现有1字。"
    assert "没有转办的权限" in no(services.hand_over, record, "leader", world, to=other, opinion=WHY).message


def test_an_adjustment_is_handed_over_to_whoever_is_entitled_to_its_node(world):
    record = point_in("adjusting", world, **middle(world))
    node = open_todos(record).get().node
    act(services.hand_over, record, "leader", world, at=moment(2026, 6, 9), to=world.second_leader, opinion=WHY)
    assert waiting(record) == [("handle", node, world.second_leader.name)]


# -- 加签 ---------------------------------------------------------------------------------------------------------------


def test_nobody_decides_until_everybody_asked_has_answered(world):
    record = point_in("department", world)
    people = [world.lawyer, world.inspector]
    act(services.add_signers, record, "head", world, people=people, opinion="请从合规角度提意见")
    assert [name for kind, _, name in waiting(record) if kind == "sign"] == [world.lawyer.name, world.inspector.name]
    assert no(services.agree, record, "head", world).message == "加签意见还没有办结，办结或撤销加签后再同意。"
    act(services.sign, record, "lawyer", world, opinion="同意")
    assert "加签意见" in no(services.agree, record, "head", world).message
    act(services.sign, record, "inspector", world, opinion="措施可行")
    assert Notice.objects.filter(recipient=world.head, kind="flow.signed").count() == 2
    act(services.agree, record, "head", world)
    assert RiskPoint.objects.get(pk=record.pk).state == "leader"


def test_being_asked_gives_an_opinion_and_no_decision(world):
    record = point_in("department", world)
    act(services.add_signers, record, "head", world, people=[world.lawyer])
    lawyer = again(world.lawyer)
    assert [t.label for t in todos_of(lawyer)] == ["加签意见"]
    open_ones = {m.name for m in record.MACHINE.open_to(lawyer, RiskPoint.objects.get(pk=record.pk))}
    assert open_ones == {"sign"}
    for service in (services.agree, services.give_back, services.hand_over):
        more = {"to": world.second_leader} if service is services.hand_over else {}
        assert no(service, record, "lawyer", world, opinion=WHY, **more)
    assert no(services.sign, record, "lawyer", world, opinion="好").message == "填写加签意见，不少于2字，现有1字。"
    act(services.sign, record, "lawyer", world, opinion="同意")
    assert [t.label for t in done_by(again(world.lawyer))] == ["加签意见"]
    assert world.lawyer.pk not in involved_ids(RiskPoint.objects.get(pk=record.pk))


@pytest.mark.parametrize("who", ["author", "stranger", "worker", "system_admin", "stationed"])
def test_an_opinion_is_asked_only_of_who_sees_the_record_by_office_and_did_not_file_it(world, who):
    record = point_in("department", world)
    assert no(services.add_signers, record, "head", world, people=[world.people[who]]).field == "people"


def test_everybody_offered_for_an_opinion_sees_the_record(world):
    for state in ("department", "discipline", "objection"):
        record = RiskPoint.objects.get(pk=point_in(state, world).pk)
        offered = signers(record, by=world.head, on=NOW.date())
        assert len(offered) > 5
        assert all(RiskPoint.objects.visible_to(again(p)).filter(pk=record.pk).exists() for p in offered)


def test_a_recused_person_is_not_asked(world):
    record = point_in("department", world)
    recuse(record, user=world.lawyer, reason="与事项有利害关系", by=world.secretary, at=NOW)
    assert no(services.add_signers, record, "head", world, people=[world.lawyer]).field == "people"


def test_a_limited_point_asks_nobody_it_was_not_lent_to(world):
    record = point_in("department", world, secrecy="limited")
    assert world.lawyer not in signers(RiskPoint.objects.get(pk=record.pk), by=world.head, on=NOW.date())
    assert no(services.add_signers, record, "head", world, people=[world.lawyer]).field == "people"


def test_nobody_is_asked_twice_and_at_least_one_is_asked(world):
    record = point_in("department", world)
    assert no(services.add_signers, record, "head", world, people=[]).field == "people"
    act(services.add_signers, record, "head", world, people=[world.lawyer])
    assert no(services.add_signers, record, "head", world, people=[world.lawyer]).field == "people"


def test_withdrawn_questions_are_nobodys_work_any_more(world):
    record = point_in("department", world)
    assert "没有撤销加签的权限" in no(services.drop_signers, record, "head", world).message
    act(services.add_signers, record, "head", world, people=[world.lawyer])
    act(services.drop_signers, record, "head", world)
    assert list(todos_of(again(world.lawyer))) == []
    assert list(done_by(again(world.lawyer))) == []
    assert "没有提交加签意见的权限" in no(services.sign, record, "lawyer", world, opinion="同意").message
    act(services.agree, record, "head", world)


def test_a_return_ends_the_questions(world):
    record = point_in("department", world)
    act(services.add_signers, record, "head", world, people=[world.lawyer])
    act(services.give_back, record, "head", world, opinion="措施缺少频次")
    assert Todo.objects.filter(kind="sign", object_id=record.pk, done_at__isnull=True).count() == 0
    assert list(done_by(again(world.head)).filter(kind="sign")) == []


# -- 催办 ---------------------------------------------------------------------------------------------------------------


def test_pressing_reminds_the_owners_once_a_day_and_changes_nothing(world):
    record = point_in("department", world)
    before = (RiskPoint.objects.get(pk=record.pk).version, Step.objects.count())
    assert act(services.urge, record, "author", world) == 1
    assert no(services.urge, record, "clerk", world).message == "今天已催办过，明天可再次催办。"
    assert act(services.urge, record, "clerk", world, at=moment(2026, 5, 21)) == 1
    assert Notice.objects.filter(recipient=world.head, kind="flow.urged").count() == 2
    assert (RiskPoint.objects.get(pk=record.pk).version, Step.objects.count()) == before
    assert len(events(event_type="flow.urged")) == 2


@pytest.mark.parametrize("who", ["head", "worker", "colleague", "stranger", "regulator_staff"])
def test_nobody_else_presses_and_nobody_presses_himself(world, who):
    assert no(services.urge, point_in("department", world), who, world).message == "此记录当前没有可以催办的人员。"


def test_there_is_nobody_to_press_for_a_draft_or_a_point_in_force(world):
    assert no(services.urge, draft(world), "author", world)
    assert no(services.urge, point_in("in_force", world, **middle(world)), "author", world)


# -- 撤回调整 -------------------------------------------------------------------------------------------------------------


def test_an_adjustment_is_taken_back_while_nobody_opened_it(world):
    record = point_in("adjusting", world, **middle(world))
    act(services.withdraw_adjustment, record, "head", world, at=moment(2026, 6, 9))
    assert RiskPoint.objects.get(pk=record.pk).state == "in_force"
    assert Adjustment.objects.get(point=record).state == "withdrawn"
    assert waiting(record) == []


def test_an_opened_or_judged_adjustment_is_not_taken_back(world):
    record = point_in("adjusting", world, **middle(world))
    open_todos(record).update(seen_at=NOW)
    assert "人员已打开，不能撤回" in no(services.withdraw_adjustment, record, "head", world).message
    act(services.agree_adjustment, record, "leader", world, at=moment(2026, 6, 9))
    assert "没有撤回调整的权限" in no(services.withdraw_adjustment, record, "head", world).message


# -- 删除草稿 -------------------------------------------------------------------------------------------------------------


def test_a_draft_never_handed_in_goes_with_its_measures_and_stays_in_the_audit(world):
    record = draft(world)
    act(services.delete_draft, record, "author", world)
    assert not RiskPoint.objects.filter(pk=record.pk).exists()
    assert not Measure.objects.filter(point_id=record.pk).exists()
    assert record.number in event(event_type="risk.deleted").body
    assert draft(world).number > record.number


def test_a_draft_with_a_file_goes_and_the_file_stays_for_the_audit(world):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.files.services import attach
    from tests.permissions.test_matrix import one_page

    record = draft(world)
    attach(record, upload=SimpleUploadedFile("依据.pdf", one_page()), kind="other", by=world.author, at=NOW)
    act(services.delete_draft, record, "author", world)
    assert Attachment.objects.get(object_id=record.pk).removed_reason == "删除草稿"


def test_of_many_drafts_all_go_or_none(world):
    first, second, handed_in = draft(world), draft(world), point_in("department", world)
    for others in ([handed_in], [first, RiskPoint(pk=0, unit=first.unit)]):
        with pytest.raises(Refused):
            services.delete_drafts([first, second, *others], by=world.author, at=NOW)
    assert RiskPoint._base_manager.count() == 3
    services.delete_drafts([second, first], by=world.author, at=NOW)
    assert list(RiskPoint._base_manager.values_list("pk", flat=True)) == [handed_in.pk]
    told = [one.body for one in events(event_type="risk.deleted")]
    assert [first.number in told[0], second.number in told[1]] == [True, True]


@pytest.mark.parametrize("who", ["worker", "head", "stranger"])
def test_a_draft_is_deleted_only_by_whoever_may_edit_it(world, who):
    record = draft(world)
    assert "没有删除此草稿的权限" in no(services.delete_draft, record, who, world).message
    assert RiskPoint.objects.filter(pk=record.pk).exists()


def test_what_was_handed_in_once_is_never_deleted(world):
    record = point_in("department", world)
    assert "可以作废" in no(services.delete_draft, record, "author", world).message
    act(services.withdraw, record, "author", world)
    assert "可以作废" in no(services.delete_draft, record, "author", world).message
    assert steps_of(record).count() == 2
