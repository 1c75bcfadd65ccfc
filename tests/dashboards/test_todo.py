"""The 待办中心: four lists, their conditions, their pages."""
import pytest
from django.utils import timezone

from apps.flow.models import Todo
from apps.flow.queries import open_count
from apps.flow.services import Owner, copy_to
from apps.risks import services
from tests.kit.people import again
from tests.kit.risks import point_in


def titles(response) -> list[str]:
    return [row.title for row in response.context["rows"]]


def test_the_most_urgent_comes_first_and_what_has_no_limit_last(world, submit, page):
    late, soon, never = submit(due_in=-1), submit(due_in=4), submit(due_in=9)
    Todo.objects.filter(object_id=never.pk).update(due_on=None)
    shown = page(world.head, "/todo/").context["rows"]
    assert [row.title for row in shown] == [r.flow_title() for r in (late, soon, never)]
    assert [row.lamp.kind if row.lamp else None for row in shown] == ["r", "g", None]
    assert shown[0].url == late.get_absolute_url()
    assert shown[0].kind == "廉政风险点"


@pytest.mark.parametrize(
    ("query", "found"),
    [("due=overdue", [0]), ("due=week", [1]), ("due=", [0, 1, 2]), ("due=nonsense", [0, 1, 2]), ("type=riskpoint", [0, 1, 2]),
     ("type=other", []), ("q=乙方", [1]), ("q=乙 方", [1]), ("q=方", [1]), ("q=100%", []),
     ("due=overdue&q=乙方", []), ("tab=nonsense", [0, 1, 2])],
)  # fmt: skip
def test_conditions_narrow_the_list(world, submit, page, query, found):
    made = [submit(due_in=-1, name="甲风险"), submit(due_in=4, name="乙方资料审查不严"), submit(due_in=20, name="丙风险")]
    response = page(world.head, f"/todo/?{query}")
    assert titles(response) == [made[i].flow_title() for i in found]
    assert response.context["table"].paginator.count == len(found)


def test_a_day_narrows_the_list(world, submit, page, today):
    submit(due_in=3)
    wanted = submit(due_in=0)
    assert titles(page(world.head, f"/todo/?due={today.isoformat()}")) == [wanted.flow_title()]


def test_an_empty_list_says_why(world, submit, page):
    assert "目前没有需要您办理的事项" in page(world.head, "/todo/").content.decode()
    submit()
    body = page(world.head, "/todo/?due=overdue").content.decode()
    assert "没有符合条件的事项" in body
    assert "清除全部条件" in body
    for tab, words in (("done", "还没有办结的事项"), ("started", "没有在办的事项"), ("copied", "没有抄送您的事项")):
        assert words in page(world.head, f"/todo/?tab={tab}").content.decode()


def test_pages_past_the_end_are_the_last_page(world, submit, page):
    for _ in range(12):
        submit(due_in=1)
    first = page(world.head, "/todo/?per_page=10")
    assert len(titles(first)) == 10
    assert len(titles(page(world.head, "/todo/?per_page=10&page=99"))) == 2
    assert "第 1～10 条，共 12 条" in first.content.decode()


def test_what_i_handed_in_says_where_it_is_and_how_long_it_may_take(world, submit, page):
    record = submit(due_in=-2)
    (row,) = page(world.author, "/todo/?tab=started").context["rows"]
    assert (row.title, row.unit, row.node, row.lamp.text) == (record.flow_title(), world.company.short_name, "部门审核", "逾期2天")
    services.agree(record, by=again(world.head), at=timezone.now())
    (row,) = page(world.author, "/todo/?tab=started").context["rows"]
    assert row.node == "分管领导审定"


def test_what_i_handed_in_and_waits_for_nobody_says_how_it_stands(world, page):
    record = point_in("publicity", world)
    (row,) = page(world.author, "/todo/?tab=started").context["rows"]
    assert (row.title, row.node) == (record.flow_title(), "公示中")


def test_what_i_did_is_listed_once_with_the_day(world, submit, page):
    record = submit()
    services.agree(record, by=again(world.head), at=timezone.now())
    response = page(world.head, "/todo/?tab=done&due=month")
    (row,) = response.context["rows"]
    assert (row.title, row.node) == (record.flow_title(), "部门审核")
    assert [chip.code for chip in response.context["chips"]] == ["riskpoint"]
    assert not titles(page(world.leader, "/todo/?tab=done"))


def test_copies_are_told_and_counted(world, submit, page):
    record = submit()
    copy_to(record, owners=[Owner(user=world.secretary)], label="抄送", at=timezone.now())
    response = page(world.secretary, "/todo/?tab=copied")
    assert titles(response) == [record.flow_title()]
    assert [tab["count"] for tab in response.context["tabs"]] == [0, None, 0, 1]
    assert not titles(page(world.stranger, "/todo/?tab=copied"))


def test_the_chips_of_what_i_handed_in_are_one_per_kind(world, submit, page):
    submit()
    submit()
    assert [(c.code, c.count) for c in page(world.author, "/todo/?tab=started").context["chips"]] == [("riskpoint", 2)]


def test_a_fragment_answers_htmx(world, page):
    response = page(world.head, "/todo/", **{"HX-Request": "true"})
    assert response.templates[0].name == "dashboards/todo_list.html"
    assert "HX-Request" in response["Vary"]


def test_the_number_in_the_top_bar_is_the_list(world, submit, page):
    submit()
    submit()
    assert page(world.head, "/todo/count/").json() == {"count": 2}
    assert open_count(again(world.head)) == 2
    assert 'aria-label="待办 2 件"' in page(world.head, "/").content.decode()


def test_only_reading_is_answered(client, world):
    client.force_login(world.head)
    for address in ("/", "/todo/", "/todo/run/", "/todo/count/", "/search/", "/n/FX-CJ-2026-0001/"):
        assert client.post(address).status_code == 405


def test_visitors_are_sent_to_the_login(client, db):
    for address in ("/", "/todo/", "/todo/run/", "/search/?q=x", "/n/FX-CJ-2026-0001/"):
        assert client.get(address).headers["Location"].startswith("/login/")
