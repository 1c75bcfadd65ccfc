"""Many points at once: gaps filled through the page's own form, drafts handed in, each with what came of it."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.errors import Refused
from apps.documents import results
from apps.documents.models import Job
from apps.documents.running import run_jobs
from apps.flow.queries import versions_of
from apps.pages import bulk, bulk_pages
from apps.pages.idempotency import once
from apps.risks.models import RiskPoint
from apps.risks.services import create_draft, delete_draft
from tests.kit.people import again
from tests.kit.risks import FILED, draft, measure, middle, point_in
from tests.kit.sheets import sheets_of


@pytest.fixture
def clerk(world):
    client = Client()
    client.force_login(again(world.clerk))
    return client


def bare(world, name, **more):
    fields = {"unit": world.company, "year": 2026, "name": name, "manifestation": "与施工单位串通虚增工程量、先施工后补签"} | more
    return create_draft(fields, measures=[{"content": "双人验收"}, {"content": "每季度公示"}], by=again(world.clerk), at=FILED)


def filling(world, records, **more):
    person = {name: str(world.person(who).pk) for name, who in (("head", "head"), ("leader", "leader"))}
    wanted = {
        "mode": "gaps", "layer": "department", "department": str(world.works.pk), "power": "签证审核", "topic": "conduct",
        "domain": "works",
        "category": "process", "authority": "manage", "likelihood": "2", "severity": "3", "level": "mid", "ways": ["self", "people"],
        "measure-kind": "during", "measure-department": str(world.works.pk), "measure-person": person["head"],
        "measure-is_standing": "on",
        "confirm": "1", "pk": [r.pk for r in records],
    }  # fmt: skip
    return wanted | person | more


def test_gaps_are_filled_and_what_is_there_stays(world, clerk):
    first, second = bare(world, "一", power="变更审批"), bare(world, "二")
    page = clerk.post("/risks/bulk/fill/", {"pk": [first.pk, second.pk]}, follow=True)
    assert page.status_code == 200
    assert "已选 2 条" in page.content.decode()
    done = clerk.post("/risks/bulk/fill/", filling(world, [first, second]), follow=True).content.decode()
    assert "已填写 2 条" in done
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.power, second.power, first.level, second.ways) == ("变更审批", "签证审核", "mid", ["self", "people"])
    assert [(m.content, m.kind, m.is_standing, m.progress) for m in first.measures.order_by("number")] == [
        ("双人验收", "during", True, "standing"), ("每季度公示", "during", True, "standing"),
    ]  # fmt: skip
    assert "已提交 2 条" in clerk.post("/risks/bulk/submit/", {"pk": [first.pk, second.pk], "confirm": "1"}, follow=True).content.decode()
    assert set(RiskPoint._base_manager.values_list("state", flat=True)) == {"department"}


def test_what_is_there_is_overwritten_only_when_asked(world, clerk):
    record = bare(world, "一", power="变更审批")
    clerk.post("/risks/bulk/fill/", {"mode": "all", "power": "签证审核", "measure-due_on": "2026-12-31", "confirm": "1", "pk": [record.pk]})
    record.refresh_from_db()
    assert (record.power, [str(m.due_on) for m in record.measures.all()]) == ("签证审核", ["2026-12-31"] * 2)


def test_every_point_that_is_left_says_why(world, clerk):
    lacking, moving = bare(world, "缺项"), point_in("department", world, **{k: v for k, v in middle(world).items() if k != "unit"})
    html = clerk.post("/risks/bulk/submit/", {"pk": [lacking.pk, moving.pk], "confirm": "1"}, follow=True).content.decode()
    assert "未处理 2 条" in html
    assert re.search("还缺 \\d+ 项：选择风险层级；.*；.*责任部门", html)
    assert 'formaction="/risks/bulk/fill/"' in html  # go on with these
    assert "当前状态为" in html
    lacking.refresh_from_db()
    assert (lacking.state, lacking.version) == ("draft", 1)
    html = clerk.post("/risks/bulk/fill/", filling(world, [moving]), follow=True).content.decode()
    assert "不能修改" in html


def test_nothing_given_and_nothing_chosen_are_said(world, clerk):
    record = bare(world, "一")
    page = clerk.post("/risks/bulk/fill/", {"pk": [record.pk], "mode": "gaps", "confirm": "1"})
    assert (page.status_code, "至少填写一个栏目" in page.content.decode()) == (422, True)
    assert clerk.post("/risks/bulk/submit/", {}, follow=True).content.decode().count("先勾选要处理的记录")


def test_all_of_a_filter_is_what_the_filter_shows_to_this_person(world, clerk):
    draft(world, name="别人单位", unit=world.other, by="stranger", department=None, post=None, layer="unit", responsible=None, head=None,
          leader=None, secretary=None, measures=[measure(world, department=None, person=None)])  # fmt: skip
    low, high = bare(world, "低的", level="low"), bare(world, "高的", level="high")
    page = clerk.post("/risks/bulk/submit/", {"all": "1", "query": "level=low"}, follow=True).content.decode()
    assert f'value="{low.pk}"' in page
    assert f'value="{high.pk}"' not in page
    everything = clerk.post("/risks/bulk/submit/", {"all": "1", "query": ""}, follow=True).content.decode()
    assert "已选 2 条" in everything


def test_many_are_left_to_a_worker_and_the_file_says_what_came_of_each(world, clerk, monkeypatch, tmp_path):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    fine, lacking = draft(world, by="clerk", name="齐全"), bare(world, "缺项")
    assert clerk.post("/risks/bulk/submit/", {"pk": [fine.pk, lacking.pk], "confirm": "1"}).headers["Location"] == "/jobs/"
    assert run_jobs(clock=timezone.now) == 1
    job = Job.objects.get()
    assert (job.state, job.error) == ("done", "")
    path = tmp_path / "out.xlsx"
    path.write_bytes(results.path_of(job.file_path).read_bytes())
    rows = sheets_of(path)[0]["rows"]
    assert {row[1]: row[2] for row in rows[3:]} == {"齐全": "已提交", "缺项": "未处理"}
    fine.refresh_from_db()
    assert fine.state == "department"


def test_a_worker_tells_how_far_it_is_and_does_as_was_posted(world, clerk, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    records = [bare(world, f"点{n}") for n in range(20)]
    clerk.post("/risks/bulk/fill/", filling(world, records))
    assert run_jobs(clock=timezone.now) == 1
    job = Job.objects.get()
    assert (job.state, job.error, job.done, job.total) == ("done", "", 20, 20)
    assert set(RiskPoint._base_manager.values_list("power", flat=True)) == {"签证审核"}


def test_a_full_queue_refuses_and_the_list_comes_back_with_its_filter(world, clerk, monkeypatch):
    def refuse(*_args, **_more):
        raise Refused("排队的任务太多，稍后再试。")

    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    monkeypatch.setattr(bulk_pages, "request_job", refuse)
    posted = {"pk": [bare(world, "一").pk], "confirm": "1", "query": "state=draft"}
    assert clerk.post("/risks/bulk/submit/", posted).headers["Location"] == "/risks/?state=draft"


def test_who_lost_the_right_meanwhile_does_nothing_by_a_worker(world, clerk, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    record = draft(world, by="clerk")
    clerk.post("/risks/bulk/submit/", {"pk": [record.pk], "confirm": "1"})
    world.clerk.assignments.all().delete()
    run_jobs(clock=timezone.now)
    assert "您已没有此项批量操作的权限" in Job.objects.get().error
    record.refresh_from_db()
    assert record.state == "draft"


def test_filling_says_what_it_cannot_do(world, clerk):
    full = draft(world, by="clerk", name="齐全")
    posted = {"mode": "gaps", "power": "签证审核", "confirm": "1", "pk": [full.pk]}
    said = clerk.post("/risks/bulk/fill/", posted, follow=True).content.decode()
    assert "没有需要填写的空白栏目" in said


def test_nothing_is_chosen_beforehand(world, clerk):
    html = clerk.post("/risks/bulk/fill/", {"pk": [bare(world, "一").pk]}, follow=True).content.decode()
    assert html.count("checked") == 1  # the way of filling


def test_who_registers_no_points_has_no_such_page(world):
    client = Client()
    client.force_login(again(world.discipline))
    assert client.post("/risks/bulk/fill/", {}).status_code == 404


def test_two_thousand_rows_are_asked_about_and_confirmed(world, clerk, monkeypatch):
    record = bare(world, "一")
    monkeypatch.setattr("apps.pages.bulk.AT_ONCE", 0)
    keys = ",".join(str(key) for key in [record.pk, *range(10**6, 10**6 + 1999)])
    assert clerk.post("/risks/bulk/submit/", {"keys": keys, "confirm": "1"}).headers["Location"] == "/jobs/"
    assert Job.objects.get().params["keys"] == [record.pk]


def test_pressed_twice_it_is_done_once_and_both_are_led_to_the_result(world, clerk):
    record = bare(world, "一")
    html = clerk.post("/risks/bulk/submit/", {"pk": [record.pk]}, follow=True).content.decode()
    posted = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("keys", "token", "confirm")}
    first, second = (clerk.post("/risks/bulk/submit/", posted).headers["Location"] for _ in range(2))
    assert first == second
    assert record.name in clerk.get(second).content.decode()


def test_a_second_press_waits_for_the_first_and_says_so_when_that_gives_no_answer(world, clerk, monkeypatch):
    monkeypatch.setattr(bulk_pages, "TRIES", 2)
    monkeypatch.setattr(bulk_pages, "PAUSE", 0)
    record = bare(world, "一")
    once("t1", user=again(world.clerk), at=FILED, place="/risks/bulk/submit/")  # the first is at work
    posted = {"keys": str(record.pk), "token": "t1", "confirm": "1"}
    assert "此次提交正在办理" in clerk.post("/risks/bulk/submit/", posted, follow=True).content.decode()
    assert versions_of(record).count() == 0


@pytest.mark.parametrize("token", ["z" * 65, "é"])
def test_a_token_of_no_page_does_nothing_and_says_what_to_do(world, clerk, token):
    record = bare(world, "一")
    posted = {"keys": str(record.pk), "token": token, "confirm": "1"}
    assert "刷新页面后再提交" in clerk.post("/risks/bulk/submit/", posted, follow=True).content.decode()
    assert versions_of(record).count() == 0


def test_what_was_filled_is_handed_in_next_with_one_press(world, clerk):
    record = bare(world, "一")
    done = clerk.post("/risks/bulk/fill/", filling(world, [record]), follow=True).content.decode()
    assert "批量提交这 1 条" in done
    assert f'name="keys" value="{record.pk}"' in done
    assert "批量提交" in clerk.post("/risks/bulk/submit/", {"keys": str(record.pk)}, follow=True).content.decode()


def test_a_question_whose_rows_are_gone_leads_back_to_the_list(world, clerk):
    record = bare(world, "一")
    asked = clerk.post("/risks/bulk/fill/", {"pk": [record.pk]}).headers["Location"]
    delete_draft(record, by=again(world.clerk), at=timezone.now())
    assert "所选记录已删除或已无权查看" in clerk.get(asked, follow=True).content.decode()


def test_question_and_result_are_pages_to_which_one_goes_back_and_each_keeps_its_own_rows(world, clerk):
    lacking, other = bare(world, "缺"), bare(world, "另")
    asked = clerk.post("/risks/bulk/submit/", {"pk": [lacking.pk], "query": "level=low"}).headers["Location"]
    clerk.post("/risks/bulk/submit/", {"pk": [other.pk]})  # in another tab
    for _ in range(2):
        html = clerk.get(asked).content.decode()
        assert (f'value="{lacking.pk}"' in html, f'value="{other.pk}"' in html) == (True, False)
    done = clerk.post("/risks/bulk/submit/", {"pk": [lacking.pk], "confirm": "1", "query": "level=low"}).headers["Location"]
    assert done.startswith("/risks/bulk/submit/result/?of=")
    for _ in range(2):
        html = clerk.get(done).content.decode()
        assert lacking.name in html
        assert 'href="/risks/?level=low"' in html
    for lost in ("/risks/bulk/submit/", "/risks/bulk/submit/result/", done.replace("submit", "fill"), f"{asked}x"):
        assert clerk.get(lost).headers["Location"] == "/risks/"
