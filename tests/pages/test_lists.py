"""The list of a register: pages, order, fragments, saved views."""
import pytest
from django.contrib.messages import get_messages

from apps.pages import services
from apps.pages.models import SavedView
from apps.pages.paging import tallies
from apps.risks.models import RiskPoint
from tests.kit.risks import draft


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def points(world):
    return [draft(world) for _ in range(23)]


def names(response):
    return [row.record.name for row in response.context["table"].page.object_list]


def test_a_page_shows_twenty_and_a_page_past_the_end_is_the_last(world, as_, points):
    browser = as_(world.author)
    first, last = browser.get("/risks/"), browser.get("/risks/?page=2")
    assert (len(names(first)), len(names(last)), first.context["table"].paginator.count) == (20, 3, 23)
    for odd in ("99", "2.5e9", "999999999999999999999"):
        assert names(browser.get(f"/risks/?page={odd}")) in (names(last), names(first))
    assert names(browser.get("/risks/?page=99")) == names(last)
    for odd in ("0", "-1", "x", "", "²"):
        assert names(browser.get(f"/risks/?page={odd}")) == names(first)


def test_only_the_sizes_on_offer_are_given(world, as_, points):
    browser = as_(world.author)
    for asked, shown in (("10", 10), ("50", 23), ("7", 20), ("1000000", 20), ("²", 20), ("x", 20)):
        assert len(names(browser.get(f"/risks/?per_page={asked}"))) == shown


def test_the_order_asked_for_and_its_reverse(world, as_):
    for name in ("乙风险", "甲风险"):
        draft(world, name=name)
    browser = as_(world.author)
    there, back = names(browser.get("/risks/?sort=name")), names(browser.get("/risks/?sort=-name"))
    assert there == back[::-1]
    assert set(there) == {"甲风险", "乙风险"}
    assert len(names(browser.get("/risks/?sort=nothing"))) == 2


def test_htmx_gets_the_part_and_everybody_else_the_page(world, as_):
    browser = as_(world.author)
    whole, part = browser.get("/risks/"), browser.get("/risks/", headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert 'id="list"' in part.content.decode()
    assert "HX-Request" in whole.headers["Vary"]
    assert browser.head("/risks/").status_code == 200


def test_the_way_back_to_the_list_keeps_its_conditions(world, as_):
    record = draft(world)
    browser = as_(world.author)
    browser.get("/risks/?state=draft")
    assert ("廉政风险点", "/risks/?state=draft") in browser.get(f"/risks/{record.pk}/").context["crumbs"]
    browser.get("/risks/")
    assert ("廉政风险点", "/risks/") in browser.get(f"/risks/{record.pk}/").context["crumbs"]


def test_new_is_offered_to_whom_it_is_open(world, as_):
    assert as_(world.clerk).get("/risks/").context["may_add"]
    assert not as_(world.leader).get("/risks/").context["may_add"]
    assert as_(world.leader).get("/risks/new/").status_code == 404
    assert as_(world.nobody).get("/risks/").status_code == 404


def test_a_row_of_somebody_else_does_not_exist(world, as_):
    record = draft(world)
    assert as_(world.stranger).get(f"/risks/{record.pk}/").status_code == as_(world.stranger).get("/risks/987654/").status_code == 404
    assert names(as_(world.stranger).get("/risks/")) == []


# -- saved views -----------------------------------------------------------------------------------------------------


def save(browser, name="高风险", query="level=high", **more):
    return browser.post("/risks/views/", {"name": name, "query": query} | more)


def test_a_condition_is_kept_as_a_tab_of_ones_own(world, as_):
    response = save(as_(world.author), name=" 高风险 ")
    assert response.headers["Location"] == "/risks/?level=high"
    assert [(v.user, v.register, v.name, v.query) for v in SavedView.objects.all()] == [(world.author, "risks", "高风险", "level=high")]
    assert [v.name for v in as_(world.author).get("/risks/").context["saved_views"]] == ["高风险"]
    assert list(as_(world.clerk).get("/risks/").context["saved_views"]) == []


@pytest.mark.parametrize(("name", "why"), [(" ", "填写视图名称。"), ("高风险", "已有同名视图，换一个名称。"), ("长" * 21, "20")])
def test_a_tab_needs_a_short_name_of_its_own(world, as_, name, why):
    browser = as_(world.author)
    save(browser)
    (message,) = said(save(browser, name=name))[-1:]
    assert why in message
    assert SavedView.objects.count() == 1


def test_in_the_dialog_a_refused_name_stays_with_its_reason(world, as_):
    browser = as_(world.author)
    done = browser.post("/risks/views/", {"name": "高风险", "query": "level=high"}, headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == "/risks/?level=high"
    again = browser.post("/risks/views/", {"name": "高风险", "query": "level=low"}, headers={"HX-Request": "true"})
    page = again.content.decode()
    assert (again.status_code, 'value="高风险"' in page, "已有同名视图，换一个名称。" in page) == (422, True, True)


def test_each_tab_says_how_many_rows_it_shows_whoever_looks(world, as_, django_assert_num_queries):
    draft(world)
    for name, query in [("草稿", "state=draft"), ("生效", "state=in_force"), ("没有", "q=没有这样的词")]:
        services.save_view(world.author, register="risks", name=name, query=query, shared=True)
    assert [(v.name, v.count) for v in as_(world.author).get("/risks/").context["saved_views"]] == [("草稿", 1), ("生效", 0), ("没有", 0)]
    services.save_view(world.stranger, register="risks", name="草稿", query="state=draft")
    assert [v.count for v in as_(world.stranger).get("/risks/").context["saved_views"]] == [0]
    rows = RiskPoint.objects.visible_to(world.author)
    with django_assert_num_queries(1):
        assert tallies([rows, rows.filter(state="draft"), rows.none()]) == [1, 1, 0]
    with django_assert_num_queries(0):
        assert tallies([]) == []


def test_a_tab_without_a_condition_is_none(world, as_):
    assert said(save(as_(world.author), query="")) == ["先设置查询条件或列，再保存为视图。"]
    assert not SavedView.objects.exists()


def test_the_ninth_tab_is_refused_and_another_persons_do_not_count(world, as_):
    for i in range(8):
        services.save_view(world.author, register="risks", name=f"视图{i}", query="level=high")
    services.save_view(world.clerk, register="risks", name="视图", query="level=high")
    assert said(save(as_(world.author))) == ["最多保存8个视图，先删除不用的视图。"]
    assert SavedView.objects.filter(user=world.author).count() == 8


def test_one_removes_ones_own_tab_and_no_other(world, as_):
    mine = services.save_view(world.author, register="risks", name="甲", query="level=high")
    theirs = services.save_view(world.clerk, register="risks", name="乙", query="level=high")
    browser = as_(world.author)
    for pk in (theirs.pk, "²", "x", "", 10**30, mine.pk):
        assert browser.post("/risks/views/", {"remove": pk}).headers["Location"] == "/risks/"
    assert list(SavedView.objects.all()) == [theirs]


def test_a_tab_of_another_register_is_not_removed_here(world, as_):
    other = services.save_view(world.author, register="sittings", name="甲", query="level=high")
    as_(world.author).post("/risks/views/", {"remove": other.pk})
    assert SavedView.objects.exists()


def test_saving_a_tab_changes_no_record(world, as_):
    draft(world)
    save(as_(world.author))
    assert RiskPoint.objects.visible_to(world.author).count() == 1


def test_a_shared_tab_is_seen_by_colleagues_who_cannot_remove_it(world, as_):
    body = {"name": "高风险", "query": "level=high", "shared": "1", "look": '{"off": ["domain"], "order": [], "dense": true}'}
    as_(world.author).post("/risks/views/", body)
    view = SavedView.objects.get()
    assert (view.shared_with, view.look) == (world.company, {"off": ["domain"], "dense": True})
    page = as_(world.clerk).get("/risks/")
    assert [v.name for v in page.context["saved_views"]] == ["高风险"]
    assert "周航共享" in page.content.decode()
    as_(world.clerk).post("/risks/views/", {"remove": view.pk})
    assert SavedView.objects.exists()
    assert list(as_(world.stranger).get("/risks/").context["saved_views"]) == []


@pytest.mark.parametrize("look", ["", "[1]", "{", '{"off": 3, "order": {"a": 1}, "dense": "yes"}'])
def test_a_look_that_is_none_counts_as_none(world, look):
    assert services.save_view(world.author, register="risks", name="甲", query="level=high", look=look).look == {}
