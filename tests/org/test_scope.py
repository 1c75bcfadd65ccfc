"""Who sees what. A leak test always contains something to leak."""
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.org.models import Assignment, Body, Department, Recusal, Sitting, UnitRecord
from apps.org.queries import (
    ancestors,
    departments_of,
    holders,
    holders_of,
    members,
    people_of,
    posts_of,
    title_of,
    unit_of,
    units_for,
    units_seen,
)
from apps.org.scope import administers, scope_of
from apps.org.services import (
    assign,
    confirm_sitting,
    delegate,
    end_assignment,
    lend,
    lift_recusal,
    move_unit,
    recall,
    record_sitting,
    recuse,
)
from tests.kit.audit import events

TODAY = timezone.localdate


@pytest.fixture
def sitting_of(tree, make_user, at):
    author = make_user("recorder", "R06", "CJ")

    def make(code, number="2026-1", by=author, **fields):
        body, _ = Body.objects.get_or_create(unit=tree[code], kind=Body.Kind.PARTY, defaults={"name": "党委会"})
        sitting = record_sitting(body, number=number, met_on=date(2026, 5, 6), subject="风险点审定", present=5, by=by, at=at)
        Sitting.objects.filter(pk=sitting.pk).update(**fields)
        return Sitting.objects.get(pk=sitting.pk)

    return make


def seen(user):
    return set(Sitting.objects.visible_to(User.objects.get(pk=user.pk)).values_list("unit__code", flat=True))


def test_a_company_sees_itself_and_what_it_was_given_below_never_sideways_or_upwards(sitting_of, make_user):
    for code in ("JT", "CJ", "JY", "WY"):
        sitting_of(code)
    assert seen(make_user("a", "R13", "CJ")) == {"CJ"}
    assert seen(make_user("b", "R13", "CJ", include_subtree=True)) == {"CJ", "WY"}
    assert seen(make_user("c", "R04", "JT", include_subtree=True)) == {"JT", "CJ", "JY", "WY"}
    assert seen(make_user("d", "R13", "WY")) == {"WY"}


def test_unknown_scope_is_nothing(sitting_of, make_user):
    sitting_of("CJ")
    assert seen(make_user("nobody")) == set()
    assert Sitting.objects.visible_to(AnonymousUser()).count() == 0
    clerk = make_user("clerk", "R16", "CJ")  # R16 holds nothing over sittings
    assert seen(clerk) == set()
    retired = make_user("retired", "R13", "CJ")
    User.objects.filter(pk=retired.pk).update(is_active=False)
    assert seen(retired) == set()


def test_a_right_holds_from_its_first_to_its_last_day(sitting_of, make_user):
    sitting_of("CJ")
    today = TODAY()
    assert seen(make_user("past", "R13", "CJ", until=today - timedelta(days=1))) == set()
    assert seen(make_user("last_day", "R13", "CJ", until=today)) == {"CJ"}
    assert seen(make_user("future", "R13", "CJ", since=today + timedelta(days=1))) == set()


def test_a_right_taken_back_is_gone_on_the_next_request(sitting_of, make_user, at):
    sitting_of("CJ")
    user, chief = make_user("u", "R13", "CJ"), make_user("s", "R23", "JT")
    end_assignment(Assignment.objects.get(user=user), on=TODAY() - timedelta(days=1), by=chief, at=at, reason="调离岗位")
    assert seen(user) == set()


def test_a_moved_unit_is_seen_by_its_new_parents_people_only(tree, sitting_of, make_user, at):
    sitting_of("WY")
    old, new = make_user("old", "R13", "CJ", include_subtree=True), make_user("new", "R13", "JY", include_subtree=True)
    assert (seen(old), seen(new)) == ({"WY"}, set())
    move_unit(tree["WY"], to=tree["JY"], by=old, at=at)
    assert (seen(old), seen(new)) == (set(), {"WY"})


def test_a_unit_cannot_be_hung_below_itself(tree, make_user, at):
    with pytest.raises(Refused, match="不能移到本单位"):
        move_unit(tree["CJ"], to=tree["WY"], by=make_user("x"), at=at)


def test_moving_a_unit_moves_all_below_it(tree, make_user, at):
    move_unit(tree["CJ"], to=tree["JY"], by=make_user("x"), at=at)
    tree["WY"].refresh_from_db()
    assert tree["WY"].path.startswith(tree["CJ"].path)
    assert ancestors(tree["WY"]) == [tree["CJ"].pk, tree["JY"].pk, tree["JT"].pk, tree["GZ"].pk]


def test_limited_rows_are_for_named_people_even_against_leaders(sitting_of, make_user):
    sitting_of("CJ", secrecy=UnitRecord.Secrecy.LIMITED)
    assert seen(make_user("top", "R03", "JT", include_subtree=True)) == set()
    assert seen(User.objects.get(username="recorder")) == {"CJ"}


def test_recusal_takes_away_last_and_for_everybody(sitting_of, make_user, at):
    sitting = sitting_of("CJ")
    boss = make_user("boss", "R03", "JT", include_subtree=True)
    row = recuse(sitting, user=boss, reason="本人为当事人", by=make_user("office", "R07", "JT"), at=at)
    assert seen(boss) == set()
    lift_recusal(row, stream="sys", by=boss, at=at, reason="事项办结")
    assert seen(boss) == {"CJ"}
    assert Recusal.objects.count() == 1


def test_what_cannot_be_lent_is_refused(sitting_of, make_user, at):
    reader = make_user("reader")
    with pytest.raises(Refused, match="不能借阅"):
        lend(sitting_of("CJ"), to=reader, until=TODAY(), reason="核查", by=None, at=at, on=TODAY())
    recall(sitting_of("CJ", number="2"), user=reader, by=None, at=at, reason="")


def test_the_streams_follow_the_top_company(tree):
    assert {code: unit.stream for code, unit in tree.items()} == {
        "GZ": "org:regulator",
        **dict.fromkeys(("JT", "CJ", "JY", "WY"), f"org:{tree['JT'].pk}"),
    }


def test_three_administrators_exclude_each_other(make_user, tree, at):
    admin = make_user("admin", "R22", "JT")
    assert administers(admin) == {"R22"}
    assert admin.is_administrator_account
    for role in ("R23", "R24", "R16"):
        with pytest.raises(Refused, match="三员职责互斥"):
            assign(admin, role=role, unit=tree["JT"], by=None, at=at, since=date(2026, 1, 1))


def test_nobody_grants_himself(make_user, tree, at):
    chief = make_user("chief", "R23", "JT")
    with pytest.raises(Refused, match="不能给本人授权"):
        assign(chief, role="R23", unit=tree["CJ"], by=chief, at=at, since=date(2026, 1, 1))
    assert events(event_type="grant.given", actor_id=chief.pk) == []


def test_a_delegate_acts_for_the_holder_and_is_known_as_him(make_user, at):
    head, stand_in = make_user("head", "R15", "CJ"), make_user("standin", "R16", "CJ")
    row = Assignment.objects.get(user=head)
    copy = delegate(row, to=stand_in, since=TODAY(), until=TODAY() + timedelta(days=5), reason="出差", by=head, at=at)
    scope = scope_of(User.objects.get(pk=stand_in.pk))
    assert scope.principals() == {head.pk, stand_in.pk}
    assert scope.holds("R15", unit_id=row.unit_id)
    for wrong, options in [("只能委托本人", {"by": stand_in}), ("不能是本人", {"to": head})]:
        with pytest.raises(Refused, match=wrong):
            delegate(row, **({"to": stand_in, "since": TODAY(), "until": TODAY(), "reason": "", "by": head, "at": at} | options))
    with pytest.raises(Refused, match="不能再委托"):
        delegate(copy, to=head, since=TODAY(), until=TODAY(), reason="", by=stand_in, at=at)


def test_business_rights_are_never_delegated_to_an_administrator(make_user, at):
    head, admin = make_user("head", "R15", "CJ"), make_user("admin", "R22", "JT")
    with pytest.raises(Refused, match="管理员账号"):
        delegate(Assignment.objects.get(user=head), to=admin, since=TODAY(), until=TODAY(), reason="", by=head, at=at)


def test_a_department_right_reaches_its_department(make_user, tree, at):
    department = Department.objects.create(unit=tree["CJ"], name="工程部")
    other = Department.objects.create(unit=tree["CJ"], name="财务部")
    head = make_user("head", "R13", "CJ", department=department)
    scope = scope_of(head)
    assert scope.unit_ids("sitting", "R") == []
    assert scope.department_ids("sitting", "R") == [department.pk]
    assert scope.holds("R13", unit_id=tree["CJ"].pk, department_id=department.pk)
    assert not scope.holds("R13", unit_id=tree["CJ"].pk, department_id=other.pk)


def test_only_the_secretary_confirms_and_never_what_he_recorded(sitting_of, make_user, at):
    secretary, clerk = make_user("sec", "R13", "CJ"), make_user("office2", "R06", "CJ")
    sitting = sitting_of("CJ")
    with pytest.raises(Refused, match="没有确认会议的权限"):
        confirm_sitting(sitting, by=clerk, at=at)
    with pytest.raises(Refused, match="不能确认本人登记"):
        confirm_sitting(sitting, by=User.objects.get(username="recorder"), at=at)
    confirm_sitting(sitting, by=secretary, at=at)
    sitting.refresh_from_db()
    assert sitting.is_confirmed
    with pytest.raises(Refused, match="会议已确认"):
        confirm_sitting(sitting, by=secretary, at=at)


def test_a_sitting_of_the_future_or_with_too_many_present_is_refused(tree, make_user, at):
    from apps.org.models import BodyMember, Person

    body = Body.objects.create(unit=tree["CJ"], kind=Body.Kind.PARTY, name="党委会")
    person = Person.objects.create(unit=tree["CJ"], name="甲", title="书记", category="committee")
    BodyMember.objects.create(body=body, person=person, since=date(2026, 1, 1), is_chair=True)
    by = make_user("r", "R06", "CJ")
    facts = {"number": "1", "subject": "审定", "by": by, "at": at}
    with pytest.raises(Refused, match="不得晚于今天"):
        record_sitting(body, met_on=at.date() + timedelta(days=1), present=1, **facts)
    with pytest.raises(Refused, match="不超过应到人数1人"):
        record_sitting(body, met_on=date(2026, 5, 6), present=2, **facts)
    assert [m.person.name for m in members(body, on=date(2026, 5, 6))] == ["甲"]
    assert list(members(body, on=date(2025, 12, 31))) == []


def test_pick_lists_stay_inside(tree, make_user):
    clerk, staff = make_user("clerk", "R16", "CJ"), make_user("staff", "R20", "CJ")
    assert [u.code for u in units_for(clerk, "risk")] == ["CJ"]
    assert [u.code for u in units_for(make_user("nobody"), "risk")] == []
    assert [u.code for u in units_seen(staff, "risk")] == ["CJ"]
    assert [u.code for u in units_seen(make_user("boss", "R07", "JT", include_subtree=True), "risk")] == ["JT", "CJ", "JY", "WY"]
    assert [u.username for u in holders("R16", unit=tree["CJ"], on=TODAY())] == ["clerk"]
    assert clerk in holders_of("risk", "R", unit=tree["CJ"], on=TODAY())
    assert (unit_of(clerk).code, title_of(clerk)) == ("CJ", "联络员（填报人）")
    assert unit_of(make_user("stranger")) is None
    assert list(people_of([tree["CJ"].pk])) == list(departments_of([tree["CJ"].pk])) == list(posts_of([tree["CJ"].pk])) == []


def test_the_scope_costs_two_queries_however_often_it_is_asked(make_user, django_assert_num_queries):
    user = make_user("u", "R04", "JT", include_subtree=True)
    user.__dict__.pop("_scopes", None)
    with django_assert_num_queries(2):
        for _ in range(3):
            scope_of(user).unit_ids("risk", "R")


def test_the_database_refuses_a_second_administrator_role(make_user, tree, at):
    from django.db import IntegrityError, transaction

    admin = make_user("admin", "R22", "JT")
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(user=admin, role="R24", unit=tree["JT"], since=date(2026, 1, 1), granted_at=at)


def test_nobody_sits_twice_in_one_body(tree, at):
    from apps.org.models import Person
    from apps.org.services import seat

    body = Body.objects.create(unit=tree["CJ"], kind=Body.Kind.PARTY, name="党委会")
    person = Person.objects.create(unit=tree["CJ"], name="甲", title="书记", category="committee")
    row = seat(body, person, since=date(2026, 1, 1), is_chair=True, by=None, at=at)
    assert [e.object_id for e in events(event_type="body.seated")] == [str(row.pk)]
    with pytest.raises(Refused, match="甲已是党委会成员"):
        seat(body, person, since=date(2026, 2, 1), by=None, at=at)


# -- what a period of a right means ----------------------------------------------------------------------------------


def test_a_right_that_begins_later_clashes_today_already(make_user, tree, at):
    clerk = make_user("clerk", "R16", "CJ", since=TODAY() + timedelta(days=30))
    with pytest.raises(Refused, match="三员职责互斥"):
        assign(clerk, role="R22", unit=tree["JT"], by=None, at=at, since=TODAY())
    with pytest.raises(Refused, match="三员职责互斥"):
        assign(clerk, role="R22", unit=tree["JT"], by=None, at=at, since=TODAY(), until=TODAY() + timedelta(days=30))
    assign(clerk, role="R22", unit=tree["JT"], by=None, at=at, since=TODAY(), until=TODAY() + timedelta(days=29))


def test_a_right_that_ended_before_clashes_with_nothing(make_user, tree, at):
    clerk = make_user("clerk", "R16", "CJ", until=TODAY() - timedelta(days=1))
    assert assign(clerk, role="R22", unit=tree["JT"], by=None, at=at, since=TODAY()).role == "R22"


def test_a_right_is_not_taken_back_before_it_begins(make_user, at):
    user, chief = make_user("u", "R13", "CJ", since=TODAY()), make_user("s", "R23", "JT")
    with pytest.raises(Refused, match="收回日期不得早于授权起始日") as no:
        end_assignment(Assignment.objects.get(user=user), on=TODAY() - timedelta(days=1), by=chief, at=at, reason="误授")
    assert no.value.field == "until"


def test_who_stands_in_loses_the_right_with_its_holder(make_user, tree, at):
    head, chief = make_user("head", "R15", "CJ"), make_user("chief", "R23", "JT")
    row, day = Assignment.objects.get(user=head), timedelta(days=1)
    running, coming, ended = make_user("running"), make_user("coming"), make_user("ended")
    delegate(row, to=running, since=TODAY() - 9 * day, until=TODAY() + 9 * day, reason="出差", by=head, at=at)
    delegate(row, to=coming, since=TODAY() + 3 * day, until=TODAY() + 9 * day, reason="出差", by=head, at=at)
    delegate(row, to=ended, since=TODAY() - 9 * day, until=TODAY() - 5 * day, reason="出差", by=head, at=at)
    end_assignment(row, on=TODAY() - day, by=chief, at=at, reason="调离岗位")
    assert {a.user.name: a.until for a in Assignment.objects.filter(delegated_by=head)} == {
        "running": TODAY() - day, "ended": TODAY() - 5 * day,
    }  # fmt: skip
    for person in (head, running, coming):
        assert not scope_of(User.objects.get(pk=person.pk)).holds("R15", unit_id=tree["CJ"].pk)
    assert len(events(event_type="grant.ended")) == 3
    assert events(event_type="unattributed", object_type="org.assignment") == []


def test_ending_a_delegation_leaves_its_holder_alone(make_user, tree, at):
    head, other = make_user("head", "R15", "CJ"), make_user("other")
    copy = delegate(Assignment.objects.get(user=head), to=other, since=TODAY(), until=TODAY(), reason="出差", by=head, at=at)
    end_assignment(copy, on=TODAY(), by=head, at=at, reason="提前返回")
    assert scope_of(User.objects.get(pk=head.pk)).holds("R15", unit_id=tree["CJ"].pk)


def test_nobody_delegates_a_day_that_is_not_his(make_user, at):
    head, other = make_user("head", "R15", "CJ", since=TODAY(), until=TODAY() + timedelta(days=3)), make_user("other")
    row = Assignment.objects.get(user=head)
    for since, until in ((TODAY() - timedelta(days=1), TODAY()), (TODAY(), TODAY() + timedelta(days=4))):
        with pytest.raises(Refused, match="代理期限须在本人授权期限之内"):
            delegate(row, to=other, since=since, until=until, reason="出差", by=head, at=at)


# -- the rest of the questions ---------------------------------------------------------------------------------------


def test_holders_of_a_department_are_its_own_and_those_of_the_whole_unit(make_user, tree):
    works, office = (Department.objects.create(unit=tree["CJ"], name=name) for name in ("工程部", "办公室"))
    head, all_of_it = make_user("head", "R15", "CJ", department=works), make_user("all", "R15", "CJ")
    make_user("office", "R15", "CJ", department=office)
    assert list(holders("R15", unit=tree["CJ"], department=works, on=TODAY())) == [head, all_of_it]


def test_an_account_without_a_person_is_named_by_its_role_and_one_without_either_by_nothing(make_user, tree):
    from apps.org.models import Person

    assert title_of(make_user("nobody")) == ""
    user = make_user("somebody", "R16", "CJ")
    assert (title_of(user), unit_of(user)) == ("联络员（填报人）", tree["CJ"])
    Person.objects.create(unit=tree["WY"], name="somebody", title="主任", category="staff", account=user)
    assert (title_of(user), unit_of(user)) == ("WY 主任", tree["WY"])


def test_rows_say_what_they_are(make_user, tree):
    from apps.org.models import Person, Post

    office = Department.objects.create(unit=tree["CJ"], name="办公室")
    post = Post.objects.create(unit=tree["CJ"], department=office, name="主任")
    body = Body(unit=tree["CJ"], kind="party", name="党委会")
    row = Assignment.objects.get(user=make_user("u", "R16", "CJ"))
    assert [str(o) for o in (tree["CJ"], office, post, Person(name="甲"), body, Sitting(body=body, number="1"))] == [
        "CJ公司", "办公室", "主任", "甲", "党委会", "党委会 1",
    ]  # fmt: skip
    assert str(row) == f"{row.user_id} R16 {tree['CJ'].pk}"


def test_the_same_sitting_is_recorded_once(sitting_of):
    sitting_of("CJ")
    with pytest.raises(Refused, match="已登记同一届次") as no:
        sitting_of("CJ")
    assert no.value.field == "number"


def test_a_department_right_acts_in_its_department_and_an_own_one_on_own_rows(make_user, tree, at):
    from apps.risks.models import RiskPoint

    works, office = (Department.objects.create(unit=tree["CJ"], name=name) for name in ("工程部", "办公室"))
    head, staff = make_user("head", "R15", "CJ", department=works), make_user("staff", "R20", "CJ")
    mine = RiskPoint(unit=tree["CJ"], department=works, created_by=staff)
    other = RiskPoint(unit=tree["CJ"], department=office, created_by=head)
    below = RiskPoint(unit=tree["WY"], department=works, created_by=staff)
    assert [scope_of(head).may_on(r, "A") for r in (mine, other, below)] == [True, False, False]
    assert [scope_of(staff).may_on(r, "C") for r in (mine, other, below)] == [True, False, False]


# -- single loans ----------------------------------------------------------------------------------------------------


@pytest.fixture
def limited_point(make_user, tree, at):
    from apps.risks.models import RiskPoint

    author = make_user("author", "R19", "CJ")
    return RiskPoint.objects.create(
        unit=tree["CJ"], name="限定人员的风险点", number="FX-CJ-2026-0001", year=2026, method="lc", secrecy="limited",
        created_by=author, created_at=at, updated_at=at,
    )  # fmt: skip


def may_read(user):
    from apps.risks.models import RiskPoint

    return RiskPoint.objects.visible_to(User.objects.get(pk=user.pk)).exists()


def test_a_loan_lets_one_person_read_one_record_until_its_day(limited_point, make_user, at):
    reader, office = make_user("reader"), make_user("office", "R07", "JT", include_subtree=True)
    assert not may_read(reader)
    assert not may_read(office)
    lend(limited_point, to=reader, until=TODAY(), reason="专班核查", by=office, at=at, on=TODAY())
    assert may_read(reader)
    assert not may_read(office)
    recall(limited_point, user=reader, by=office, at=at, reason="核查结束")
    assert not may_read(reader)
    recall(limited_point, user=reader, by=office, at=at, reason="核查结束")
    assert [e.event_type for e in events(object_type="risks.riskpoint")].count("loan.recalled") == 1
    lend(limited_point, to=reader, until=TODAY() - timedelta(days=1), reason="专班核查", by=office, at=at, on=TODAY() - timedelta(days=2))
    assert not may_read(reader)


def test_a_loan_never_lets_anybody_act(limited_point, make_user, at):
    from apps.risks.models import RiskPoint

    reader = make_user("reader")
    lend(limited_point, to=reader, until=TODAY(), reason="专班核查", by=None, at=at, on=TODAY())
    assert not RiskPoint.objects.visible_to(User.objects.get(pk=reader.pk), "U").exists()


def test_a_loan_has_a_reason_and_an_end_to_come(limited_point, make_user, at):
    reader = make_user("reader")
    for wrong, field in (({"reason": " 查 "}, "reason"), ({"until": TODAY() - timedelta(days=1)}, "until")):
        with pytest.raises(Refused) as no:
            lend(limited_point, **({"to": reader, "until": TODAY(), "reason": "专班核查", "by": None, "at": at, "on": TODAY()} | wrong))
        assert no.value.field == field


def test_recusal_outweighs_a_loan(limited_point, make_user, at):
    reader = make_user("reader")
    lend(limited_point, to=reader, until=TODAY(), reason="专班核查", by=None, at=at, on=TODAY())
    recuse(limited_point, user=reader, reason="本人为当事人", by=make_user("office", "R07", "JT"), at=at)
    assert not may_read(reader)


def test_readers_from_outside_see_no_draft(limited_point, make_user):
    from apps.risks.models import RiskPoint

    RiskPoint.objects.visible_to(User.objects.get(username="author")).update(secrecy="unit")
    outside, inside = make_user("outside", "R01", "GZ", include_subtree=True), make_user("inside", "R07", "JT", include_subtree=True)
    assert (may_read(outside), may_read(inside)) == (False, True)
    RiskPoint.objects.visible_to(User.objects.get(username="author")).update(state="publicity")
    assert (may_read(outside), may_read(inside)) == (True, True)


def test_a_colleague_sees_what_is_public_in_the_unit_and_only_that(limited_point, make_user):
    from apps.risks.models import RiskPoint

    mine = RiskPoint.objects.visible_to(User.objects.get(username="author"))
    colleague, below = make_user("colleague", "R20", "CJ"), make_user("below", "R20", "WY")
    seen = {}
    for state in ("draft", "in_force"):
        for secrecy in ("unit", "internal", "limited"):
            mine.update(state=state, secrecy=secrecy, effective_on=date(2026, 5, 1), review_due_on=date(2026, 11, 1))
            seen[state, secrecy] = (may_read(colleague), may_read(below))
    assert {what for what, who in seen.items() if who[0]} == {("in_force", "unit")}
    assert not any(who[1] for who in seen.values())
