"""Changes of a point in force, its review, and how it ends."""

import datetime

import pytest
from django.db import transaction

from apps.core.errors import Refused
from apps.flow.queries import compare, open_todos, steps_of, versions_of
from apps.notices.models import Notice
from apps.risks import services
from apps.risks.models import Adjustment
from apps.risks.rules import Incomplete
from tests.kit import audit
from tests.kit.people import again, grant, moment
from tests.kit.risks import OVER, draft, measure, measure_rows, middle, point_in

AT = moment(2026, 6, 8)


def in_force(world, **over):
    record = point_in("publicity", world, **{k: v for k, v in middle(world).items() if k != "unit"} | over)
    services.end_publicity(record, today=OVER, at=moment(2026, 6, 2))
    return record


def adjust(record, world, kind="content", by="head", measures=None, reason="制度修订", version=None, **fields):
    return services.open_adjustment(
        record, kind=kind, reason=reason, fields=fields, measures=measure_rows(record) if measures is None else measures,
        by=again(world.people[by]), at=AT, version=version,
    )  # fmt: skip


def agree(record, world, *people, **more):
    for name in people:
        services.agree_adjustment(record, by=again(world.people[name]), at=AT, **more)


def test_nothing_changes_until_every_node_has_agreed(world):
    record = in_force(world)
    row = adjust(record, world, indicator="签证超期率", measures=[*measure_rows(record), measure(world, content="每季度抽审")])
    assert (record.state, record.indicator, record.measures.count()) == ("adjusting", "合同结算超概率", 1)
    assert (row.node, open_todos(record).get().role) == ("department", "R05")
    agree(record, world, "leader", "second_leader")
    assert (record.state, record.indicator) == ("adjusting", "合同结算超概率")
    agree(record, world, "inspector")
    row.refresh_from_db()
    assert (record.state, record.indicator, record.measures.count(), row.state) == ("in_force", "签证超期率", 2, "passed")
    assert [v.number for v in versions_of(record)] == [2, 1]
    assert record.effective_on == OVER
    assert record.review_due_on == datetime.date(2026, 12, 8)


def test_the_page_can_show_what_is_to_change(world):
    record = in_force(world)
    row = adjust(record, world, indicator="签证超期率")
    assert compare(*row.changes) == [{"field": "indicator", "label": "监测指标", "old": "合同结算超概率", "new": "签证超期率"}]


def test_the_events_tell_before_and_after(world):
    record = in_force(world)
    adjust(record, world, indicator="签证超期率")
    agree(record, world, "leader", "second_leader", "inspector")
    event = audit.event(event_type="risk.adjustment_passed", object_id=str(record.pk))
    assert (audit.before(event), audit.after(event)) == ({"indicator": "合同结算超概率"}, {"indicator": "签证超期率"})
    assert Notice.objects.filter(recipient=world.head, kind="risk.adjusted").count() == 1


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("raise", {"indicator": "甲"}, "评定等级须高于现等级"),
        ("lower", {"indicator": "甲"}, "评定等级须低于现等级"),
        ("content", {"level": "low", "level_reason": "已上线"}, "调整类型应选升级或降级"),
        ("add", {"indicator": "甲"}, "选择调整类型"),
        ("revoke", {"indicator": "甲"}, "选择调整类型"),
        ("content", {}, "内容没有变化"),
    ],
)
def test_the_kind_fits_the_change(world, kind, fields, message):
    record = in_force(world)
    with pytest.raises(Refused, match=message), transaction.atomic():
        adjust(record, world, kind, **fields)
    record.refresh_from_db()
    assert (record.state, Adjustment.objects.count()) == ("in_force", 0)


def test_an_adjustment_has_a_reason_and_a_complete_content(world):
    record = in_force(world)
    with pytest.raises(Refused) as no:
        adjust(record, world, reason=" ", indicator="甲")
    assert no.value.field == "reason"
    with pytest.raises(Incomplete) as no:
        adjust(record, world, measures=[], manifestation="太短", level="high", kind="raise")
    assert {"measures", "manifestation", "secretary", "level_reason"} == set(no.value.errors)


def test_only_one_adjustment_at_a_time(world):
    record = in_force(world)
    adjust(record, world, indicator="甲")
    with pytest.raises(Refused, match="当前状态为“调整审核中”"), transaction.atomic():
        adjust(record, world, by="discipline", indicator="乙")


def test_a_stale_version_opens_nothing(world):
    record = in_force(world)
    with pytest.raises(Refused, match="已公示期满"), transaction.atomic():
        adjust(record, world, version=1, indicator="甲")


def test_raising_to_high_goes_to_the_party_committee(world):
    record = in_force(world)
    adjust(record, world, "raise", level="high", likelihood=3, severity=3, secretary=world.person("secretary"))
    agree(record, world, "leader", "second_leader", "inspector")
    assert (record.state, record.level, open_todos(record).get().node) == ("adjusting", "mid", "party")
    with pytest.raises(Refused, match="选择审定会议"), transaction.atomic():
        agree(record, world, "party_office")
    agree(record, world, "party_office", sitting=world.sitting(met_on=AT.date()))
    assert (record.state, record.level, record.score) == ("in_force", "high", 9)
    assert record.review_due_on == datetime.date(2026, 9, 8)


def test_lowering_needs_the_express_agreement_of_the_discipline_office(world):
    record = in_force(world)
    adjust(record, world, "lower", level="low", level_reason="已实行线上会签")
    agree(record, world, "leader", "second_leader")
    with pytest.raises(Refused, match="须勾选同意降级"), transaction.atomic():
        agree(record, world, "inspector")
    agree(record, world, "inspector", lowering_agreed=True)
    assert (record.state, record.level, record.lowering_agreed) == ("in_force", "low", True)


def test_leaving_high_needs_the_party_committee_too(world):
    record = point_in("in_force", world)
    adjust(record, world, "lower", level="mid", likelihood=2, severity=3)
    agree(record, world, "leader", "second_leader")
    agree(record, world, "inspector", lowering_agreed=True)
    assert (record.state, open_todos(record).get().node) == ("adjusting", "party")


def test_who_opened_it_or_stands_in_for_him_does_not_agree(world):
    record = in_force(world)
    adjust(record, world, by="discipline", indicator="甲")
    grant(world.discipline, "R15", world.company, department=world.works)
    with pytest.raises(Refused, match="不能审核本人填报"), transaction.atomic():
        agree(record, world, "discipline")
    agree(record, world, "head")
    with pytest.raises(Refused, match="不能审核本人填报"), transaction.atomic():
        agree(record, world, "head")


def test_a_refused_adjustment_leaves_the_point_as_it_was(world):
    record = in_force(world)
    row = adjust(record, world, indicator="甲")
    services.refuse_adjustment(record, by=again(world.leader), at=AT, opinion="依据不充分")
    row.refresh_from_db()
    assert (record.state, record.indicator, row.state) == ("in_force", "合同结算超概率", "refused")
    assert Notice.objects.filter(recipient=world.head, kind="risk.refused").count() == 1
    adjust(record, world, indicator="乙")
    assert record.state == "adjusting"


def test_agreeing_without_an_adjustment_is_refused(world):
    record = in_force(world)
    with pytest.raises(Refused, match="当前状态为“已生效”"), transaction.atomic():
        agree(record, world, "leader")


def test_the_proposed_name_must_still_be_free_when_it_passes(world):
    record = in_force(world)
    adjust(record, world, name="验收把关不严")
    draft(world, name="验收把关不严")
    agree(record, world, "leader", "second_leader")
    with pytest.raises(Refused) as no, transaction.atomic():
        agree(record, world, "inspector")
    assert no.value.field == "name"
    record.refresh_from_db()
    assert record.state == "adjusting"


# -- review, post, end ---------------------------------------------------------------------------------------------------


def test_a_review_without_change_counts_from_its_day(world):
    record = in_force(world)
    services.confirm_review(record, by=again(world.head), at=moment(2026, 12, 1), opinion="措施有效，无变化")
    assert (record.state, record.review_due_on) == ("in_force", datetime.date(2027, 6, 1))
    assert steps_of(record).first().opinion == "措施有效，无变化"


def test_s8_when_the_holder_of_a_post_changes_its_points_are_looked_at_within_fifteen_working_days(world):
    record, elsewhere = in_force(world), in_force(world, layer="department", post=None)
    at = moment(2026, 7, 6)
    assert services.review_after_post_change(world.engineer, by=None, at=at) == 1
    todo = open_todos(record).get()
    assert (todo.label, todo.due_on, todo.role) == ("岗位变动复核", datetime.date(2026, 7, 27), "R15")
    assert not open_todos(elsewhere).exists()
    title = Notice.objects.get(recipient=world.author, kind="risk.post-changed").title
    assert title == "岗位变动，请在15个工作日内复核并重签承诺书"
    services.confirm_review(record, by=again(world.head), at=moment(2026, 7, 8), opinion="措施有效，无变化")
    assert not open_todos(record).exists()
    assert len(audit.events(event_type="risk.post_changed")) == 1


@pytest.mark.parametrize(("reason", "said"), [("post", "岗位撤并"), ("process", "流程取消：改为线上办理")])
def test_a_point_is_struck_off_for_one_of_two_reasons(world, reason, said):
    record = in_force(world)
    with pytest.raises(Refused) as no:
        services.strike(record, reason="other", by=again(world.discipline), at=AT)
    assert no.value.field == "reason"
    services.strike(record, reason=reason, by=again(world.discipline), at=AT, opinion=said.partition("：")[2])
    assert (record.state, steps_of(record).first().opinion) == ("struck", said)


def test_voiding_ends_a_running_adjustment_and_all_to_dos(world):
    record = in_force(world)
    row = adjust(record, world, indicator="甲")
    services.void(record, by=again(world.discipline), at=AT, opinion="登记有误，作废")
    row.refresh_from_db()
    assert (record.state, row.state, open_todos(record).count()) == ("void", "refused", 0)
    assert Notice.objects.get(kind="risk.refused").recipient == row.opened_by


def test_a_void_needs_its_reason(world):
    with pytest.raises(Refused) as no:
        services.void(draft(world), by=again(world.author), at=AT, opinion="错")
    assert no.value.field == "opinion"
