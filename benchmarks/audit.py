# ruff: noqa: D103, E402 -- a script: settings first, then the portal
"""What the audit costs, on a scratch database that is made and dropped: `python benchmarks/audit.py [events]`.

Needs DATABASE_URL, DATABASE_OWNER_URL and DATABASE_ADMIN_URL as for the tests. The figures of docs/AUDIT.md come from here.
"""
import os
import statistics
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["PORTAL_TEST_DB"] = "bench_audit"

import django

django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases

from apps.audit import catalogue, net, queries, roles, services
from tests.audit import papers
from tests.kit import roles as kit

AT = datetime(2026, 11, 21, tzinfo=UTC)
catalogue.declare({"paper.made": "登记文件"})


def timed(work, times):
    """Median and 95th percentile of one call, in milliseconds."""
    for turn in range(times // 10):
        work(turn)
    spent = []
    for turn in range(times):
        start = time.perf_counter()
        work(turn)
        spent.append((time.perf_counter() - start) * 1000)
    spent.sort()
    return statistics.median(spent), spent[int(len(spent) * 0.95)]


def show(name, work, times=1000):
    median, late = timed(work, times)
    print(f"{name:<58} {median:7.2f} ms median {late:7.2f} ms p95", flush=True)


def update(key, *, noted, stream="org:1"):
    with transaction.atomic():
        papers.Paper.objects.filter(pk=key).update(title=str(time.perf_counter_ns()))
        if noted:
            services.note(
                "paper.made", stream=stream, by=None, at=AT, object_type="audit_papers.paper", object_id=key,
                before={"title": "旧标题", "sum": 1}, after={"title": "新标题", "sum": 2},
            )  # fmt: skip


def crowd(name, streams, tail=0.005, seconds=4):
    """Eight writers, each transaction open 5 ms more (a request); transactions a second."""
    done, stop = [0] * 8, time.perf_counter() + seconds

    def run(number):
        key = papers.Paper.objects.create(title="甲").pk
        while time.perf_counter() < stop:
            with transaction.atomic():
                update(key, noted=streams > 0, stream=f"org:{number % max(streams, 1)}")
                time.sleep(tail)
            done[number] += 1
        connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{name:<58} {sum(done) / seconds:7.0f} transactions/s", flush=True)


def bulk(rows):
    with transaction.atomic():
        made = papers.Paper.objects.bulk_create(papers.Paper(title=str(number)) for number in range(rows))
        start = time.perf_counter()
        for one in made:
            services.note("paper.made", stream="org:1", by=None, at=AT, record=one)
    print(f"import of {rows} rows, one event each: notes and COMMIT {time.perf_counter() - start:6.1f} s", flush=True)


def fill(events):
    """Long chains, made in the server: 20 streams."""
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_note('org:' || n %% 20, now(), 7, '甲公司经办人', NULL, '', '10.0.0.1', 'abc', 'req', 'paper.made',"
            " 'audit_papers.paper', n::text, '采购审批单', 5, 'ok', '', '{\"after\":{\"title\":\"新\"},\"before\":{\"title\":\"旧\"}}')"
            " FROM generate_series(1, %s) n", [events],
        )  # fmt: skip
    print(f"{events} events appended in one transaction: {time.perf_counter() - start:6.1f} s", flush=True)
    with kit.as_owner() as cursor:
        cursor.execute("VACUUM ANALYZE audit_event")
        cursor.execute("SELECT pg_total_relation_size('audit_event') / 1048576")
        print(f"audit_event with its indexes: {cursor.fetchone()[0]} MB", flush=True)


def verify():
    for name, work in (("look at the heads", queries.head_faults), ("verify every link", lambda: list(queries.faults()))):
        start, cpu = time.perf_counter(), time.process_time()
        assert work() == []
        spent, cpu = (time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000
        print(f"{name}: {spent:8.0f} ms, of it {cpu:6.0f} ms of CPU in Python", flush=True)
    show("first page of the reading list", lambda _: queries.events(), 100)


def main(events):
    key, bare = papers.Paper.objects.create(title="甲").pk, papers.Leaf
    show("UPDATE without net and without event", lambda _: bare_update(bare))
    show("UPDATE under the net, unattributed", lambda _: update(key, noted=False))
    show("UPDATE under the net with its event", lambda _: update(key, noted=True))
    crowd("8 writers, 5 ms requests, nothing noted (unattributed)", 0)
    crowd("8 writers, 5 ms requests, a chain each", 8)
    crowd("8 writers, 5 ms requests, one chain", 1)
    bulk(2000)
    fill(events)
    verify()


def bare_update(model):
    with transaction.atomic():
        model.objects.filter(pk=1).update(text=str(time.perf_counter_ns()))


def tables():
    net.watch(papers.Paper)
    with connection.schema_editor() as editor:
        for model in papers.MODELS:
            editor.create_model(model)
    roles.after_migrate()
    papers.Leaf.objects.create(pk=1, paper=papers.Paper.objects.create(title="甲"), text="一")


if __name__ == "__main__":
    connection.settings_dict.update(kit.credentials(settings.OWNER_DATABASE_URL))
    held = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    try:
        tables()
        connection.close()
        connection.settings_dict.update(kit.credentials(settings.APP_DATABASE_URL))
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    finally:
        connection.close()
        connection.settings_dict.update(kit.credentials(settings.OWNER_DATABASE_URL))
        teardown_databases(held, verbosity=0)
