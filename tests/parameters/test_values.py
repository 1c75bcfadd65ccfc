"""Two persons change a 参数: what is in force when, and what nobody can do."""
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.core.errors import Refused
from apps.parameters import queries, services
from apps.parameters.models import ParameterValue
from tests.kit import audit

from .conftest import AT

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
KEY = "risk.publicity_days"


def propose(writer, value=7, *, key=KEY, on=TODAY, reason="按集团纪委要求延长", at=AT):
    return services.propose_change(key, value=value, effective_on=on, reason=reason, by=writer, at=at)


def change(writer, secretary, value=7, *, key=KEY, on=TODAY, at=AT):
    return services.confirm_change(propose(writer, value, key=key, on=on, at=at), by=secretary, at=at)


def test_the_default_is_in_force_until_somebody_changes_it():
    assert queries.value(KEY, on=TODAY) == 5
    assert queries.value("db.yellow_ratio", on=TODAY) == Decimal("0.5")
    assert queries.value("kh.grades", on=TODAY) == [90, 80, 60]


def test_a_change_without_a_second_person_has_no_effect(writer):
    propose(writer)
    assert queries.value(KEY, on=TODAY) == 5
    assert [one.value for one in queries.changes_open()] == [7]


def test_a_confirmed_change_is_in_force_from_its_date_on_and_the_past_keeps_its_value(writer, secretary):
    change(writer, secretary, 7, on=date(2026, 4, 1))
    change(writer, secretary, 10, on=date(2026, 7, 1))
    days = (date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert [queries.value(KEY, on=day) for day in days] == [5, 7, 7, 10]
    assert not queries.changes_open().exists()


def test_of_two_changes_for_one_date_the_later_confirmed_one_is_in_force(writer, secretary):
    change(writer, secretary, 7, at=AT)
    change(writer, secretary, 8, at=AT + timedelta(hours=1))
    assert queries.value(KEY, on=TODAY) == 8


def test_a_change_confirmed_later_for_an_earlier_date_does_not_override_a_later_date(writer, secretary):
    change(writer, secretary, 10, on=date(2026, 7, 1))
    change(writer, secretary, 7, on=date(2026, 4, 1), at=AT + timedelta(days=1))
    assert queries.value(KEY, on=date(2026, 8, 1)) == 10


def test_nobody_confirms_a_change_of_his_own(writer):
    with pytest.raises(Refused, match="提出人不能确认本人提出的参数变更。"):
        services.confirm_change(propose(writer), by=writer, at=AT)
    assert queries.value(KEY, on=TODAY) == 5


def test_the_database_too_refuses_one_person_in_both_parts(writer):
    row = propose(writer)
    with pytest.raises(IntegrityError, match="parameter_second_person"), transaction.atomic():
        ParameterValue.objects.filter(pk=row.pk).update(confirmed_by=writer, confirmed_at=AT)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE parameters_parametervalue SET value = '99'",
        "UPDATE parameters_parametervalue SET confirmed_at = NULL, confirmed_by_id = NULL",
        "DELETE FROM parameters_parametervalue",
    ],
)
def test_a_settled_change_stays_as_it_is(writer, secretary, forgery):
    change(writer, secretary)
    audit.flushed()
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forgery)


def test_what_an_open_change_proposes_cannot_be_swapped_before_the_confirmation(writer):
    row = propose(writer)
    with pytest.raises(DatabaseError, match="what a parameter change proposes"), transaction.atomic():
        ParameterValue.objects.filter(pk=row.pk).update(value=99)


def test_a_change_cannot_be_born_confirmed(writer, secretary):
    with pytest.raises(DatabaseError, match="starts open"), transaction.atomic():
        ParameterValue.objects.create(
            key=KEY, value=9, effective_on=TODAY, reason="甲", written_by=writer, written_at=AT, confirmed_by=secretary, confirmed_at=AT
        )


@pytest.mark.parametrize(
    ("settle", "constraint"),
    [
        ({"confirmed_at": AT}, "parameter_confirmed_by_whom"),
        ({"rejected_at": AT, "rejected_reason": "甲"}, "parameter_rejected_by_whom"),
        ({"rejected_at": AT, "rejected_by": "secretary"}, "parameter_rejected_by_whom"),
        (
            {"rejected_at": AT, "rejected_by": "secretary", "rejected_reason": "甲", "confirmed_at": AT, "confirmed_by": "secretary"},
            "parameter_settled_once",
        ),
    ],
)
def test_a_change_is_settled_once_and_by_somebody(writer, secretary, settle, constraint):
    row = propose(writer)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ParameterValue.objects.filter(pk=row.pk).update(**{
            name: secretary if value == "secretary" else value for name, value in settle.items()
        })


def test_a_rejected_change_stays_in_the_history_and_has_no_effect(writer, secretary):
    row = services.reject_change(propose(writer), reason=" 与上级规定不符 ", by=secretary, at=AT)
    assert (row.rejected_by, row.rejected_reason, row.is_open) == (secretary, "与上级规定不符", False)
    change(writer, secretary, 6, on=date(2026, 4, 1))
    assert [(one.value, one.confirmed_by, one.rejected_by) for one in queries.history(KEY)] == [(6, secretary, None), (7, None, secretary)]
    assert queries.value(KEY, on=date(2026, 3, 31)) == 5


def test_the_writer_withdraws_and_nobody_else(writer, secretary):
    row = propose(writer)
    with pytest.raises(Refused, match="参数变更只能由提出人撤回。"):
        services.withdraw_change(row, by=secretary, at=AT)
    services.withdraw_change(row, by=writer, at=AT)
    assert queries.history(KEY).get().rejected_reason == "提出人撤回"
    assert audit.event(event_type="param.withdrawn").actor_id == writer.pk


def test_a_no_needs_a_reason_and_another_person(writer, secretary):
    row = propose(writer)
    with pytest.raises(Refused, match="应填写驳回理由，不超过500字。"):
        services.reject_change(row, reason=" ", by=secretary, at=AT)
    with pytest.raises(Refused, match="提出人不能驳回本人提出的参数变更，可以撤回。"):
        services.reject_change(row, reason="不妥", by=writer, at=AT)


def test_a_settled_change_is_not_settled_again(writer, secretary):
    row = propose(writer)
    services.confirm_change(row, by=secretary, at=AT)
    for again in (
        lambda: services.confirm_change(row, by=secretary, at=AT),
        lambda: services.reject_change(row, reason="不妥", by=secretary, at=AT),
        lambda: services.withdraw_change(row, by=writer, at=AT),
    ):
        with pytest.raises(Refused, match="此参数变更已办结，刷新页面查看结果。"):
            again()


def test_one_change_of_a_key_is_open_at_a_time(writer):
    propose(writer, 7)
    with pytest.raises(Refused, match="「风险公示期」已有待确认的变更，应先确认、驳回或撤回。"):
        propose(writer, 8)
    propose(writer, 10, key="risk.cut_high")


@pytest.mark.parametrize(
    ("given", "message", "field"),
    [
        ({"reason": "  "}, "应填写变更理由，不超过500字。", "reason"),
        ({"on": date(2026, 3, 1)}, "生效日期不能早于今天。", "effective_on"),
        ({"value": 5}, "填写的值与该日现行值相同，无需变更。", "value"),
        ({"value": "五"}, "「风险公示期」应填写整数。", "value"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(writer, given, message, field):
    with pytest.raises(Refused) as refused:
        propose(writer, **given)
    assert (refused.value.message, refused.value.field) == (message, field)


def test_a_reason_too_long_for_its_field_is_refused(writer):
    with pytest.raises(Refused, match="应填写变更理由，不超过500字。"):
        propose(writer, reason="甲" * 501)


def test_today_is_the_day_in_china(writer):
    late = AT.replace(hour=17)  # already 3 March in Shanghai
    with pytest.raises(Refused, match="生效日期不能早于今天。"):
        propose(writer, at=late)


def test_a_date_that_passed_while_waiting_is_not_confirmed_backwards(writer, secretary):
    row = propose(writer)
    with pytest.raises(Refused, match="生效日期已过，不能再确认；应驳回后按新的生效日期重新提出。"):
        services.confirm_change(row, by=secretary, at=AT + timedelta(days=1))


def test_the_high_cut_stays_above_the_middle_one(writer, secretary):
    with pytest.raises(Refused, match="「LC法中风险分界」应小于「LC法高风险分界」。"):
        propose(writer, 9, key="risk.cut_mid")
    waiting = propose(writer, 8, key="risk.cut_mid")
    change(writer, secretary, 6, key="risk.cut_high")
    with pytest.raises(Refused, match="「LC法中风险分界」应小于「LC法高风险分界」。"):
        services.confirm_change(waiting, by=secretary, at=AT)


def test_a_key_nobody_knows_is_a_programming_error(writer):
    for call in (
        lambda: queries.value("risk.cut", on=TODAY), lambda: queries.history("risk.cut"), lambda: propose(writer, key="risk.cut"),
    ):
        with pytest.raises(KeyError):
            call()


def test_several_values_cost_one_query_and_freeze_to_json(writer, secretary, django_assert_num_queries):
    change(writer, secretary, "0.6", key="db.yellow_ratio")
    with django_assert_num_queries(1):
        assert queries.values(["db.yellow_ratio", KEY], on=TODAY) == {"db.yellow_ratio": Decimal("0.6"), KEY: 5}
    assert queries.frozen(["db.yellow_ratio", "talk.followup_months"], on=TODAY) == {
        "db.yellow_ratio": "0.6", "talk.followup_months": [3, 6, 12],
    }


def test_what_a_caller_does_to_a_list_stays_with_the_caller():
    queries.value("talk.followup_months", on=TODAY).append(24)
    assert queries.value("talk.followup_months", on=TODAY) == [3, 6, 12]


def test_a_whole_number_is_asked_for_by_type():
    assert queries.whole(KEY, on=TODAY) == 5
    with pytest.raises(TypeError, match="no whole number"):
        queries.whole("db.yellow_ratio", on=TODAY)


def test_every_step_is_in_the_audit_with_both_values(writer, secretary):
    change(writer, secretary)
    proposed, confirmed = audit.events(object_type="parameters.parametervalue")
    assert (proposed.event_type, proposed.actor_id, proposed.reason) == ("param.proposed", writer.pk, "按集团纪委要求延长")
    assert (confirmed.event_type, confirmed.actor_id, confirmed.stream) == ("param.confirmed", secretary.pk, "sys")
    assert audit.before(confirmed) == {"value": 5}
    assert audit.after(confirmed) == {"value": 7, "key": KEY, "effective_on": "2026-03-02"}
    assert confirmed.object_label == "风险公示期（2026-03-02起）"
    services.reject_change(propose(writer, 8), reason="不妥", by=secretary, at=AT)
    assert audit.event(event_type="param.rejected").reason == "不妥"
    assert audit.events(event_type="unattributed", object_type__startswith="parameters.") == []
