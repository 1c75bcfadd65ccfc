"""Moves from a page: the button, the reason beside what was typed, the small pages, the comparison."""
import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.flow.queries import open_todos
from apps.org.models import Assignment
from apps.pages.flow_pages import FlowPages
from apps.pages.forms import MoveForm
from apps.pages.views import RecordPages
from apps.risks import services
from apps.risks.models import Objection, RiskPoint
from apps.risks.views import RiskPages
from tests.kit.people import again, grant
from tests.kit.risks import FILED, draft, point_in


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def state(record):
    return RiskPoint._base_manager.get(pk=record.pk).state


def version(record):
    return RiskPoint._base_manager.get(pk=record.pk).version


def do(browser, record, name, **data):
    return browser.post(f"/risks/{record.pk}/do/{name}/", data)


def test_a_button_makes_its_move_and_says_so(world, as_):
    record = point_in("department", world)
    browser = as_(world.head)
    page = browser.get(f"/risks/{record.pk}/")
    assert [m.name for m in page.context["moves"]] == ["agree", "give_back"]
    response = do(browser, record, "agree", version=record.version, opinion="情况属实", token="t")
    assert response.headers["Location"] == f"/risks/{record.pk}/"
    assert said(response) == ["已同意，办理记录已保存。"]
    assert state(record) == "leader"


def test_ten_presses_make_one_move(world, as_):
    record = point_in("department", world)
    browser = as_(world.head)
    for _ in range(3):
        assert do(browser, record, "agree", version=record.version, token="t").status_code == 302
    assert version(record) == record.version + 1


def test_the_token_of_one_button_does_not_stand_for_another(world, as_):
    record = point_in("department", world)
    browser = as_(world.head)
    do(browser, record, "agree", version=record.version, token="t")
    page = do(browser, record, "give_back", version=record.version, token="t", opinion="措施过于笼统")
    assert page.status_code == 409
    assert "已由赵静同意" in page.context["refused"]


def test_a_refusal_stands_above_and_the_opinion_stays(world, as_):
    record = point_in("department", world)
    page = do(as_(world.head), record, "give_back", version=record.version, opinion="不行")
    assert page.status_code == 409
    assert page.context["refused"] == "填写退回填报人的理由，不少于5字，现有2字。"
    assert page.context["move_form"]["opinion"].value() == "不行"
    assert "填写退回填报人的理由" in page.content.decode()
    assert state(record) == "department"


def test_who_acts_on_an_old_page_hears_who_was_first_and_gets_the_new_version(world, as_):
    record = point_in("leader", world)
    page = do(as_(world.leader), record, "agree", version=record.version - 1, opinion="措施可行")
    assert page.status_code == 409
    assert "已由赵静同意" in page.context["refused"]
    assert page.context["move_form"]["version"].value() == str(version(record))
    assert page.context["move_form"]["opinion"].value() == "措施可行"


def test_what_the_form_refuses_is_said_above_too(world, as_):
    record = point_in("department", world)
    page = do(as_(world.head), record, "agree", version="x", opinion="长" * 2001)
    assert page.status_code == 409
    assert "2000" in page.context["refused"]
    assert "；" in page.context["refused"]


def test_a_move_without_the_right_is_refused_in_sight_and_not_found_outside(world, as_):
    record = point_in("department", world)
    assert do(as_(world.leader), record, "agree", version=record.version).status_code == 409
    assert do(as_(world.stranger), record, "agree", version=record.version).status_code == 404
    assert do(as_(world.head), record, "explode").status_code == 404
    assert as_(world.head).get(f"/risks/{record.pk}/do/agree/").status_code == 404
    assert state(record) == "department"


def test_a_page_that_asked_where_to_go_on_goes_there_and_to_no_other_host(world, as_):
    first, second = point_in("department", world), point_in("department", world)
    browser = as_(world.head)
    assert do(browser, first, "agree", next="/run/?at=3").headers["Location"] == "/run/?at=3"
    assert do(browser, second, "agree", next="https://elsewhere.example/").headers["Location"] == f"/risks/{second.pk}/"


def test_whoever_loses_sight_of_the_record_by_his_move_goes_home(world, as_):
    record = point_in("publicity", world)
    Assignment.objects.filter(user=world.inspector).delete()  # 公示 is open to every member of the unit, 作废 is not
    grant(world.inspector, "R20", world.company)
    grant(world.inspector, "R14", world.third)
    stand_in = grant(world.worker, "R14", world.company, department=world.office)
    assert stand_in.department == world.office
    response = do(as_(world.worker), record, "void", version=version(record), opinion="重复登记，作废")
    assert response.headers["Location"] == "/"
    assert state(record) == "void"


def test_whoever_lost_sight_of_the_record_before_his_move_hears_why_at_home(world, as_):
    record = point_in("publicity", world)
    browser = as_(world.worker)
    page = browser.get(f"/risks/{record.pk}/do/object_to/")
    assert page.status_code == 200
    services.void(record, by=again(world.inspector), at=FILED, opinion="重复登记，作废")
    assert do(browser, record, "object_to", content="实际流程与所述不一致").status_code == 404


def test_opening_the_page_counts_as_opened(world, as_):
    record = point_in("department", world)
    as_(world.leader).get(f"/risks/{record.pk}/")
    assert open_todos(record).get().seen_at is None
    as_(world.head).get(f"/risks/{record.pk}/")
    assert open_todos(record).get().seen_at is not None
    page = do(as_(world.author), record, "withdraw", version=record.version)
    assert "已打开，不能撤回" in page.context["refused"]


def test_the_page_shows_where_the_record_stands_and_whom_it_waits_for(world, as_):
    record = point_in("leader", world)
    page = as_(world.author).get(f"/risks/{record.pk}/")
    assert [s["kind"] for s in page.context["strip"]] == ["ok", "ok", "cur", "", "", "", ""]
    assert [w["who"] for w in page.context["waiting"]] == ["王立成"]
    assert [s.label for s in page.context["steps"]] == ["同意", "提交"]
    assert page.context["returned"] is None
    services.give_back(record, by=again(world.leader), at=FILED, opinion="措施过于笼统")
    back = as_(world.author).get(f"/risks/{record.pk}/")
    assert back.context["returned"].by == world.leader
    assert "措施过于笼统" in back.content.decode()


def test_a_state_beside_the_line_is_at_no_point_of_it(world, as_):
    record = point_in("void", world)
    page = as_(world.author).get(f"/risks/{record.pk}/")
    assert {s["kind"] for s in page.context["strip"]} <= {""}


# -- small pages -----------------------------------------------------------------------------------------------------


def test_a_move_that_asks_for_more_has_its_own_page(world, as_):
    record = point_in("publicity", world)
    browser = as_(world.worker)
    detail = browser.get(f"/risks/{record.pk}/")
    assert [a["url"] for a in detail.context["actions"]] == [f"/risks/{record.pk}/do/object_to/"]
    page = browser.get(f"/risks/{record.pk}/do/object_to/")
    assert (page.context["form"].initial["version"], page.context["has_errors"]) == (version(record), False)
    short = do(browser, record, "object_to", version=page.context["form"].initial["version"])
    assert (short.status_code, short.context["form"].errors["content"]) == (422, ["填写异议内容。"])
    refused = do(browser, record, "object_to", content="短", is_anonymous="on")
    assert refused.status_code == 409
    assert "不少于" in str(refused.context["form"].errors["content"])
    assert refused.context["form"]["is_anonymous"].value()
    stale = do(browser, record, "object_to", content="实际流程与所述不一致", version=1)
    assert stale.status_code == 409
    assert "刷新" in str(stale.context["form"].non_field_errors())
    assert do(browser, record, "object_to", content="实际流程与所述不一致").status_code == 302
    assert Objection.objects.get().by == world.worker


def test_the_small_page_is_there_only_for_whom_the_move_is_open(world, as_):
    record = point_in("in_force", world)
    assert as_(world.head).get(f"/risks/{record.pk}/do/strike/").status_code == 404
    assert as_(world.discipline).get(f"/risks/{record.pk}/do/strike/").status_code == 200


# -- comparison ------------------------------------------------------------------------------------------------------


@pytest.fixture
def twice(world):
    record = point_in("department", world)
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统")
    services.update_point(record, fields={"power": "签证审核（修订）"}, by=again(world.author), at=FILED)
    services.submit(record, by=again(world.author), at=FILED)
    services.give_back(record, by=again(world.head), at=FILED, opinion="措施过于笼统")
    services.update_point(record, fields={"name": "另一名称"}, by=again(world.author), at=FILED)
    services.submit(record, by=again(world.author), at=FILED)
    return record


@pytest.mark.parametrize(
    ("query", "old", "new", "changed"),
    [("", 2, 3, ["name"]), ("?from=1&to=2", 1, 2, ["power"]), ("?from=1", 1, 3, ["power", "name"]), ("?to=2", 1, 2, ["power"]),
     ("?to=1", 1, 1, []), ("?from=x&to=²", 2, 3, ["name"]), ("?from=9", 2, 3, ["name"])],
)  # fmt: skip
def test_two_versions_stand_side_by_side(world, as_, twice, query, old, new, changed):
    page = as_(world.author).get(f"/risks/{twice.pk}/diff/{query}")
    assert (page.context["old"].number, page.context["new"].number) == (old, new)
    assert sorted(r["field"] for r in page.context["rows"]) == sorted(changed)


def test_what_was_never_handed_in_has_nothing_to_compare(world, as_):
    record = draft(world)
    assert as_(world.author).get(f"/risks/{record.pk}/diff/").status_code == 404
    assert as_(world.stranger).get(f"/risks/{record.pk}/diff/").status_code == 404


def test_a_detail_costs_the_same_however_long_its_history(world, as_, twice):
    once = point_in("department", world)
    browser, counts = as_(world.head), []
    for record in (once, twice):
        browser.get(f"/risks/{record.pk}/")
        with CaptureQueriesContext(connection) as seen:
            browser.get(f"/risks/{record.pk}/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_move_refused_after_the_record_left_ones_sight_says_why_at_home(world, rf):
    record = point_in("department", world)
    request = rf.post(f"/risks/{record.pk}/do/agree/", {})
    request.user, request.session = again(world.stranger), {}
    request._messages = FallbackStorage(request)
    pages = RiskPages(page="move")
    pages.setup(request, pk=record.pk, name="agree")
    pages.object = record
    response = pages.stay(MoveForm({}), "没有同意的权限。", at_opinion="")
    assert response.headers["Location"] == "/"
    assert [str(m) for m in request._messages] == ["没有同意的权限。"]


def test_by_default_a_register_adds_nothing_of_its_own(world, rf):
    request = rf.get("/risks/")
    request.user = again(world.clerk)
    pages = FlowPages(page="list")
    pages.setup(request)
    pages.model, pages.object = RiskPoint, draft(world)
    assert (pages.list_context([]), RecordPages.detail_context(pages), pages.get_formsets(), pages.for_list([1])) == ({}, {}, {}, [1])
    assert RecordPages.may_edit(pages, pages.object)
    assert type(pages.panel_form()) is MoveForm


def test_the_strip_shows_who_passed_what_and_leaves_out_what_was_passed_over(world, as_):
    record = point_in("publicity", world, likelihood=2, severity=3, level="mid", secretary=None)
    strip = as_(world.head).get(f"/risks/{record.pk}/").context["strip"]
    assert [(one["label"], one["kind"]) for one in strip] == [
        ("草稿", "ok"), ("部门审核", "ok"), ("分管领导审定", "ok"), ("纪检复核", "ok"), ("公示", "cur"), ("生效", ""),
    ]  # fmt: skip
    assert strip[1]["note"].endswith(world.head.name)


def test_a_point_below_high_never_shows_the_committee_ahead(world, as_):
    high = point_in("department", world)
    low = point_in("department", world, likelihood=1, severity=1, level="low", level_reason="已双人复核")
    browser = as_(world.head)
    labels = [[one["label"] for one in browser.get(f"/risks/{pk}/").context["strip"]] for pk in (high.pk, low.pk)]
    assert ["党委会审定" in names for names in labels] == [True, False]


def test_versions_are_told_apart_by_content_and_only_when_there_are_two(world, as_):
    record = point_in("department", world)
    browser = as_(world.head)
    assert {step.content_version for step in browser.get(f"/risks/{record.pk}/").context["steps"]} == {0}
    do(browser, record, "give_back", version=record.version, opinion="措施过于笼统", fields=["name", "measures"])
    author = as_(world.author)
    page = author.get(f"/risks/{record.pk}/")
    assert page.context["status"]["text"] == "退回修改"
    assert [label for _, label in page.context["asked_fields"]] == ["风险点名称", "防控措施"]
    assert 'href="#measures"' in author.get(f"/risks/{record.pk}/edit/").content.decode()
    assert "退回修改" in author.get("/risks/").content.decode()
    services.submit(RiskPoint._base_manager.get(pk=record.pk), by=again(world.author), at=timezone.now())
    page = author.get(f"/risks/{record.pk}/")
    assert [(step.move, step.content_version) for step in page.context["steps"]] == [("submit", 2), ("give_back", 1), ("submit", 1)]
    assert f'href="/risks/{record.pk}/diff/?to=2"' in page.content.decode()
    assert "退回修改" not in page.content.decode().partition("审批意见")[0]


def test_one_version_is_no_comparison(world, as_):
    record = point_in("department", world)
    assert "只有一个版本" in as_(world.author).get(f"/risks/{record.pk}/diff/").content.decode()


def test_what_waits_shows_how_long_it_has(world, as_):
    record = point_in("department", world)
    assert as_(world.author).get(f"/risks/{record.pk}/").context["lamp"].kind in {"g", "y", "r"}
