"""报表中心 (ux.md 14): one's own jobs, their progress, their files."""
import datetime
import re
import uuid

import pytest

from apps.documents.models import Job
from apps.documents.services import request_job, run_jobs
from apps.notices.services import mark_read, notify
from tests.kit.audit import events, flushed
from tests.notices.conftest import AT, Clock


@pytest.fixture(autouse=True)
def plain_static(settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def zhou(person):
    return person()


@pytest.fixture
def job(zhou, kind):
    kind(lambda job, progress: ("台账.pdf", "application/pdf", b"%PDF"))
    return request_job("test-kind", by=zhou, at=AT, title="甲集团台账", params={})


def test_an_empty_centre_says_what_comes_here(client, zhou):
    client.force_login(zhou)
    assert "还没有任务" in client.get("/jobs/").content.decode()


def test_an_open_job_asks_again_without_prolonging_the_session(client, zhou, job):
    client.force_login(zhou)
    page = client.get("/jobs/").content.decode()
    assert "甲集团台账" in page
    assert 'hx-trigger="every 2s"' in page
    assert '"X-Background": "1"' in page


def test_a_running_job_shows_how_far_it_is(client, zhou, job):
    Job.objects.update(state="running", done=1000, total=5000)
    client.force_login(zhou)
    row = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "1000/5000" in row
    assert row.startswith("<tr")
    assert "every 2s" in row


def test_a_finished_job_asks_no_more_and_offers_its_file(client, zhou, job):
    run_jobs(clock=Clock())
    client.force_login(zhou)
    row = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "every 2s" not in row
    assert f"/jobs/{job.pk}/download/" in row


def test_a_failed_job_says_why_and_can_be_started_again(client, zhou, job):
    Job.objects.update(state="failed", error="没有字体能打印字符“😀”")
    client.force_login(zhou)
    row = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "没有字体能打印字符" in row
    assert f"/jobs/{job.pk}/retry/" in row
    client.post(f"/jobs/{job.pk}/retry/")
    assert Job.objects.get().state == "waiting"


def test_a_job_is_cancelled_by_its_button(client, zhou, job):
    client.force_login(zhou)
    assert "已取消“甲集团台账”" in client.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "不能取消" in client.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert Job.objects.get().state == "cancelled"


def test_the_file_comes_inert_and_is_written_down(client, zhou, job):
    run_jobs(clock=Clock())
    client.force_login(zhou)
    answer = client.get(f"/jobs/{job.pk}/download/")
    assert b"".join(answer.streaming_content) == b"%PDF"
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"].startswith("attachment")
    flushed()
    assert len(events(event_type="job.downloaded")) == 1


def test_a_file_past_its_week_is_not_found(client, zhou, job):
    client.force_login(zhou)
    assert client.get(f"/jobs/{job.pk}/download/").status_code == 404


@pytest.mark.parametrize(("method", "page"), [("get", ""), ("get", "download/"), ("post", "cancel/"), ("post", "retry/")])
def test_another_persons_job_does_not_exist(client, person, job, method, page):
    run_jobs(clock=Clock())
    client.force_login(person("wang"))
    ask = getattr(client, method)
    assert ask(f"/jobs/{job.pk}/{page}").status_code == ask(f"/jobs/{uuid.uuid4()}/{page}").status_code == 404
    assert "甲集团台账" not in client.get("/jobs/").content.decode()


@pytest.mark.parametrize("page", ["", "download/"])
def test_without_a_login_there_is_nothing(client, job, page):
    assert client.get(f"/jobs/{job.pk}/{page}").status_code == 302


def test_changing_a_job_needs_a_post(client, zhou, job):
    client.force_login(zhou)
    assert client.get(f"/jobs/{job.pk}/cancel/").status_code == 405


def asked_queries(client, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


@pytest.mark.parametrize("address", ["/jobs/", "/notices/"])
def test_a_longer_list_asks_no_more(client, zhou, kind, address):
    client.force_login(zhou)
    kind(lambda job, progress: None)
    counts = []
    for more in (1, 2):
        for n in range(more):
            request_job("test-kind", by=zhou, at=AT, title=f"账{more}{n}", params={})
            notify([zhou], kind="test", key=f"{more}{n}", title="题", body="", url="", at=AT)
        counts.append(asked_queries(client, address))
    assert counts[0] == counts[1] <= 12


def test_a_second_page_of_jobs_is_reached(client, zhou, kind):
    client.force_login(zhou)
    facts = {"kind": "x", "requested_by": zhou, "requested_at": AT, "not_before": AT, "state": "done"}
    Job.objects.bulk_create(Job(title=f"账{n}", **facts) for n in range(25))
    assert "?page=2" in client.get("/jobs/").content.decode()
    assert "第 21～25 项" in client.get("/jobs/?page=2").content.decode()


def test_notices_are_listed_opened_and_marked(client, zhou, person):
    client.force_login(zhou)
    assert "还没有通知" in client.get("/notices/").content.decode()
    notify([zhou], kind="test", key="a", title="甲待审核", body="细节", url="/jobs/", at=AT)
    notify([zhou], kind="test", key="b", title="乙已公示", body="没有链接的正文", url="", at=AT)
    notify([person("wang")], kind="test", key="c", title="丙的通知", body="", url="", at=AT)
    page = client.get("/notices/").content.decode()
    assert "2 条未读" in page
    assert "丙的通知" not in page
    by_key = {notice.key: notice for notice in zhou.notices.all()}
    assert client.get(f"/notices/{by_key['a'].pk}/")["Location"] == "/jobs/"
    assert "没有链接的正文" in client.get(f"/notices/{by_key['b'].pk}/").content.decode()
    assert "没有未读通知" in client.get("/notices/").content.decode()
    assert "没有未读通知" in client.post("/notices/read-all/", follow=True).content.decode()


def test_a_long_list_of_notices_goes_on_by_key_and_back(client, zhou):
    client.force_login(zhou)
    for n in range(45):
        notify([zhou], kind="test", key=f"{n}", title=f"题{n:02}", body="", url="", at=AT + datetime.timedelta(minutes=n // 4))
    early = AT - datetime.timedelta(days=1)  # entered later than the others, and older
    notify([zhou], kind="test", key="early", title="题99", body="", url="", at=early)
    titles = lambda page: re.findall(r"题\d\d", page.content.decode())  # noqa: E731
    link = lambda page, word: re.search(rf'href="([^"]+)">{word}</a>', page.content.decode())[1].replace("&amp;", "&")  # noqa: E731
    first = client.get("/notices/")
    second = client.get("/notices/" + link(first, "更早"))
    third = client.get("/notices/" + link(second, "更早"))
    assert titles(first) + titles(second) + titles(third) == [*(f"题{n:02}" for n in range(44, -1, -1)), "题99"]
    assert "更早</a>" not in third.content.decode()
    assert titles(client.get("/notices/" + link(third, "更新"))) == titles(second)
    assert titles(client.get("/notices/" + link(second, "更新"))) == titles(first)
    for odd in ("x", "-1", "9" * 30, "9" * 17 + "-" + "9" * 19, "²", "0", "²-1", "1-"):
        assert titles(client.get(f"/notices/?older={odd}")) == titles(first)
    assert titles(client.get("/notices/?older=1-1")) == titles(first)  # nothing is older: from the top again
    mark_read(zhou.notices.get(key="44"), by=zhou, at=AT)
    unread = client.get("/notices/?tab=unread")
    assert titles(unread)[0] == "题43"
    assert titles(client.get("/notices/" + link(unread, "更早")))[0] == "题23"


def test_all_are_marked_read_at_once(client, zhou):
    client.force_login(zhou)
    notify([zhou], kind="test", key="a", title="甲", body="", url="", at=AT)
    assert "已将 1 条通知标为已读" in client.post("/notices/read-all/", follow=True).content.decode()


def test_another_persons_notice_does_not_exist(client, zhou, person):
    notify([zhou], kind="test", key="a", title="甲", body="", url="", at=AT)
    client.force_login(person("wang"))
    assert client.get(f"/notices/{zhou.notices.get().pk}/").status_code == 404
    assert zhou.notices.get().read_at is None
    mark_read(zhou.notices.get(), by=zhou, at=AT)
