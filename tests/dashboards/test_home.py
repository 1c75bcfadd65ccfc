"""The 工作台: every number equals the list behind it, for everybody who may see it, and nobody else sees anything."""
import datetime
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.dashboards.queries import Desk
from apps.flow.models import Todo
from apps.notices.models import Notice
from apps.org.services import recuse
from apps.risks import services
from tests.kit.people import again
from tests.kit.risks import draft, measure, point_in

STRIP = ("待我办理", "已逾期", "7 日内到期", "我发起在办", "本月已办")


def strip_of(response) -> dict[str, tuple[int, str]]:
    """What the strip says: number and address by name."""
    body = response.content.decode()
    nav = body[body.index('class="kpis"') : body.index("</nav>", body.index('class="kpis"'))]
    found = {}
    for address, rest in re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', nav, re.S):
        name = re.sub(r"<svg.*?</svg>", "", re.search(r'class="k">(.*?)</div>', rest, re.S)[1]).strip()
        found[name] = (int(re.search(r'class="v">(\d+)', rest)[1]), html.unescape(address))
    return found


def listed(response) -> int:
    return response.context["table"].paginator.count


@pytest.fixture
def busy(world, submit):
    """Late, due today, due in a week, due later; one gone on to the next desk and one sent back."""
    submit(due_in=-3)
    submit(due_in=-1)
    submit(due_in=0)
    submit(due_in=7)
    submit(due_in=8)
    submit(due_in=2, by="trade")
    onward, back = submit(), submit()
    services.agree(onward, by=again(world.head), at=timezone.now())
    services.give_back(back, by=again(world.head), at=timezone.now(), opinion="表现形式写得不具体")
    return world


ROLES = ("head", "author", "trade", "leader", "clerk", "inspector", "group_secretary", "regulator_staff", "stranger")


@pytest.mark.parametrize("who", ROLES)
def test_every_number_of_the_strip_equals_its_list(busy, page, who):
    strip = strip_of(page(busy.people[who], "/"))
    assert tuple(strip) == STRIP
    assert {name: n for name, (n, _) in strip.items()} == {name: listed(page(busy.people[who], url)) for name, (_, url) in strip.items()}


def test_the_strip_counts_what_waits_by_its_last_day(busy, page):
    assert {name: n for name, (n, _) in strip_of(page(busy.head, "/")).items()} == dict(zip(STRIP, (6, 2, 3, 0, 2), strict=True))


def test_what_i_handed_in_counts_until_it_is_settled_or_taken_back(busy, page, submit):
    assert strip_of(page(busy.author, "/"))["我发起在办"][0] == 7
    taken_back = submit()
    services.withdraw(taken_back, by=again(busy.author), at=timezone.now())
    assert strip_of(page(busy.author, "/"))["我发起在办"][0] == 7
    assert listed(page(busy.author, "/todo/?tab=started&due=returned")) == 1
    assert listed(page(busy.author, "/todo/?tab=started&due=all")) == 8


def test_late_is_red_only_when_something_is_late(world, submit, page):
    submit(due_in=1)
    assert 'class="bad"' not in page(world.head, "/").content.decode()
    submit(due_in=-1)
    assert 'due=overdue" class="bad"' in page(world.head, "/").content.decode()


def test_last_months_work_is_not_this_months(world, submit, page, today):
    services.agree(submit(), by=again(world.head), at=timezone.now())
    assert strip_of(page(world.head, "/"))["本月已办"][0] == 1
    before = timezone.make_aware(datetime.datetime.combine(today.replace(day=1), datetime.time())) - datetime.timedelta(seconds=1)
    Todo.objects.filter(done_by=world.head).update(done_at=before)
    assert strip_of(page(world.head, "/"))["本月已办"][0] == 0
    assert listed(page(world.head, "/todo/?tab=done")) == 1


def test_the_stranger_sees_nothing_of_it(busy, page):
    for who in ("stranger", "stranger_head", "below", "nobody"):
        body = page(busy.people[who], "/").content.decode()
        assert "变更签证" not in body
        assert [n for n, _ in strip_of(page(busy.people[who], "/")).values()] == [0, 0, 0, 0, 0]


def test_who_is_recused_sees_neither_the_line_nor_the_number(world, submit, page):
    kept, away = submit(due_in=-1), submit(due_in=-1)
    recuse(away, user=world.head, reason="近亲属任职", by=world.safety_admin, at=timezone.now())
    body = page(world.head, "/").content.decode()
    assert kept.name in body
    assert away.name not in body
    assert strip_of(page(world.head, "/"))["已逾期"][0] == 1


def test_who_was_recused_later_no_longer_finds_it_among_what_he_did(world, submit, page):
    record = submit()
    services.agree(record, by=again(world.head), at=timezone.now())
    recuse(record, user=world.head, reason="近亲属任职", by=world.safety_admin, at=timezone.now())
    assert record.name not in page(world.head, "/todo/?tab=done").content.decode()
    assert strip_of(page(world.head, "/"))["本月已办"][0] == 0


@pytest.mark.parametrize("who", ["system_admin", "safety_admin", "log_admin"])
def test_administrators_see_the_systems_health_and_no_business(busy, page, who):
    body = page(busy.people[who], "/").content.decode()
    assert "系统运行状况" in body
    assert "定时任务尚未运行。" in body
    for word in ("待我办理", "本单位重点工作进度", "即将到期", "变更签证"):
        assert word not in body


def test_greets_with_unit_and_post(world, page):
    body = page(world.head, "/").content.decode()
    assert "赵静，" in body
    assert f"{world.company.short_name} 工程管理部经理" in body


def test_names_the_role_where_nobody_recorded_a_post(world, page):
    world.person("regulator_staff").delete()
    assert "国资委监管人员" in page(world.regulator_staff, "/").content.decode()
    assert Desk(again(world.nobody), today=timezone.localdate()).post == ""


def test_buttons_are_what_the_role_does_most(world, submit, page):
    assert "连续办理" not in page(world.head, "/").content.decode()
    submit()
    assert "/todo/run/" in page(world.head, "/").content.decode()
    assert "登记会议" in page(world.party_office, "/").content.decode()
    assert "登记会议" not in page(world.author, "/").content.decode()


@pytest.mark.parametrize("who", ["secretary", "leader", "group_secretary"])
def test_leaders_have_no_shortcuts(world, page, who):
    assert "常用功能" not in page(world.people[who], "/").content.decode()


def test_others_have_shortcuts_to_pages_that_exist(world, page, client):
    body = page(world.author, "/").content.decode()
    quick = body[body.index("常用功能") :]
    for address in re.findall(r'<a href="([^"]+)"', quick[: quick.index("</section>")]):
        assert client.get(address).status_code == 200


def test_progress_links_to_lists_with_the_same_totals(world, page):
    point_in("in_force", world)
    point_in("in_force", world, measures=[measure(world), measure(world, is_standing=False, due_on=datetime.date(2026, 12, 31))])
    for state in ("draft", "publicity", "void", "struck"):
        point_in(state, world)
    points, measures = page(world.head, "/").context["progress"]
    assert (points.part, points.whole, points.percent) == (2, 4, "50%")
    assert (measures.part, measures.whole, measures.percent, measures.more.text) == (2, 3, "66%", "1 个风险点未落实")
    for link, count in ((points.part_link, 2), (points.whole_link, 4), (measures.more, 1)):
        assert link.text.startswith(str(count))
        assert listed(page(world.head, link.url)) == count


def test_progress_over_nothing_is_a_dash_and_hidden_without_the_right(world, page):
    bars = page(world.stranger, "/").context["progress"]
    assert [(b.part, b.whole, b.percent) for b in bars] == [(0, 0, "—"), (0, 0, "—")]
    assert not page(world.nobody, "/").context["progress"]


def test_what_falls_due_is_told_by_day(world, submit, page):
    one = submit(due_in=0)
    submit(due_in=3)
    submit(due_in=3, by="trade")
    submit(due_in=8)
    first, second = page(world.head, "/").context["soon"]
    assert (first.weekday, first.text, first.note) == ("今天", one.flow_title(), world.company.short_name)
    assert second.text == "2 件廉政风险点到期"
    assert listed(page(world.head, first.url)) == 1
    assert listed(page(world.head, second.url)) == 2


def test_own_notices_are_shown_and_to_dos_not_told_twice(world, submit, page):
    submit()
    for person, title in ((world.head, "关于报送事项清单的通知"), (world.clerk, "给别人的通知")):
        Notice.objects.create(recipient=person, kind="x", key="k", title=title, created_at=timezone.now())
    body = page(world.head, "/").content.decode()
    card = body[body.index("<h2>通知</h2>") :]
    card = card[: card.index("</section>")]
    assert "关于报送事项清单的通知" in card
    assert "未读" in card
    assert "给别人的通知" not in card
    assert "待办：" not in card


def test_the_card_shows_eight_rows_and_the_other_tabs(busy, submit, page):
    for _ in range(4):
        submit(due_in=30)
    card = page(busy.head, "/", **{"HX-Request": "true"})
    assert card.templates[0].name == "dashboards/desk.html"
    assert len(card.context["rows"]) == 8
    assert [row.lamp.text for row in card.context["rows"][:2]] == ["逾期3天", "逾期1天"]
    assert len(page(busy.head, "/?tab=done").context["rows"]) == 2
    assert len(page(busy.author, "/?tab=started").context["rows"]) == 8
    assert not page(busy.author, "/?tab=copied").context["rows"]


def test_a_draft_is_nobodys_to_do(world, page):
    draft(world)
    assert strip_of(page(world.author, "/"))["我发起在办"][0] == 0


def _queries(client, address, most):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    assert len(seen) <= most, "\n".join(q["sql"][:160] for q in seen.captured_queries)
    return len(seen)


@pytest.mark.parametrize("who", ["head", "discipline"])
@pytest.mark.parametrize(
    ("address", "most"), [("/", 15), ("/todo/", 12), ("/todo/?tab=done", 12), ("/todo/?tab=started", 12), ("/todo/?tab=copied", 12)]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(world, submit, client, who, address, most):
    client.force_login(world.people[who])
    client.get(address)
    submit(due_in=2)
    one = _queries(client, address, most)
    submit(due_in=3)
    submit(due_in=4)
    assert _queries(client, address, most) == one
