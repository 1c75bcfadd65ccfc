"""全局搜索 finds what the caller may see and nothing else."""
import html

import pytest

from apps.dashboards import search
from tests.kit.people import again, moment
from tests.kit.risks import draft, point_in


@pytest.fixture
def found(page):
    def look(person, text):
        return {group.label: group for group in page(person, f"/search/?q={text}").context["groups"]}

    return look


@pytest.mark.parametrize("text", ["招", "招标", "招标文件", "文件 招标", "fx-cj"])
def test_one_two_and_more_characters_find(world, found, text):
    record = draft(world, name="招标文件量身定做")
    (line,) = found(world.author, text)["廉政风险点"].lines
    assert line["title"] == record.name
    assert line["url"] == record.get_absolute_url()


def test_groups_hold_five_and_lead_to_exactly_all(world, found, page):
    for _ in range(7):
        draft(world, manifestation="招标文件设置不合理条件排斥潜在投标人")
    group = found(world.author, "排斥")["廉政风险点"]
    assert (len(group.lines), group.count) == (5, 7)
    response = page(world.author, "/search/?q=排斥")
    assert "查看全部 7 条" in response.content.decode()
    assert page(world.author, group.url).context["table"].paginator.count == 7


def test_sittings_are_found_by_number_and_subject(world, found, page):
    world.sitting(met_on=moment(2026, 5, 25).date(), number="2026年第15次")
    (line,) = found(world.secretary, "第15次")["会议"].lines
    assert page(world.secretary, line["url"]).status_code == 200
    assert found(world.secretary, "高风险点")["会议"].count == 1
    assert not found(world.worker, "第15次")


@pytest.mark.parametrize("who", ["stranger", "stranger_head", "below", "nobody", "system_admin"])
def test_outside_the_scope_nothing_is_found(world, found, page, who):
    record = draft(world, name="招标文件量身定做")
    assert found(world.people[who], "招标") == {}
    body = page(world.people[who], f"/search/?q={record.number}").content.decode()
    assert f"没有找到“{record.number}”" in html.unescape(body)
    assert page(world.people[who], f"/n/{record.number}/").status_code == 404


def test_drafts_are_not_found_from_outside_the_company(world, found):
    draft(world, name="招标文件量身定做")
    point_in("leader", world, name="招标文件未按规定公开")
    (line,) = found(world.regulator_staff, "招标文件")["廉政风险点"].lines
    assert line["title"] == "招标文件未按规定公开"


def test_an_exact_number_goes_straight_to_its_record(world, page):
    record = draft(world)
    number = record.number
    for address in (f"/search/?q={number}", f"/search/?q={number.lower()}", f"/n/{number}/", f"/n/{number.lower()}/"):
        response = page(world.author, address)
        assert (response.status_code, response.headers["Location"]) == (302, record.get_absolute_url())


def test_a_number_that_does_not_exist_is_not_found(world, page):
    assert page(world.author, "/n/FX-CJ-1999-0001/").status_code == 404


def test_an_empty_search_asks_for_something(world, page):
    body = page(world.author, "/search/?q=%20").content.decode()
    assert "填写要找的内容" in body
    assert search.by_number(again(world.author), "") is None


def test_what_is_typed_is_shown_as_text(world, page):
    body = page(world.author, "/search/?q=<script>x</script>").content.decode()
    assert "<script>x" not in body
    assert page(world.author, "/search/?q=" + "长" * 300).status_code == 200
