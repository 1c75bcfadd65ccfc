"""What waits for whom, what was done, what changed."""
import datetime

from apps.flow.models import RecordVersion, Step, Todo
from apps.flow.queries import (
    compare,
    copied_to,
    done_by,
    handles,
    involved_ids,
    open_count,
    open_return,
    open_todos,
    started_by,
    steps_of,
    todos_of,
    versions_of,
)
from apps.flow.rules import opinion_fault
from apps.flow.services import Owner, copy_to, open_todo
from apps.org.services import recuse
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, grant, moment, stand_in
from tests.kit.risks import FILED, draft, point_in


def waiting(world, name):
    return list(todos_of(again(world.people[name])))


def test_a_to_do_stands_with_everybody_who_holds_the_role_there_and_with_nobody_else(world):
    record = point_in("department", world)
    (todo,) = waiting(world, "head")
    assert (todo.object_id, todo.label, todo.from_unit, todo.title) == (record.pk, "部门审核", world.company, record.flow_title())
    assert [name for name in world.people if waiting(world, name)] == ["head"]


def test_a_to_do_for_a_department_is_not_for_another_ones_head_but_for_a_head_of_all(world):
    point_in("department", world)
    assert waiting(world, "office_head") == []
    grant(world.colleague, "R15", world.company)
    assert len(waiting(world, "colleague")) == 1


def test_a_right_over_all_below_does_not_make_every_to_do_below_ones_own(world):
    record = point_in("department", world)
    open_todos(record).update(role="R04", department=None)  # addressed to the company's R04, whom nobody is
    assert waiting(world, "group_inspector") == []
    open_todos(record).update(unit=world.group)
    assert len(waiting(world, "group_inspector")) == 1


def test_what_is_addressed_to_one_person_waits_for_him_alone(world):
    point_in("leader", world)
    assert len(waiting(world, "leader")) == 1
    assert waiting(world, "second_leader") == []


def test_the_most_urgent_stands_first_and_what_has_no_date_last(world):
    records = [point_in("department", world) for _ in range(3)]
    for record, due in zip(records, (None, datetime.date(2026, 6, 2), datetime.date(2026, 6, 1)), strict=True):
        open_todos(record).update(due_on=due)
    assert [t.object_id for t in waiting(world, "head")] == [records[2].pk, records[1].pk, records[0].pk]


def test_the_number_on_top_is_the_length_of_the_list(world):
    for _ in range(3):
        point_in("department", world)
    assert open_count(again(world.head)) == len(waiting(world, "head")) == 3
    assert open_count(again(world.stranger)) == 0


def test_the_list_costs_the_same_for_one_row_and_for_three(world, django_assert_num_queries):
    for _ in range(3):
        point_in("department", world)
        person = again(world.head)
        with django_assert_num_queries(2):
            assert [(t.from_unit.name, t.content_type.model) for t in todos_of(person)]


def test_nothing_waits_for_an_account_that_is_closed_or_unknown(world):
    from django.contrib.auth.models import AnonymousUser

    point_in("leader", world)
    world.leader.is_active = False
    world.leader.save()
    assert waiting(world, "leader") == []
    assert list(todos_of(AnonymousUser())) == []


def test_somebody_recused_has_nothing_to_do_and_nothing_to_read_of_it(world):
    record = point_in("department", world)
    copy_to(record, owners=[Owner("R15", world.company, world.works)], label="备案", at=FILED)
    recuse(record, user=world.head, reason="本人为当事人", by=world.discipline, at=FILED)
    assert waiting(world, "head") == []
    assert list(copied_to(again(world.head))) == []
    assert not handles(again(world.head), record)


def test_copies_are_to_be_read_and_not_to_be_done(world):
    record = point_in("department", world)
    for label, day in (("一", 18), ("二", 19)):
        copy_to(record, owners=[Owner("R18", world.group), Owner(user=world.lawyer)], label=label, at=moment(2026, 5, day))
    assert [t.label for t in copied_to(again(world.audit))] == ["二", "一"]
    latest = copied_to(again(world.lawyer)).first()
    assert (latest.label, latest.title, latest.kind) == ("二", record.flow_title(), "copy")
    assert waiting(world, "audit") == waiting(world, "lawyer") == []
    assert open_count(again(world.audit)) == 0
    assert not handles(again(world.audit), record)


def test_who_acted_finds_it_among_what_he_did(world):
    first, second = point_in("department", world), point_in("department", world)
    for record, day in ((first, 18), (second, 19)):
        services.agree(record, by=again(world.head), at=moment(2026, 5, day))
    assert [t.object_id for t in done_by(world.head)] == [second.pk, first.pk]
    assert list(done_by(world.leader)) == []


def test_what_one_handed_in_stands_there_once_with_its_latest_submit(world):
    record = point_in("department", world)
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统")
    services.submit(record, by=again(world.author), at=moment(2026, 5, 19))
    other = point_in("department", world)
    draft(world)
    assert [(s.object_id, s.at) for s in started_by(world.author)] == [(other.pk, FILED), (record.pk, moment(2026, 5, 19))]
    assert list(started_by(world.head)) == []


def test_it_is_ones_turn_only_while_the_to_do_is_open(world):
    record = point_in("department", world)
    assert handles(again(world.head), record)
    assert not handles(again(world.leader), record)
    services.agree(record, by=again(world.head), at=FILED)
    assert not handles(again(world.head), record)


def test_steps_and_versions_stand_newest_first(world):
    record = point_in("department", world)
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统", fields=["power"])
    services.submit(record, by=again(world.author), at=FILED)
    assert [s.move for s in steps_of(record)] == ["submit", "give_back", "submit"]
    assert [(v.number, v.reason, v.made_by) for v in versions_of(record)] == [(2, "退回后提交", world.author), (1, "提交", world.author)]


def test_an_open_return_is_there_until_the_next_submit(world):
    record = point_in("department", world)
    assert open_return(record) is None
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统", fields=["power"])
    back = open_return(record)
    assert (back.by, back.back_to, back.fields, back.version) == (world.head, "department", ["power"], 1)
    services.submit(record, by=again(world.author), at=FILED)
    assert open_return(record) is None


def test_involved_are_the_author_the_submitter_whoever_decided_and_for_whom(world):
    record = draft(world)
    assert involved_ids(record) == {world.author.pk}
    services.submit(record, by=again(world.clerk), at=FILED)
    stand_in(world.head, role="R15", to=world.colleague, since=datetime.date(2026, 11, 1), until=datetime.date(2026, 11, 30))
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统")
    record.refresh_from_db()
    assert involved_ids(record) == {world.author.pk, world.clerk.pk}  # a return is no decision
    services.submit(record, by=again(world.clerk), at=FILED)
    Step.objects.create(
        record=record, move="agree", label="同意", source="department", target="leader", by=world.colleague, acting_for=world.head,
        at=FILED, decides=True, version=record.version + 1,
    )  # fmt: skip
    RiskPoint._base_manager.filter(pk=record.pk).update(version=record.version + 1)
    record.refresh_from_db()
    assert involved_ids(record) == {world.author.pk, world.clerk.pk, world.colleague.pk, world.head.pk}


def test_a_new_round_forgets_who_decided_in_the_one_before(world):
    record = point_in("leader", world)
    assert world.head.pk in involved_ids(record)
    services.give_back(record, by=again(world.leader), at=FILED, opinion="措施过于笼统")
    services.submit(record, by=again(world.author), at=FILED)
    record = RiskPoint.objects.visible_to(world.author).get(pk=record.pk)
    assert involved_ids(record) == {world.author.pk}


def test_a_record_of_the_system_involves_nobody_yet(world):
    record = draft(world)
    RiskPoint._base_manager.filter(pk=record.pk).update(created_by=None)
    record.refresh_from_db()
    assert involved_ids(record) == set()


def fact(label, value, text=None):
    return {"label": label, "value": value, "text": text if text is not None else str(value)}


def test_comparison_shows_what_changed_in_the_order_of_the_form():
    old = {"name": fact("名称", "甲"), "level": fact("等级", "high", "高"), "gone": fact("旧栏", "x")}
    new = {"name": fact("名称", "乙"), "level": fact("等级", "high", "高"), "basis": fact("依据", "制度")}
    assert compare(old, new) == [
        {"field": "name", "label": "名称", "old": "甲", "new": "乙"},
        {"field": "basis", "label": "依据", "old": "", "new": "制度"},
        {"field": "gone", "label": "旧栏", "old": "x", "new": ""},
    ]
    assert compare(old, old) == []


def test_a_renamed_choice_is_no_change():
    assert compare({"a": fact("栏", "x", "旧名")}, {"a": fact("栏", "x", "新名")}) == []


def test_versions_of_one_record_are_not_anothers(world):
    first, second = point_in("department", world), point_in("department", world)
    assert [v.object_id for v in versions_of(first)] == [first.pk]
    assert RecordVersion.objects.count() == 2
    assert [t.object_id for t in open_todos(second)] == [second.pk]


def test_an_opinion_is_measured_without_its_blanks():
    assert opinion_fault(False, "", "退回的理由", least=5) is None
    assert opinion_fault(True, "  补充措施  ", "退回的理由", least=5) == "填写退回的理由，不少于5字，现有4字。"
    assert opinion_fault(True, "请补充措施", "退回的理由", least=5) is None
    assert opinion_fault(True, " ", "答复", least=1) == "填写答复。"


def test_a_to_do_without_a_date_says_none(world):
    record = draft(world)
    todo = open_todo(record, node="copy", label="核对", owners=[Owner(user=world.lawyer)], at=FILED)
    assert (todo.due_on, todo.kind) == (None, Todo.Kind.HANDLE)
