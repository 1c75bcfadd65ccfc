"""What people see, count and are reminded of; outsiders nothing, by no question."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.org.services import lend, recuse
from apps.risks import queries, services
from apps.risks.filters import RiskFilter, sorted_by
from apps.risks.models import RiskPoint
from apps.risks.queries import for_list
from apps.risks.tables import RiskTable
from tests.kit.people import again, moment, staff
from tests.kit.risks import FILED, draft, measure, middle, point_in

TODAY = datetime.date(2026, 8, 3)


class Request:
    """What the filter reads of a request."""

    def __init__(self, user):
        self.user = user


def seen(user):
    return set(RiskPoint.objects.visible_to(again(user)).values_list("pk", flat=True))


def listed(user, **data):
    rows = RiskPoint.objects.visible_to(again(user))
    return list(RiskFilter(data, rows, request=Request(again(user))).qs)


@pytest.fixture
def three(world):
    return [
        point_in("in_force", world, name="甲", measures=[measure(world, is_standing=False, due_on=datetime.date(2026, 7, 1))]),
        point_in("department", world, name="乙"),
        draft(world, by="clerk", **{k: v for k, v in middle(world, name="丙").items() if k != "unit"}),
    ]


OUTSIDERS = [*("stranger", "stranger_head", "stranger_leader", "stranger_inspector", "below", "system_admin", "safety_admin"),
             *("log_admin", "nobody", "supervision", "director")]  # fmt: skip


@pytest.mark.parametrize("who", OUTSIDERS)
def test_an_outsider_sees_nothing_by_any_question(world, three, who):
    person = again(world.people[who])
    assert seen(person) == set()
    assert {f.count for f in queries.view_counts(person, today=TODAY)} == {0}
    assert {f.count for figures in queries.overview(person).values() for f in figures} <= {0}
    assert queries.measure_rate(person) == (0, 0)
    assert listed(person, ids=",".join(str(r.pk) for r in three)) == []
    assert list(queries.for_list(RiskPoint.objects.visible_to(person))) == []


def test_everybody_else_sees_what_is_his(world, three):
    force, waiting, sketch = (r.pk for r in three)
    assert seen(world.author) == {force, waiting}
    assert seen(world.clerk) == {force, waiting, sketch}
    assert seen(world.worker) == {force}
    assert seen(world.head) == {force, waiting, sketch}
    assert seen(world.office_head) == {force}
    assert seen(world.discipline) == {force, waiting, sketch}
    assert seen(world.regulator_staff) == {force, waiting}
    assert seen(world.stationed) == {force, waiting}


def test_a_recused_person_and_a_limited_point_are_out_of_every_number(world, three):
    recuse(three[0], user=world.leader, reason="亲属经办", by=world.inspector, at=FILED)
    assert three[0].pk not in seen(world.leader)
    RiskPoint.objects.filter(pk=three[1].pk).update(secrecy="limited")
    assert three[1].pk not in seen(world.leader)
    assert three[1].pk in seen(world.author)
    figures = {f.key: f.count for f in queries.view_counts(again(world.leader), today=TODAY)}
    assert figures["all"] == 1


def test_a_lent_point_is_seen_by_its_borrower_until_the_day(world, three):
    until = datetime.date.today()
    lend(three[0], to=world.stranger, until=until, reason="交叉检查", by=world.discipline, at=FILED, on=until)
    assert seen(world.stranger) == {three[0].pk}
    assert listed(world.stranger, q="甲") == [three[0]]


def test_the_views_count_what_their_lists_show(world, three):
    person = again(world.head)
    for figure in queries.view_counts(person, today=TODAY):
        view = figure.url.partition("?view=")[2]
        rows = RiskPoint.objects.visible_to(person).filter(queries.condition_of(view, person, today=TODAY))
        assert rows.count() == figure.count, figure.label
    counts = {f.key: f.count for f in queries.view_counts(person, today=TODAY)}
    assert counts == {"all": 3, "high": 2, "todo": 1, "review": 1, "unmet": 1, "mine": 0}
    assert {f.key: f.count for f in queries.view_counts(again(world.clerk), today=TODAY)}["mine"] == 1


def test_the_numbers_of_the_workbench_are_those_of_the_lists_behind_them(world, three):
    person = again(world.discipline)
    for figures in queries.overview(person).values():
        for figure in figures:
            pairs = dict(pair.split("=") for pair in figure.url.partition("?")[2].split("&"))
            found = listed(person, **{k: [v] if k in {"level", "state"} else v for k, v in pairs.items()})
            assert len(found) == figure.count, figure.label
    assert {f.key: f.count for f in queries.overview(person)["level"]} == {"high": 2, "mid": 1, "low": 0}


def test_measures_are_counted_in_the_database(world):
    record = draft(world, measures=[measure(world), measure(world, is_standing=False, due_on=datetime.date(2026, 12, 31))])
    row = queries.for_list(RiskPoint.objects.all()).get(pk=record.pk)
    assert (row.measures_total, row.measures_done) == (2, 1)
    assert queries.measure_rate(again(world.head)) == (0, 0)


@pytest.mark.parametrize("question", ["list", "filtered", "counts", "overview"])
def test_three_rows_cost_as_many_queries_as_one(world, question):
    def ask():
        person = again(world.discipline)
        rows = queries.for_list(RiskPoint.objects.visible_to(person))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            if question == "list":
                [(r.unit.name, r.department.name, r.post.name, r.responsible.name, r.measures_total, r.state_label) for r in rows]
            elif question == "filtered":
                list(RiskFilter({"q": "变更", "level": ["high"], "overdue": "on"}, rows, request=Request(person)).qs)
            elif question == "counts":
                queries.view_counts(person, today=TODAY)
            else:
                queries.overview(person)
        return len(caught)

    point_in("in_force", world)
    ask()
    one = ask()
    point_in("in_force", world)
    point_in("in_force", world)
    assert ask() == one <= 5


# -- the filter ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, {"甲", "乙", "丙"}),
        ({"q": "甲"}, {"甲"}),
        ({"q": "化整为零"}, {"甲", "乙", "丙"}),
        ({"q": "FX-CJ-2026-0001"}, {"甲"}),
        ({"q": "现场工程师"}, {"甲", "乙", "丙"}),
        ({"q": "没有这样的"}, set()),
        ({"q": "100%_"}, set()),
        ({"q": "   "}, {"甲", "乙", "丙"}),
        ({"level": ["mid"]}, {"丙"}),
        ({"level": ["mid", "high"]}, {"甲", "乙", "丙"}),
        ({"state": ["department"]}, {"乙"}),
        ({"layer": "post"}, {"甲", "乙", "丙"}),
        ({"domain": "works", "year": "2026"}, {"甲", "乙", "丙"}),
        ({"topic": "ideology"}, set()),
        ({"category": "process"}, {"甲", "乙", "丙"}),
        ({"person": "周航"}, {"甲", "乙", "丙"}),
        ({"person": "王立成"}, {"甲", "乙", "丙"}),
        ({"person": "周"}, set()),
        ({"overdue": "on"}, {"甲"}),
        ({"due": "on"}, {"甲"}),
        ({"standing": "on"}, {"甲", "乙", "丙"}),
        ({"view": "todo"}, {"乙"}),
        ({"view": "unmet"}, {"甲"}),
        ({"level": ["highest"]}, set()),
        ({"state": ["gone"]}, set()),
        ({"year": "abc"}, set()),
        ({"unit": "999999"}, set()),
        ({"ids": "1,x"}, set()),
    ],
)
def test_the_filter_finds(world, three, data, expected):
    assert {r.name for r in listed(world.head, **data)} == expected


def test_the_filter_by_unit_may_take_those_below(world, three):
    below = services.create_draft({"unit": world.third, "year": 2026, "name": "丁"}, by=again(world.below), at=FILED)
    person = world.discipline
    assert below not in listed(person, unit=str(world.company.pk))
    assert below in listed(person, unit=str(world.company.pk), below="on")
    assert {r.name for r in listed(person, department=str(world.works.pk))} == {"甲", "乙", "丙"}
    assert listed(world.head, unit=str(world.other.pk)) == []
    assert [r.name for r in listed(person, ids=f"{three[0].pk},{three[2].pk}", ordering="number")] == ["甲", "丙"]
    assert listed(world.clerk, mine="on") == [three[2]]


def test_every_order_ends_in_the_key(world, three):
    rows = RiskPoint.objects.all()
    assert [r.name for r in sorted_by(rows, "level")][-1] == "丙"
    assert sorted_by(rows, "-level")[0].name == "丙"
    assert [r.name for r in sorted_by(rows, "number")] == ["甲", "乙", "丙"]
    assert [r.name for r in sorted_by(rows, "-number")] == ["丙", "乙", "甲"]
    assert str(sorted_by(rows, "secret; drop").query.order_by) == "('-updated_at', '-pk')"


# -- for forms, notices, reminders ---------------------------------------------------------------------------------------


def test_duplicates_are_found_at_the_same_place_only(world):
    record = draft(world, name="签证把关不严")
    place = {"unit": world.company, "year": 2026, "layer": "post", "post_id": world.engineer.pk}
    assert list(queries.duplicates_of("签证把关不严", **place)) == [record]
    assert not queries.duplicates_of("签证把关不严", **place, but=record.pk).exists()
    assert not queries.duplicates_of("签证把关不严", **place | {"year": 2025}).exists()
    assert not queries.duplicates_of("签证把关不严", unit=world.company, year=2026, layer="unit").exists()
    assert not queries.duplicates_of(
        "签证把关不严", unit=world.company, year=2026, layer="department", department_id=world.works.pk
    ).exists()


def test_a_review_is_due_on_its_day(world):
    record = point_in("in_force", world)
    assert not queries.due_for_review(datetime.date(2026, 9, 1)).exists()
    assert list(queries.due_for_review(datetime.date(2026, 9, 2))) == [record]


@pytest.mark.parametrize(("day", "last"), [("2026-01-01", "2026-03-31"), ("2026-06-30", "2026-06-30"), ("2026-08-03", "2026-09-30"),
                                           ("2026-12-31", "2026-12-31")])  # fmt: skip
def test_a_quarter_ends_on_its_last_day(day, last):
    assert str(queries.quarter_end(datetime.date.fromisoformat(day))) == last


def test_a_head_registers_for_his_department_only(world):
    bounded = staff("韩冬", world.company, "R16", within=world.works, bounded=True)
    assert list(queries.writable_departments(again(bounded), world.company)) == [world.works]
    assert set(queries.writable_departments(again(world.clerk), world.company)) == {world.works, world.office}


@pytest.mark.parametrize(("who", "shown"), [("author", "13800000011"), ("clerk", "13800000011"), ("leader", "13800000011"),
                                            ("worker", "138****0011"), ("regulator_staff", "138****0011")])  # fmt: skip
def test_a_telephone_number_is_masked_for_those_who_need_it_not(world, who, shown):
    assert queries.phone_for(again(world.people[who]), draft(world)) == shown


def test_a_detail_names_everything_without_more_queries(world, django_assert_num_queries):
    record = point_in("in_force", world)
    row = queries.for_detail(RiskPoint.objects.all()).get(pk=record.pk)
    with django_assert_num_queries(0):
        str((row.unit, row.department, row.post, row.responsible, row.head, row.leader, row.secretary, row.sitting, row.created_by))
    assert moment(2026, 5, 18) == row.created_at


def test_a_draft_shows_how_many_measures_it_has_and_a_point_in_force_how_many_are_carried_out(world):
    table = RiskTable([])
    drafted, going = draft(world), point_in("in_force", world)
    shown = {one.pk: table.render_measures(one) for one in for_list(RiskPoint.objects.filter(pk__in=[drafted.pk, going.pk]))}
    assert "1 条" in shown[drafted.pk]
    assert "1 / 1" in shown[going.pk]  # 长期坚持
