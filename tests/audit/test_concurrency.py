"""Many writers: no fork, no gap, no deadlock (AL-10)."""
import threading

from django.conf import settings
from django.db import OperationalError, connection, transaction

from apps.audit import queries, services
from tests.audit.conftest import AT
from tests.audit.papers import Leaf, Paper
from tests.kit import audit

WRITERS = 8
EACH = 20


def side_by_side(work, writers=WRITERS):
    """Run `work(number)` in threads that start together; what they raised."""
    start, faults = threading.Barrier(writers), []

    def run(number):
        try:
            start.wait(10)
            work(number)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return faults


def test_eight_writers_into_one_new_chain_leave_no_gap_and_no_fork(open_desk):
    def work(number):
        for turn in range(EACH):
            with transaction.atomic():
                services.note("paper.made", stream="org:1", by=None, at=AT, object_id=f"{number}-{turn}")

    assert side_by_side(work) == []
    assert [one.seq for one in audit.events()] == list(range(1, WRITERS * EACH + 1))
    assert list(queries.faults()) == []


def test_under_repeatable_read_a_late_writer_fails_and_never_forks(open_desk):
    services.note("paper.made", stream="org:1", by=None, at=AT, object_id="0")
    written, refused = [], []

    def work(number):
        for turn in range(EACH):
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                        cursor.execute("SELECT count(*) FROM audit_event")
                    services.note("paper.made", stream="org:1", by=None, at=AT, object_id=f"{number}-{turn}")
                written.append(turn)
            except OperationalError as fault:
                refused.append(fault.__cause__.pgcode)

    assert side_by_side(work) == []
    assert set(refused) == {"40001"}  # serialization_failure: there were real collisions
    assert [one.seq for one in audit.events()] == list(range(1, len(written) + 2))
    assert list(queries.faults()) == []


def test_a_snapshot_older_than_the_head_gives_a_serialization_error(open_desk):
    services.note("paper.made", stream="org:1", by=None, at=AT)
    raised = []
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SELECT count(*) FROM audit_event")
            side_by_side(lambda _: services.note("paper.made", stream="org:1", by=None, at=AT), writers=1)
            services.note("paper.made", stream="org:1", by=None, at=AT, record=Paper.objects.create(title="甲"))
    except OperationalError as fault:
        raised.append(fault.__cause__.pgcode)
    assert raised == ["40001"]
    assert Paper.objects.count() == 0
    assert list(queries.faults()) == []


def test_two_chains_in_opposite_order_do_not_wait_for_each_other(open_desk):
    def work(number):
        order = ["org:1", "org:2"] if number % 2 else ["org:2", "org:1"]
        for _ in range(EACH):
            with transaction.atomic():
                for stream in order:
                    services.note("paper.made", stream=stream, by=None, at=AT)

    assert side_by_side(work) == []
    assert [head.seq for head in queries.heads()] == [WRITERS * EACH] * 2
    assert list(queries.faults()) == []


def test_a_foreign_key_check_at_commit_does_not_deadlock_with_the_head(open_desk):
    """One holds the paper and then wants the head; the other would hold the head and then check its key to the paper."""
    paper = Paper.objects.create(title="甲")

    def work(number):
        for turn in range(EACH):
            with transaction.atomic():
                if number % 2:
                    held = Paper.objects.select_for_update().get(pk=paper.pk)
                    services.note("paper.changed", stream="org:1", by=None, at=AT, record=held)
                else:
                    services.note("paper.changed", stream="org:1", by=None, at=AT, record=paper)
                    Leaf.objects.create(paper=paper, text=str(turn))

    assert side_by_side(work) == []
    assert list(queries.faults()) == []


def test_the_test_database_uses_the_app_role_in_every_thread(open_desk):
    seen = []

    def work(number):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            seen.append(cursor.fetchone()[0])

    assert side_by_side(work, writers=2) == []
    assert set(seen) == {settings.DATABASES["default"]["USER"]}
