"""The author's side: numbers, content, versions, hand-in, return, withdrawal."""

import datetime

import pytest
from django.db import transaction

from apps.core.errors import Refused
from apps.flow.models import Return, Step, Todo
from apps.flow.queries import open_return, open_todos, steps_of, todos_of, versions_of
from apps.flow.services import mark_seen
from apps.notices.models import Notice
from apps.parameters.services import confirm_change, propose_change
from apps.risks import services
from apps.risks.models import Measure, RiskPoint
from apps.risks.rules import Incomplete
from tests.kit import audit
from tests.kit.people import again, moment
from tests.kit.risks import FILED, draft, measure, measure_rows, middle, point_in, values


def change(record, world, by="author", version=None, **fields):
    return services.update_point(record, fields=fields, by=again(world.people[by]), at=FILED, version=version)


def test_a_draft_needs_only_unit_year_and_name_and_takes_the_next_number(world):
    first = services.create_draft({"unit": world.company, "year": 2026, "name": "一"}, by=again(world.clerk), at=FILED)
    second = services.create_draft({"unit": world.company, "year": 2026, "name": "二"}, by=again(world.clerk), at=FILED)
    assert (first.number, second.number) == ("FX-CJ-2026-0001", "FX-CJ-2026-0002")
    assert (first.state, first.version, first.created_by, first.suggested) == ("draft", 1, world.clerk, "")


def test_the_method_and_the_limits_of_the_day_stay_with_the_point(world):
    record = draft(world, **{k: v for k, v in middle(world).items() if k != "unit"})
    change_of_rule = propose_change(
        "risk.cut_high", value=6, effective_on=datetime.date(2026, 5, 19), reason="从严", by=world.system_admin, at=FILED
    )
    confirm_change(change_of_rule, by=world.group_inspector, at=FILED)
    change(record, world, indicator="签证超期率")
    assert (record.score, record.suggested) == (6, "mid")
    later = draft(world, at=moment(2026, 5, 19), likelihood=2, severity=3)
    assert (later.frozen["risk.cut_high"], later.suggested) == (6, "high")


def test_nobody_registers_for_a_unit_that_is_not_his(world):
    with pytest.raises(Refused) as no:
        services.create_draft(values(world), by=again(world.stranger), at=FILED)
    assert no.value.field == "unit"


def test_even_a_draft_names_nobody_of_another_unit(world):
    with pytest.raises(Refused) as no:
        draft(world, leader=world.person("stranger_leader"))
    assert (no.value.field, no.value.message) == ("leader", "所选人员不属于填报单位")


def test_the_same_name_at_the_same_post_in_the_same_year_is_refused(world):
    draft(world, name="签证把关不严")
    with pytest.raises(Refused) as no:
        draft(world, name="签证把关不严")
    assert (no.value.field, no.value.message) == ("name", "该岗位本年度已有同名风险点。")


def test_the_same_name_elsewhere_next_year_or_after_voiding_is_fine(world):
    first = draft(world, name="签证把关不严")
    draft(world, name="签证把关不严", year=2027)
    draft(world, name="签证把关不严", layer="department", post=None)
    services.void(first, by=again(world.author), at=FILED, opinion="重复登记，作废")
    assert draft(world, name="签证把关不严").number.endswith("2026-0003")


def test_a_change_counts_the_version_keeps_measures_and_says_what_changed(world):
    record = draft(world, measures=[measure(world), measure(world, content="每季度抽审变更不低于20%", kind="after")])
    kept = measure_rows(record)[1]
    rows = [kept, measure(world, content="新增")]
    services.update_point(record, fields={"likelihood": 4}, measures=rows, by=again(world.clerk), at=FILED, version=1)
    assert (record.version, record.score, record.updated_by) == (2, 12, world.clerk)
    rows = list(record.measures.order_by("number").values_list("pk", "number", "content"))
    assert rows[0] == (kept["id"], 1, "每季度抽审变更不低于20%")
    assert [row[2] for row in rows] == ["每季度抽审变更不低于20%", "新增"]
    event = noted("risk.changed", record)
    assert event["before"]["likelihood"] == 3
    assert event["after"]["likelihood"] == 4
    assert "name" not in event["after"]


def noted(event_type, record):
    last = audit.events(event_type=event_type, object_type="risks.riskpoint", object_id=str(record.pk))[-1]
    return {"before": audit.before(last), "after": audit.after(last)}


def test_a_telephone_number_is_stored_encrypted_and_appears_in_no_event_and_no_version(world):
    from django.db import connection

    record = point_in("department", world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM risks_riskpoint WHERE id = %s", [record.pk])
        assert "13800000011" not in cursor.fetchone()[0]
    assert "phone" not in versions_of(record).get().data
    services.withdraw(record, by=again(world.author), at=FILED)
    change(record, world, phone="13900000022")
    assert noted("risk.changed", record)["after"] == {"phone_changed": True}


def test_a_stale_version_is_refused_with_who_and_when(world):
    record = draft(world)
    services.update_point(record, fields={"power": "签证"}, by=again(world.clerk), at=moment(2026, 5, 18, 15, 30), version=1)
    with pytest.raises(Refused) as no:
        change(record, world, version=1, power="结算")
    assert no.value.message == "此记录在 2026-05-18 15:30 已由孙莉修改，当前状态为“草稿”。刷新后再办理。"
    services.submit(record, by=again(world.author), at=moment(2026, 5, 18, 16, 0), version=2)
    with pytest.raises(Refused) as no:
        change(record, world, version=2, power="结算")
    assert no.value.message == "此记录在 2026-05-18 16:00 已由周航提交，当前状态为“部门审核”。刷新后再办理。"


def test_only_a_draft_is_changed_and_only_by_those_who_may(world):
    record = draft(world)
    for name in ("colleague", "head", "leader", "discipline"):
        with pytest.raises(Refused, match="没有修改此风险点的权限"):
            change(record, world, by=name, power="结算")
    services.submit(record, by=again(world.author), at=FILED)
    with pytest.raises(Refused, match="当前状态为“部门审核”，不能修改"):
        change(record, world, power="结算")


def test_the_unit_stays(world):
    record = draft(world, by="clerk")
    with pytest.raises(Refused) as no:
        change(record, world, by="clerk", unit=world.third)
    assert no.value.field == "unit"


def test_submit_says_everything_at_once_and_changes_nothing(world):
    record = services.create_draft({"unit": world.company, "year": 2026, "name": "一"}, by=again(world.clerk), at=FILED)
    with pytest.raises(Incomplete) as no, transaction.atomic():
        services.submit(record, by=again(world.clerk), at=FILED)
    assert {"layer", "measures", "manifestation"} <= set(no.value.errors)
    record.refresh_from_db()
    assert (record.state, record.version, Step.objects.count()) == ("draft", 1, 0)


def test_s7_the_floor_makes_it_high_and_lower_needs_a_reason_and_the_discipline_office(world):
    record = draft(world, likelihood=2, severity=2, authority="decide", level="low", secretary=None)
    assert (record.score, record.suggested) == (4, "high")
    with pytest.raises(Incomplete) as no, transaction.atomic():
        services.submit(record, by=again(world.author), at=FILED)
    assert set(no.value.errors) == {"level_reason"}
    change(record, world, level_reason="已实行线上会签")
    services.submit(record, by=again(world.author), at=FILED)
    services.agree(record, by=again(world.head), at=FILED)
    services.agree(record, by=again(world.leader), at=FILED)
    with pytest.raises(Refused, match="须勾选同意降级"), transaction.atomic():
        services.agree(record, by=again(world.inspector), at=FILED)
    services.agree(record, by=again(world.inspector), at=FILED, lowering_agreed=True)
    assert (record.state, record.lowering_agreed, record.level) == ("publicity", True, "low")


def test_nobody_decides_at_a_node_he_has_not_seen(world):
    """A program sends no version: then what it read is what it acts on."""
    record = point_in("department", world)
    early = RiskPoint._base_manager.get(pk=record.pk)
    services.agree(record, by=again(world.head), at=FILED)
    for act in (services.agree, services.give_back):
        with pytest.raises(Refused, match="已由赵静同意，当前状态为“分管领导审定”"), transaction.atomic():
            act(early, by=again(world.leader), at=FILED, opinion="措施不具体")
    assert (RiskPoint._base_manager.get(pk=record.pk).state, open_todos(record).count()) == ("leader", 1)


def test_the_submit_keeps_a_version_opens_the_to_do_and_tells_its_owner(world):
    record = point_in("department", world)
    todo = open_todos(record).get()
    assert (todo.node, todo.role, todo.department, todo.due_on) == ("department", "R15", world.works, datetime.date(2026, 5, 21))
    assert [v.number for v in versions_of(record)] == [1]
    assert Notice.objects.filter(recipient=world.head, key=f"todo-{todo.pk}").exists()
    assert not Notice.objects.filter(recipient=world.office_head).exists()
    assert noted("risk.submitted", record)["after"]["state"] == "department"


def test_the_author_withdraws_only_while_nobody_opened_it(world):
    record = point_in("department", world)
    services.withdraw(record, by=again(world.author), at=FILED)
    assert (record.state, open_todos(record).count()) == ("draft", 0)
    services.submit(record, by=again(world.author), at=FILED)
    mark_seen(record, user=again(world.colleague), at=FILED)
    mark_seen(record, user=again(world.head), at=FILED)
    with pytest.raises(Refused, match="部门审核人员已打开"):
        services.withdraw(record, by=again(world.author), at=FILED)


def test_nothing_is_withdrawn_after_a_decision(world):
    record = point_in("leader", world)
    with pytest.raises(Refused, match="没有撤回的权限"):
        services.withdraw(record, by=again(world.author), at=FILED)


# -- returns -------------------------------------------------------------------------------------------------------------


def returned_by_the_inspector(world, fields):
    record = point_in("discipline", world)
    services.give_back(record, by=again(world.inspector), at=FILED, opinion="监测指标不具体", fields=fields)
    return record


def test_a_return_remembers_who_where_and_what_and_tells_the_author(world):
    record = returned_by_the_inspector(world, ["indicator"])
    back = open_return(record)
    assert (record.state, back.by, back.back_to, back.fields, back.version) == ("draft", world.inspector, "discipline", ["indicator"], 1)
    assert Notice.objects.filter(recipient=world.author, kind="flow.todo", title__contains="退回修改").count() == 1


def test_with_only_the_named_fields_changed_it_goes_straight_back(world):
    record = returned_by_the_inspector(world, ["indicator"])
    change(record, world, indicator="签证超期率、返工率")
    services.submit(record, by=again(world.author), at=FILED)
    assert record.state == "discipline"
    assert todos_of(again(world.inspector)).count() == 1
    assert open_return(record) is None
    services.agree(record, by=again(world.inspector), at=FILED)
    assert record.state == "party"


def test_with_anything_else_changed_it_starts_from_the_beginning(world):
    record = returned_by_the_inspector(world, ["indicator"])
    change(record, world, indicator="签证超期率、返工率", power="工程变更审核")
    services.submit(record, by=again(world.author), at=FILED)
    assert record.state == "department"
    services.agree(record, by=again(world.head), at=FILED)
    services.agree(record, by=again(world.leader), at=FILED)
    assert record.state == "discipline"


def test_changed_measures_count_as_one_field(world):
    record = returned_by_the_inspector(world, ["measures"])
    rows = [*measure_rows(record), measure(world, content="每季度抽审")]
    services.update_point(record, fields={}, measures=rows, by=again(world.author), at=FILED)
    services.submit(record, by=again(world.author), at=FILED)
    assert record.state == "discipline"


def test_a_return_that_names_no_field_starts_from_the_beginning(world):
    record = returned_by_the_inspector(world, [])
    services.submit(record, by=again(world.author), at=FILED)
    assert record.state == "department"


def test_a_return_needs_a_reason_and_known_fields(world):
    record = point_in("department", world)
    with pytest.raises(Refused, match="不少于5字，现有2字"):
        services.give_back(record, by=again(world.head), at=FILED, opinion="重填")
    with pytest.raises(Refused) as no:
        services.give_back(record, by=again(world.head), at=FILED, opinion="内容不完整", fields=["state"])
    assert no.value.field == "fields"
    assert Return.objects.count() == 0


# -- progress of measures ------------------------------------------------------------------------------------------------


def dated(world):
    return point_in("in_force", world, measures=[measure(world, is_standing=False, due_on=datetime.date(2026, 12, 31))])


def test_who_carries_a_measure_out_says_how_far_it_is(world):
    record = dated(world)
    row = record.measures.get()
    services.report_progress(row, progress="ongoing", remark="", by=again(world.head), at=FILED)
    services.report_progress(row, progress="done", remark="已上线会签系统", by=again(world.clerk), at=FILED, version=record.version + 1)
    row.refresh_from_db()
    assert (row.progress, row.progress_note) == ("done", "已上线会签系统")
    assert noted("risk.measure_progress", record)["after"]["progress"] == "done"


@pytest.mark.parametrize(
    ("progress", "remark", "by", "message"),
    [
        ("done", "已上线", "colleague", "没有更新此措施落实状态的权限"),
        ("done", " ", "head", "须填写落实说明"),
        ("standing", "", "head", "落实状态与措施不符"),
        ("finished", "", "head", "落实状态与措施不符"),
    ],
)
def test_progress_is_refused(world, progress, remark, by, message):
    row = dated(world).measures.get()
    with pytest.raises(Refused, match=message):
        services.report_progress(row, progress=progress, remark=remark, by=again(world.people[by]), at=FILED)


def test_progress_is_reported_only_in_force(world):
    row = point_in("department", world).measures.get()
    with pytest.raises(Refused, match="当前状态为“部门审核”"):
        services.report_progress(row, progress="standing", remark="", by=again(world.head), at=FILED)


def test_a_standing_measure_shows_as_standing_and_back(world):
    record = draft(world)
    assert record.measures.get().progress == Measure.Progress.STANDING
    rows = [measure_rows(record)[0] | {"is_standing": False, "due_on": datetime.date(2026, 12, 31)}]
    services.update_point(record, fields={}, measures=rows, by=again(world.author), at=FILED)
    assert record.measures.get().progress == Measure.Progress.NOT_STARTED


def test_every_step_names_who_and_in_what_post(world):
    record = point_in("discipline", world)
    assert [(s.label, s.by.name, s.by_title) for s in steps_of(record)] == [
        ("同意", "王立成", "M城建 副总经理"), ("同意", "赵静", "M城建 工程管理部经理"), ("提交", "周航", "M城建 现场工程师")
    ]  # fmt: skip
    assert Todo.objects.filter(done_by=world.leader).count() == 1
    assert RiskPoint.objects.get(pk=record.pk).version == 4


def test_what_the_database_refuses_for_another_reason_is_no_refusal(world):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        draft(world, likelihood=5)
