"""Questions to the audit: the list that the 审计管理员 reads, and what /readyz asks."""
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit import health, queries, services
from apps.audit.models import Head
from apps.core import health as readiness
from tests.audit.conftest import AT, Clerk
from tests.audit.papers import Paper
from tests.kit import audit, roles

HOUR = timedelta(hours=1)


@pytest.fixture
def journal(desk):
    """Six events of two people on two chains, an hour apart, two of them at the same moment."""
    one, other = Clerk(1, "甲"), Clerk(2, "乙")
    for hour, (stream, by, event, key, unit) in enumerate(
        [
            ("org:1", one, "paper.made", "1", 11),
            ("org:1", one, "paper.changed", "1", 11),
            ("org:2", other, "paper.made", "2", 21),
            ("org:1", other, "paper.changed", "1", 11),
            ("sys", None, "paper.changed", "", None),
        ]
    ):
        services.note(event, stream=stream, by=by, at=AT + hour * HOUR, object_type="audit_papers.paper", object_id=key, unit_id=unit)
    services.note("paper.made", stream="org:2", by=None, at=AT + 4 * HOUR)
    audit.flushed()


ORDER = ["sys/1", "org:2/2", "org:1/3", "org:2/1", "org:1/2", "org:1/1"]


def keys(page):
    return [str(one) for one in page.events]


def test_newest_first_and_the_order_is_total(journal):
    page = queries.events()
    assert (keys(page), page.next) == (ORDER, None)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"person": 1}, ["org:1/2", "org:1/1"]),
        ({"event": "paper.made"}, ["org:2/2", "org:2/1", "org:1/1"]),
        ({"object_type": "audit_papers.paper", "object_id": "1"}, ["org:1/3", "org:1/2", "org:1/1"]),
        ({"unit_ids": [21]}, ["org:2/1"]),
        ({"unit_ids": []}, []),
        ({"since": AT + 2 * HOUR, "until": AT + 4 * HOUR}, ["org:1/3", "org:2/1"]),
        ({"person": 2, "event": "paper.made", "since": AT}, ["org:2/1"]),
        ({"person": 3}, []),
    ],
)
def test_every_filter_narrows(journal, filters, found):
    assert keys(queries.events(**filters)) == found


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_join_without_loss_or_repeat_also_between_equal_moments(journal, limit):
    seen, after = [], None
    while True:
        page = queries.events(after=after, limit=limit)
        seen += keys(page)
        if page.next is None:
            break
        assert len(page.events) == limit
        after = page.next
    assert seen == ORDER


def test_the_list_reads_an_index_not_the_table(desk):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    with CaptureQueriesContext(connection) as asked:
        queries.events(after=(AT, "sys", 1))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + asked[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "audit_event_at" in plan
    assert "Sort" not in plan
    assert "Index Cond: (at <=" in plan


def test_a_broken_chain_makes_the_portal_not_ready(open_desk):
    services.note("paper.made", stream="org:1", by=None, at=AT)
    assert list(health.chain_broken(AT)) == []
    with roles.as_superuser() as cursor:
        cursor.execute("DELETE FROM audit_event")
    assert list(health.chain_broken(AT)) == ["审计链异常：org:1 1 tail 缺少第1至1条事件，末尾被删除或链头被改动。"]
    assert next(iter(health.chain_broken(AT))) in readiness.examine(AT).reasons


def test_one_role_is_a_warning(open_desk):
    assert list(health.one_role(AT)) == []
    with roles.django_as_owner():
        assert list(health.one_role(AT)) == ["应用与迁移使用同一个数据库账号，审计记录只有触发器保护。"]


def test_unattributed_changes_of_the_last_day_are_a_warning(desk):
    Paper.objects.create(title="甲")
    (one,) = audit.events(event_type="unattributed")
    assert list(health.unattributed(one.at + HOUR)) == ["24小时内有1条无来源登记的数据变更。"]
    assert list(health.unattributed(one.at + 25 * HOUR)) == []
    assert queries.unattributed_since(datetime(2000, 1, 1, tzinfo=UTC)) == 1


def test_a_head_is_named_like_its_last_event(journal):
    assert [str(one) for one in Head.objects.order_by("stream")] == ["org:1/3", "org:2/2", "sys/1"]
