"""The net: a change that no event names becomes an event of its own."""
import json

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from apps.audit import net, services
from apps.audit.roles import CLOSED as BUFFERS
from tests.audit.conftest import AT
from tests.audit.papers import Leaf, Paper, Sticker
from tests.kit import audit, roles


def strays():
    return [(one.object_type, one.object_id, json.loads(one.body)) for one in audit.events(event_type="unattributed")]


def note(record, event="paper.changed"):
    services.note(event, stream="org:1", by=None, at=AT, record=record)


def test_a_change_without_an_event_is_unattributed(desk):
    paper = Paper.objects.create(title="甲")
    audit.flushed()
    Paper.objects.filter(pk=paper.pk).update(title="乙")
    audit.flushed()
    paper.delete()
    kind, key, table = "audit_papers.paper", audit.events()[0].object_id, "audit_papers_paper"
    assert strays() == [(kind, key, {"count": 1, "op": op, "table": table}) for op in ("INSERT", "UPDATE", "DELETE")]


def test_a_change_that_an_event_names_is_not(desk):
    paper = Paper.objects.create(title="甲")
    note(paper)
    assert [one.event_type for one in audit.events()] == ["paper.changed"]


def test_an_event_about_one_row_covers_no_other(desk):
    one, other = Paper.objects.create(title="甲"), Paper.objects.create(title="乙")
    note(one)
    assert strays() == [("audit_papers.paper", str(other.pk), {"count": 1, "op": "INSERT", "table": "audit_papers_paper"})]


def test_an_event_of_an_earlier_transaction_covers_nothing(open_desk):
    with transaction.atomic():
        paper = Paper.objects.create(title="甲")
        note(paper)
    Paper.objects.filter(pk=paper.pk).update(title="乙")
    assert [key for _, key, _ in strays()] == [str(paper.pk)]


def test_an_update_that_changes_nothing_is_no_change(desk):
    paper = Paper.objects.create(title="甲")
    note(paper)
    audit.flushed()
    paper.save()
    assert strays() == []


def test_a_child_row_is_covered_by_its_parent_also_a_generic_one(desk):
    paper = Paper.objects.create(title="甲")
    Leaf.objects.create(paper=paper, text="一")
    Sticker.objects.create(content_type=ContentType.objects.get_or_create(app_label="audit_papers", model="paper")[0], object_id=paper.pk)
    note(paper)
    assert strays() == []


def test_a_child_row_of_another_parent_is_not_covered(desk):
    paper, other = Paper.objects.create(title="甲"), Paper.objects.create(title="乙")
    note(other)
    audit.flushed()
    leaf = Leaf.objects.create(paper=paper, text="一")
    sticker = Sticker.objects.create(
        content_type=ContentType.objects.get_or_create(app_label="audit_papers", model="paper")[0], object_id=paper.pk
    )
    note(other)
    found = [(kind, key) for kind, key, _ in strays()]
    assert found[1:] == [("audit_papers.leaf", str(leaf.pk)), ("audit_papers.sticker", str(sticker.pk))]


def test_a_parent_is_not_covered_by_its_child(desk):
    paper = Paper.objects.create(title="甲")
    note(Leaf.objects.create(paper=paper, text="一"))
    assert [kind for kind, _, _ in strays()] == ["audit_papers.paper"]


@pytest.mark.parametrize(("rows", "found"), [(20, 20), (21, 1)])
def test_more_than_twenty_of_a_kind_are_one_event(desk, rows, found):
    Paper.objects.bulk_create(Paper(title=str(number)) for number in range(rows))
    got = strays()
    assert len(got) == found
    if found == 1:
        assert got == [("audit_papers.paper", "", {"count": 21, "op": "INSERT", "table": "audit_papers_paper"})]


def test_one_row_changed_three_times_is_one_stray_of_a_kind(desk):
    paper = Paper.objects.create(title="甲")
    audit.flushed()
    for title in "乙丙丁":
        Paper.objects.filter(pk=paper.pk).update(title=title)
    assert [body["op"] for _, _, body in strays()] == ["INSERT", "UPDATE"]


def test_raw_sql_of_the_app_role_is_seen_with_the_role_that_did_it(open_desk):
    with roles.as_app() as cursor:
        cursor.execute("INSERT INTO audit_papers_paper (title) VALUES ('暗箱')")
    one = audit.event(event_type="unattributed")
    assert (one.stream, one.actor_id, one.actor_name) == ("sys", None, connection.settings_dict["USER"])


def test_raw_sql_of_the_owner_is_seen_too(open_desk):
    with roles.as_owner() as cursor:
        cursor.execute("INSERT INTO audit_papers_paper (title) VALUES ('暗箱')")
        cursor.execute("TRUNCATE audit_papers_paper CASCADE")
    found = [(one.actor_name, json.loads(one.body)["op"], one.object_id != "") for one in audit.events(object_type="audit_papers.paper")]
    owner = roles.credentials(settings.OWNER_DATABASE_URL)["USER"]
    assert found == [(owner, "INSERT", True), (owner, "TRUNCATE", False)]


def test_a_rolled_back_savepoint_leaves_neither_event_nor_stray(open_desk):
    with transaction.atomic():
        kept = Paper.objects.create(title="甲")
        note(kept)
        point = transaction.savepoint()
        note(Paper.objects.create(title="乙"))
        Paper.objects.create(title="丙")
        transaction.savepoint_rollback(point)
    assert [(one.event_type, one.object_id) for one in audit.events()] == [("paper.changed", str(kept.pk))]


def test_a_rolled_back_first_savepoint_does_not_silence_the_rest(open_desk):
    with transaction.atomic():
        point = transaction.savepoint()
        note(Paper.objects.create(title="甲"))
        transaction.savepoint_rollback(point)
        Paper.objects.create(title="乙")
    assert [kind for kind, _, _ in strays()] == ["audit_papers.paper"]


def test_a_rolled_back_transaction_leaves_nothing(open_desk):
    with transaction.atomic():
        note(Paper.objects.create(title="甲"))
        transaction.set_rollback(True)
    assert audit.events() == []


def test_after_commit_the_buffers_are_empty(open_desk):
    with transaction.atomic():
        note(Paper.objects.create(title="甲"))
        Paper.objects.create(title="乙")
    with roles.as_superuser() as cursor:
        for buffer in BUFFERS:
            cursor.execute(f"SELECT count(*) FROM {buffer}")
            assert cursor.fetchone() == (0,)


def attached(table):
    with connection.cursor() as cursor:
        return {name: arguments for (there, name), arguments in net._attached(cursor).items() if there == table}


def test_attaching_again_changes_nothing_and_a_forgotten_table_loses_its_net(paper_tables, transactional_db):
    table = "audit_papers_leaf"
    before = attached(table)
    assert before == dict.fromkeys(net.KINDS, ("audit_papers.leaf", "id", "audit_papers.paper", "paper_id", ""))
    watched = dict(net._watched)
    try:
        with roles.django_as_owner():
            net.attach(connection)
            assert attached(table) == before
            net.watch(Leaf)
            net.attach(connection)
            assert set(attached(table).values()) == {("audit_papers.leaf", "id", "", "", "")}
            del net._watched["audit_papers.leaf"]
            net.attach(connection)
            assert attached(table) == {}
    finally:
        net._watched.update(watched)
        with roles.django_as_owner():
            net.attach(connection)
    assert attached(table) == before


def test_a_table_that_does_not_exist_yet_is_left_alone(paper_tables, transactional_db):
    class Later(Paper.__base__):
        class Meta:
            app_label = "audit_papers"

    net.watch(Later)
    try:
        with roles.django_as_owner():
            net.attach(connection)
        assert attached("audit_papers_later") == {}
    finally:
        del net._watched["audit_papers.later"]
