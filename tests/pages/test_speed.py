"""What a list costs does not grow with its rows, and what makes it cheap shows nobody more."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import keys
from apps.core.keys import among
from apps.org.models import Unit
from apps.org.services import lend
from apps.pages import paging
from apps.risks import filters, queries
from apps.risks.models import RiskPoint
from tests.kit.people import again, department, moment
from tests.kit.risks import draft, middle, point_in


@pytest.fixture(autouse=True)
def plain_static(settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def statements(browser, address):
    browser.get(address)
    with CaptureQueriesContext(connection) as caught:
        response = browser.get(address)
    assert response.status_code == 200
    return [query["sql"] for query in caught]


def shown(response):
    return [line.record.name for line in response.context["table"].lines]


def test_a_list_costs_the_same_whatever_it_shows(world, as_):
    browser = as_(world.clerk)
    draft(world)
    few = statements(browser, "/risks/")
    for _ in range(12):
        draft(world)
    assert len(statements(browser, "/risks/")) == len(few) <= 16


def test_looking_at_the_same_list_again_writes_nothing(world, as_):
    draft(world)
    assert not [sql for sql in statements(as_(world.clerk), "/risks/?state=draft") if sql.startswith(("UPDATE", "INSERT", "DELETE"))]


def test_the_rows_of_a_page_are_cut_before_anything_is_joined(world, as_):
    draft(world)
    caught = statements(as_(world.clerk), "/risks/?page=1")
    (keys_only,) = [sql for sql in caught if 'ORDER BY "risks_riskpoint"."updated_at" DESC' in sql]
    assert "JOIN" not in keys_only
    assert "measures_total" not in keys_only


def test_both_questions_of_a_page_go_through_the_scope(world, as_):
    theirs = draft(world, name="不给外人看")
    for sql in statements(as_(world.stranger), "/risks/?q=外人"):
        if "risks_riskpoint" in sql and "flow_todo" not in sql:
            assert "secrecy" in sql
    assert shown(as_(world.stranger).get(f"/risks/?ids={theirs.pk}")) == []


def test_tabs_are_counted_no_further_than_anybody_reads(world, as_, monkeypatch):
    monkeypatch.setattr(queries, "TALLIED", 2)
    monkeypatch.setattr("apps.core.templatetags.ui.TALLIED", 2)
    for _ in range(4):
        draft(world)
    body = as_(world.author).get("/risks/").content.decode()
    assert '全部<span class="c">2+</span>' in body


def test_hits_of_a_search_are_counted_less_far(world, as_, monkeypatch):
    monkeypatch.setattr("apps.pages.views.FOUND_UP_TO", 2)
    for i in range(4):
        draft(world, name=f"围标串标{i}")
    assert "超过 2" in as_(world.clerk).get("/risks/?q=围标").content.decode()
    assert as_(world.clerk).get("/risks/").context["table"].paginator.exact == paging.EXACT_UP_TO


@pytest.mark.parametrize("handful", [0, 50])
def test_many_keys_find_what_a_few_would(world, handful, monkeypatch):
    monkeypatch.setattr(keys, "HANDFUL", handful)
    wanted = {world.company.pk, world.other.pk}
    assert set(Unit.objects.filter(among("pk", wanted)).values_list("pk", flat=True)) == wanted
    assert not Unit.objects.filter(among("pk", set())).exists()
    lent = draft(world, name="借出的", **{k: v for k, v in middle(world).items() if k not in {"unit", "name"}})
    long, at = moment(2099, 1, 1).date(), moment(2026, 5, 19)
    lend(lent, to=again(world.stranger), until=long, reason="专班", by=again(world.discipline), at=at, on=at.date())
    assert list(RiskPoint.objects.visible_to(again(world.stranger))) == [lent]
    assert lent in RiskPoint.objects.visible_to(again(world.clerk))


def test_who_sees_many_units_picks_the_unit_before_the_department(world, as_, monkeypatch):
    monkeypatch.setattr(filters, "HANDFUL", 1)
    elsewhere = department(world.other, "资产管理部")
    browser = as_(world.discipline)

    def offered(address, **headers):
        choices = browser.get(address, headers=headers).context["filter"].form["department"].field.queryset
        return set(choices)

    assert offered("/risks/") == set()
    assert offered(f"/risks/?unit={world.company.pk}") == {world.works, world.office}
    assert offered(f"/risks/?department={elsewhere.pk}") == {elsewhere}
    part = browser.get(f"/risks/?unit={world.other.pk}", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-swap-oob="true"' in part
    assert "资产管理部" in part
    assert "hx-swap-oob" not in browser.get("/risks/").content.decode()


def test_a_department_out_of_sight_is_not_offered_by_its_number(world, as_, monkeypatch):
    monkeypatch.setattr(filters, "HANDFUL", 0)
    elsewhere = department(world.other, "资产管理部")
    response = as_(world.clerk).get(f"/risks/?department={elsewhere.pk}&unit={world.other.pk}")
    assert "资产管理部" not in response.content.decode()
    assert shown(response) == []


def test_a_search_finds_words_of_name_content_number_and_post(world, as_):
    record = point_in("in_force", world, name="围标串标", manifestation="评标专家抽取不规范，私自泄露标底给投标人")
    browser = as_(world.clerk)
    for text in ("围标", "泄露标底", record.number, "现场工程师", "围标 标底", "标"):
        assert record.name in shown(browser.get("/risks/", {"q": text})), text
    for text in ("围底", "%", "标_", "围标 无此"):
        assert shown(browser.get("/risks/", {"q": text})) == [], text


def test_levels_are_sorted_by_height_and_pages_repeat_nothing(world, as_):
    draft(world, name="低", **{k: v for k, v in middle(world, level="low").items() if k not in {"unit", "name"}})
    draft(world, name="高")
    draft(world, name="中", **{k: v for k, v in middle(world).items() if k not in {"unit", "name"}})
    assert shown(as_(world.clerk).get("/risks/?sort=level")) == ["高", "中", "低"]
    assert shown(as_(world.clerk).get("/risks/?sort=-level")) == ["低", "中", "高"]


def test_a_record_is_read_once_with_its_measures_and_whom_they_name(world, as_):
    record = point_in("in_force", world)
    caught = statements(as_(world.clerk), f"/risks/{record.pk}/")
    assert len([sql for sql in caught if 'FROM "risks_measure"' in sql]) == 1
    assert not [sql for sql in caught if sql.startswith(('SELECT "org_person"', 'SELECT "org_department"'))]
    assert len(caught) <= 17
