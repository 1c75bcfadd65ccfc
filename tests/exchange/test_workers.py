"""Sheets with many rows: a worker checks and imports them while the page says how far it is; exports of many rows likewise."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.core.errors import Refused
from apps.documents import results, services
from apps.documents.models import Job
from apps.documents.running import run_jobs
from apps.exchange.models import Batch
from apps.pages import export_pages, exports, import_jobs
from apps.risks.models import RiskPoint
from apps.risks.services import update_point
from tests.exchange.test_pages import FINE, HEAD, columns_of
from tests.kit.people import again
from tests.kit.risks import draft
from tests.kit.sheets import sheets_of, write_book


@pytest.fixture
def clerk(world, settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    client = Client()
    client.force_login(again(world.clerk))
    return client


@pytest.fixture
def arranged(clerk, tmp_path, monkeypatch):
    """A batch of three rows, already too many for a request."""
    monkeypatch.setattr(import_jobs, "AT_ONCE", 1)
    rows = [[str(n), *FINE[1:3], f"{FINE[3]}{n}", *FINE[4:]] for n in range(3)]
    path = write_book(tmp_path / "a.xlsx", {"台账": [HEAD, *rows]})
    address = clerk.post("/risks/import/", {"file": SimpleUploadedFile("a.xlsx", path.read_bytes())}).headers["Location"]
    assert clerk.post(address, columns_of(clerk.get(address)) | {"sure-level": "1"}).headers["Location"] == f"{address}rows/"
    return address


def busy(monkeypatch):
    def refuse(*_args, **_more):
        raise Refused("排队的任务太多，稍后再试。")

    for module in (import_jobs, export_pages):
        monkeypatch.setattr(module, "request_job", refuse)


def test_a_worker_checks_and_imports_while_the_page_says_how_far_it_is(clerk, arranged):
    working = clerk.get(f"{arranged}rows/").content.decode()
    assert "hx-get" in working
    assert f'href="{arranged}rows/"' in clerk.get("/jobs/").content.decode()
    assert clerk.get(f"{arranged}progress/").status_code == 200
    assert run_jobs(clock=timezone.now) == 1
    assert clerk.get(f"{arranged}progress/").headers["HX-Refresh"] == "true"
    assert "新增 3 条" in clerk.get(f"{arranged}rows/").content.decode()
    clerk.post(f"{arranged}commit/")
    assert not RiskPoint._base_manager.exists()
    assert run_jobs(clock=timezone.now) == 1
    assert RiskPoint._base_manager.count() == 3
    assert [job.state for job in Job.objects.all()] == ["done", "done"]
    assert Job.objects.first().params["url"] == f"{arranged}rows/"


def imported(clerk, arranged):
    """The batch of three rows, checked and imported by workers."""
    run_jobs(clock=timezone.now)
    clerk.post(f"{arranged}commit/")
    run_jobs(clock=timezone.now)


def test_a_large_import_is_undone_by_a_worker_too(clerk, arranged):
    imported(clerk, arranged)
    assert clerk.post(f"{arranged}undo/").headers["Location"] == f"{arranged}rows/"
    assert RiskPoint._base_manager.count() == 3
    assert "撤销导入" in clerk.get(f"{arranged}rows/").content.decode()
    assert "正在后台处理" in clerk.post(f"{arranged}undo/", follow=True).content.decode()
    assert run_jobs(clock=timezone.now) == 1
    assert not RiskPoint._base_manager.exists()
    assert Batch.objects.get().state == "undone"
    assert clerk.get(f"{arranged}progress/").headers["HX-Refresh"] == "true"


def test_why_a_worker_could_not_undo_is_said_on_the_page(clerk, arranged, world):
    imported(clerk, arranged)
    point = RiskPoint._base_manager.first()
    update_point(point, fields={"power": "签证"}, by=again(world.clerk), at=timezone.now())
    clerk.post(f"{arranged}undo/")
    run_jobs(clock=timezone.now)
    told = clerk.get(f"{arranged}rows/").content.decode()
    assert "未完成：导入后有记录已被修改或办理，不能整批撤销" in told
    assert point.number in told
    assert RiskPoint._base_manager.count() == 3


def test_nothing_is_changed_while_a_worker_has_the_batch(clerk, arranged):
    listed = clerk.get("/risks/import/").content.decode()
    assert "正在处理" in listed
    assert f'{arranged}discard/' not in listed
    for place in ("commit/", "discard/", "rows/2/", "rows/", ""):
        assert "正在后台处理，完成后再修改" in clerk.post(f"{arranged}{place}", {"drop": "1"}, follow=True).content.decode()
    assert clerk.get(f"{arranged}?again=1").headers["Location"] == f"{arranged}rows/"
    run_jobs(clock=timezone.now)
    assert Batch.objects.get().state == "open"
    assert clerk.get(f"{arranged}?again=1").status_code == 200


def test_a_worker_that_comes_twice_imports_once_and_undoes_once(clerk, arranged, world):
    run_jobs(clock=timezone.now)
    clerk.post(f"{arranged}commit/")
    run_jobs(clock=timezone.now)
    params = Job.objects.order_by("pk").last().params
    for kind in (import_jobs.CHECK, import_jobs.COMMIT, import_jobs.UNDO, import_jobs.UNDO):
        services.request_job(kind, by=again(world.clerk), at=timezone.now(), title="再来", params=params)
        run_jobs(clock=timezone.now)
        assert RiskPoint._base_manager.count() == (0 if kind == import_jobs.UNDO else 3)
    assert {job.state for job in Job.objects.all()} == {"done"}


def test_a_late_import_does_not_take_in_what_was_undone_and_taken_up_again(clerk, arranged, world):
    run_jobs(clock=timezone.now)
    clerk.post(f"{arranged}commit/")
    run_jobs(clock=timezone.now)
    late = Job.objects.get(kind=import_jobs.COMMIT).params
    for act in ("undo/", "again/"):
        clerk.post(f"{arranged}{act}")
        run_jobs(clock=timezone.now)
    services.request_job(import_jobs.COMMIT, by=again(world.clerk), at=timezone.now(), title="迟到", params=late)
    run_jobs(clock=timezone.now)
    assert not RiskPoint._base_manager.exists()
    assert "行被修改" in Job.objects.get(title="迟到").error
    assert Batch.objects.get().state == "open"


def test_the_work_on_a_file_that_was_thrown_away_ends_with_the_reason(clerk, arranged):
    Batch.objects.all().delete()
    run_jobs(clock=timezone.now)
    assert "已删除或已过期" in Job.objects.get().error


def test_what_the_worker_could_not_import_is_said_on_the_page(clerk, arranged, world):
    run_jobs(clock=timezone.now)
    clerk.post(f"{arranged}commit/")
    batch = Batch.objects.get()
    batch.mapping = {}
    batch.save()
    run_jobs(clock=timezone.now)
    assert "未完成：先对应各列，再导入。" in clerk.get(f"{arranged}rows/").content.decode()


def test_when_the_queue_is_full_nothing_of_the_arrangement_is_lost(clerk, arranged, monkeypatch):
    run_jobs(clock=timezone.now)
    busy(monkeypatch)
    posted = columns_of(clerk.get(f"{arranged}?again=1")) | {"sure-level": "1", "same-topic": "conduct"}
    answer = clerk.post(arranged, posted)
    assert (answer.status_code, "排队的任务太多" in answer.content.decode()) == (422, True)
    assert columns_of(answer)["same-topic"] == "conduct"
    assert Batch.objects.get().same == {}
    assert "排队的任务太多" in clerk.post(f"{arranged}commit/", follow=True).content.decode()


def test_many_rows_are_written_by_a_worker(world, clerk, monkeypatch, tmp_path):
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    draft(world, by="clerk", name="一")
    draft(world, by="clerk", name="二")
    assert clerk.post("/risks/export/", {"kind": "csv"}).headers["Location"] == "/jobs/"
    assert run_jobs(clock=timezone.now) == 1
    job = Job.objects.get()
    assert (job.state, job.title) == ("done", "导出廉政风险点（CSV）")
    path = tmp_path / "out.csv"
    path.write_bytes(results.path_of(job.file_path).read_bytes())
    assert len(sheets_of(path)[0]["rows"]) == 4


def test_a_worker_tells_how_far_the_sheet_is(world, tmp_path, monkeypatch):
    for n in range(3):
        draft(world, by="clerk", name=f"点{n}")
    told = []
    selection = exports.select(exports.Asked("risks", kind="csv"), by=again(world.clerk))
    lines = list(exports._told(iter(range(1000)), 1000, lambda done, total: told.append((done, total))))
    exports.write(tmp_path / "a.csv", selection, by=again(world.clerk), at=timezone.now())
    assert (len(lines), told) == (1000, [(500, 1000), (1000, 1000)])


def test_a_full_queue_refuses_an_export_and_the_filter_stays(world, clerk, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    draft(world, by="clerk", name="一")
    draft(world, by="clerk", name="二")
    busy(monkeypatch)
    assert clerk.post("/risks/export/", {"query": "level=high"}).headers["Location"] == "/risks/?level=high"


def test_who_keeps_no_register_gets_no_sheet(world):
    reader = Client()
    reader.force_login(again(world.worker))
    assert reader.post("/risks/export/", {}).status_code == 404


def test_who_lost_the_right_meanwhile_gets_no_sheet(world, clerk, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    draft(world, by="clerk", name="一")
    clerk.post("/risks/export/", {})
    world.clerk.assignments.all().delete()
    run_jobs(clock=timezone.now)
    assert "您已没有导出廉政风险点的权限" in Job.objects.get().error
