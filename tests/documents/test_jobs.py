"""Jobs: taken up once, under a lease, three tries, one's own only (security.md 4.3 point 6, AV-16)."""
import threading
import time

import pytest
from django.db import connection, transaction

from apps.audit.models import Event
from apps.core.errors import Refused
from apps.documents import jobs, results, rules, running
from apps.documents.models import Job
from apps.documents.queries import jobs_of, place_in_line
from apps.documents.services import cancel_job, hand_out, request_job, retry_job, run_jobs, sweep_results
from apps.notices.models import Notice
from tests.notices.conftest import AT, Clock


def paper(job, progress):
    progress(1, 2)
    progress(2, 2)
    return "台账.pdf", "application/pdf", b"%PDF-1.7"


@pytest.fixture
def asked(person, kind):
    """A job of 周敏, run by the given function."""

    def ask(run=paper, **facts):
        if "test-kind" not in jobs._kinds:
            kind(run)
        by = facts.pop("by", None) or person()
        return request_job("test-kind", by=by, at=AT, title="廉政风险点台账", params={"year": 2026}, **facts)

    return ask


def fresh(job):
    return Job.objects.select_related("requested_by").get(pk=job.pk)


@pytest.mark.django_db
def test_a_job_is_made_once_and_kept_with_its_fingerprint(asked, clock):
    job = asked()
    assert run_jobs(clock=clock) == 1
    assert run_jobs(clock=clock) == 0
    done = fresh(job)
    assert (done.state, done.done, done.total, done.attempts, done.error) == ("done", 2, 2, 1, "")
    assert (done.file_name, done.file_type, done.file_size) == ("台账.pdf", "application/pdf", 8)
    assert results.path_of(done.file_path).read_bytes() == b"%PDF-1.7"
    assert done.expires_at == AT + rules.KEEP


@pytest.mark.django_db
def test_a_function_may_hand_over_a_file(asked, clock, tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"PK")
    job = asked(lambda job, progress: ("表.xlsx", "application/zip", made))
    run_jobs(clock=clock)
    assert results.path_of(fresh(job).file_path).read_bytes() == b"PK"
    assert not made.exists()


@pytest.mark.django_db(transaction=True)
def test_the_life_of_a_job_is_in_the_audit(asked, clock):
    job = asked()
    run_jobs(clock=clock)
    hand_out(fresh(job), by=job.requested_by, at=clock())
    events = Event.objects.filter(object_id=str(job.pk)).order_by("seq").values_list("event_type", flat=True)
    assert list(events) == ["job.requested", "job.done", "job.downloaded"]


@pytest.mark.django_db
def test_an_unknown_kind_is_a_programming_error(person):
    with pytest.raises(KeyError):
        request_job("no-such-kind", by=person(), at=AT, title="", params={})


@pytest.mark.django_db
def test_a_kind_has_one_function(kind):
    kind(paper)
    with pytest.raises(ValueError, match="test-kind"):
        jobs.job_kind("test-kind", label="又一")(paper)


@pytest.mark.django_db
def test_one_person_cannot_fill_the_line(asked, person):
    zhou = person()
    for _ in range(rules.OPEN_PER_PERSON):
        asked(by=zhou)
    with pytest.raises(Refused, match="10 项任务尚未完成"):
        asked(by=zhou)
    asked(by=person("wang"))


@pytest.mark.django_db
def test_jobs_run_in_the_order_in_which_they_were_asked_for(asked, person, clock):
    zhou, order = person(), []
    first = asked(lambda job, progress: (order.append(job.pk), paper(job, progress))[1], by=zhou)
    second = asked(by=zhou)
    Job.objects.filter(pk=second.pk).update(requested_at=AT.replace(hour=2))
    assert [place_in_line(fresh(job)) for job in (first, second)] == [0, 1]
    assert run_jobs(clock=lambda: AT.replace(hour=3), limit=5) == 2
    assert order == [first.pk, second.pk]


@pytest.mark.django_db
def test_a_given_job_runs_before_its_turn(asked, person, clock):
    zhou = person()
    first, second = asked(by=zhou), asked(by=zhou)
    assert run_jobs(clock=clock, only=second.pk, limit=5) == 1
    assert (fresh(first).state, fresh(second).state) == ("waiting", "done")


@pytest.mark.django_db
def test_a_reason_for_the_requester_ends_the_job_at_once(asked, clock):
    def too_many(job, progress):
        raise Refused("台账共 30000 条，缩小筛选范围后再导出。")

    job = asked(too_many)
    run_jobs(clock=clock)
    assert (fresh(job).state, fresh(job).error) == ("failed", "台账共 30000 条，缩小筛选范围后再导出。")


@pytest.mark.django_db
def test_a_right_lost_meanwhile_denies_the_job(asked, clock):
    def no_longer(job, progress):
        raise jobs.Denied("您已没有导出该台账的权限。")

    job = asked(no_longer)
    run_jobs(clock=clock)
    assert (fresh(job).state, fresh(job).error, fresh(job).can_retry) == ("denied", "您已没有导出该台账的权限。", False)


@pytest.mark.django_db
def test_an_account_closed_meanwhile_gets_nothing(asked, clock):
    ran = []
    job = asked(lambda job, progress: ran.append(1))
    job.requested_by.is_active = False
    job.requested_by.save()
    run_jobs(clock=clock)
    assert (fresh(job).state, ran) == ("denied", [])


@pytest.mark.django_db
def test_a_fault_is_tried_three_times_and_then_given_up(asked, clock):
    tries = []

    def broken(job, progress):
        tries.append(clock())
        raise RuntimeError

    job = asked(broken)
    for _ in range(10):
        run_jobs(clock=clock)
        clock.pass_(seconds=10)
    assert len(tries) == 3
    assert (fresh(job).state, fresh(job).attempts) == ("failed", 3)
    assert str(job.pk)[:8] in fresh(job).error


@pytest.mark.django_db
def test_a_fault_waits_before_the_next_try(asked, clock):
    job = asked(lambda job, progress: 1 / 0)
    run_jobs(clock=clock)
    assert run_jobs(clock=clock) == 0
    clock.pass_(seconds=10)
    assert run_jobs(clock=clock) == 1
    assert fresh(job).attempts == 2


@pytest.mark.django_db
def test_a_job_that_kills_its_worker_is_given_up_after_three(asked, clock):
    job = asked()
    for _ in range(3):
        assert running._take_up(clock(), only=None).state == "running"  # and then nothing: the worker died
        clock.pass_(seconds=91)
    assert run_jobs(clock=clock) == 1
    assert (fresh(job).state, fresh(job).attempts) == ("failed", 3)
    assert "已尝试 3 次" in fresh(job).error


@pytest.mark.django_db
def test_a_job_of_a_dead_worker_is_taken_over_and_the_dead_one_changes_nothing(asked, clock):
    job = asked()
    dead = running._take_up(clock(), only=None)
    clock.pass_(seconds=89)
    assert run_jobs(clock=clock) == 0
    clock.pass_(seconds=2)
    assert run_jobs(clock=clock) == 1
    made = fresh(job)
    running._run(dead, clock=clock)
    running._end(dead, "failed", "太晚", at=clock())
    running._fault(dead, at=clock())
    assert (fresh(job).state, fresh(job).file_path, fresh(job).error) == ("done", made.file_path, "")
    assert [path.name for path in results.folder().iterdir()] == [made.file_path]


@pytest.mark.django_db
def test_reporting_progress_prolongs_the_lease(asked, clock):
    seen = []

    def slow(job, progress):
        clock.pass_(seconds=80)
        progress(1, 2)
        seen.append(fresh(job).lease_until)
        return paper(job, progress)

    asked(slow)
    run_jobs(clock=clock)
    assert seen == [clock() + rules.LEASE]


@pytest.mark.django_db
def test_a_cancelled_job_stops_at_its_next_report_and_leaves_no_file(asked, clock):
    went_on = []

    def changed_mind(job, progress):
        cancel_job(job, by=job.requested_by, at=clock())
        progress(1, 2)
        went_on.append(1)

    job = asked(changed_mind)
    run_jobs(clock=clock)
    assert (fresh(job).state, went_on, list(results.older_than(1e12))) == ("cancelled", [], [])


@pytest.mark.django_db
def test_a_job_cancelled_in_its_last_moment_leaves_no_file(asked, clock):
    def last_moment(job, progress):
        cancel_job(job, by=job.requested_by, at=clock())
        return "x.pdf", "application/pdf", b"x"

    job = asked(last_moment)
    run_jobs(clock=clock)
    assert (fresh(job).state, fresh(job).file_path, list(results.older_than(1e12))) == ("cancelled", "", [])


@pytest.mark.django_db
def test_a_waiting_job_can_be_cancelled_and_started_again(asked, clock):
    job = asked()
    cancel_job(job, by=job.requested_by, at=AT)
    assert run_jobs(clock=clock) == 0
    retry_job(job, by=job.requested_by, at=AT)
    run_jobs(clock=clock)
    assert (fresh(job).state, fresh(job).attempts) == ("done", 1)


@pytest.mark.django_db
def test_a_finished_job_is_neither_cancelled_nor_started_again(asked, clock):
    job = asked()
    run_jobs(clock=clock)
    with pytest.raises(Refused, match="已完成，不能取消"):
        cancel_job(job, by=job.requested_by, at=AT)
    with pytest.raises(Refused, match="已完成，不能重试"):
        retry_job(job, by=job.requested_by, at=AT)


@pytest.mark.django_db
def test_starting_again_does_not_pass_the_limit(asked, person):
    zhou = person()
    job = asked(by=zhou)
    cancel_job(job, by=zhou, at=AT)
    for _ in range(rules.OPEN_PER_PERSON):
        asked(by=zhou)
    with pytest.raises(Refused, match="再重试"):
        retry_job(job, by=zhou, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize("service", [cancel_job, retry_job, hand_out])
def test_nobody_touches_another_persons_job(asked, person, service):
    job = asked()
    with pytest.raises(Refused, match="自己的任务"):
        service(job, by=person("wang"), at=AT)


@pytest.mark.django_db
def test_everybody_sees_his_own_jobs_newest_first(asked, person):
    zhou, wang = person(), person("wang")
    mine, later = asked(by=zhou), asked(by=zhou)
    Job.objects.filter(pk=later.pk).update(requested_at=AT.replace(hour=5))
    asked(by=wang)
    assert list(jobs_of(zhou)) == [later, mine]


@pytest.mark.django_db
def test_a_job_without_a_sign_for_a_minute_is_ended(asked, clock, monkeypatch):
    monkeypatch.setattr(rules, "SILENCE", 0.2)

    def endless(job, progress):
        progress(1, 10)
        while True:
            try:
                time.sleep(5)
            except Exception:  # a library that swallows everything
                continue

    job = asked(endless)
    began = time.monotonic()
    run_jobs(clock=clock)
    assert time.monotonic() - began < 20  # without the limit it never ends
    assert (fresh(job).state, fresh(job).done) == ("failed", 1)
    assert fresh(job).error.startswith("生成超时")


@pytest.mark.django_db
def test_whoever_waited_long_is_told(asked, clock):
    job = asked()
    clock.pass_(seconds=31)
    run_jobs(clock=clock)
    notice = Notice.objects.get(recipient=job.requested_by)
    assert (notice.title, notice.url) == ("您提交的任务已完成，可下载文件", "/jobs/")


@pytest.mark.django_db
def test_whoever_still_looks_is_not(asked, clock):
    asked()
    run_jobs(clock=clock)
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_a_full_disk_is_a_fault_like_any_other(asked, clock, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.STATE_DIR = tmp_path / "file"
    job = asked()
    run_jobs(clock=clock)
    assert (fresh(job).state, fresh(job).file_path) == ("waiting", "")


@pytest.mark.django_db
def test_files_are_swept_after_their_week_and_lines_after_three_months(asked, clock):
    job = asked()
    run_jobs(clock=clock)
    path = results.path_of(fresh(job).file_path)
    clock.pass_(days=6)
    assert (sweep_results(at=clock()), path.exists()) == (0, True)
    clock.pass_(days=1)
    assert (sweep_results(at=clock()), path.exists()) == (1, False)
    assert fresh(job).state == "done"
    with pytest.raises(Refused, match="保留期"):
        hand_out(fresh(job), by=job.requested_by, at=clock())
    clock.pass_(days=90)
    sweep_results(at=clock())
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_file_no_job_knows_is_swept(asked, clock):
    results.store(b"left over")
    assert sweep_results(at=clock().replace(year=2099)) == 1
    assert sweep_results(at=clock().replace(year=2099)) == 0


@pytest.mark.django_db
def test_sweeping_before_the_first_file_finds_nothing(clock):
    assert sweep_results(at=clock()) == 0


@pytest.mark.django_db(transaction=True)
def test_eight_workers_run_twenty_jobs_once_each(asked, person, clock):
    runs, gate = [], threading.Barrier(8)
    people = [person(f"p{n}") for n in range(4)]
    for n in range(20):
        asked(lambda job, progress: (runs.append(job.pk), paper(job, progress))[1], by=people[n % 4])

    def work():
        gate.wait()
        run_jobs(clock=Clock(), limit=20)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(runs) == len(set(runs)) == 20
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_job_runs(asked, clock):
    seen = []

    def watched(job, progress):
        progress(3, 7)
        thread = threading.Thread(target=lambda: (seen.append(Job.objects.values_list("done", "total").get()), connection.close()))
        thread.start()
        thread.join()
        return paper(job, progress)

    asked(watched)
    run_jobs(clock=clock)
    assert seen == [(3, 7)]


@pytest.mark.django_db(transaction=True)
def test_a_job_asked_for_in_a_transaction_undone_never_runs(asked, person, clock):
    zhou = person()
    with transaction.atomic():
        asked(by=zhou)
        transaction.set_rollback(True)
    assert run_jobs(clock=clock) == 0
