"""Who may do what to the audit: nobody changes it (AL-03), and without it nothing is written (AL-06)."""
import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection, transaction
from django.db.utils import IntegrityError

from apps.audit import roles, services
from apps.audit.checks import two_roles
from tests.audit.conftest import AT
from tests.audit.papers import Paper
from tests.kit import audit
from tests.kit import roles as kit

INSERT = (
    "INSERT INTO audit_event (stream, seq, at, actor_name, acting_for_name, session_hash, request_id, event_type, object_type, object_id,"
    " object_label, result, reason, body, alg, prev_hash, hash) VALUES ('sys', 99, now(), '', '', '', '', 'x', '', '', '', 'ok', '', '{}',"
    " 'sha256', sha256('a'), sha256('b'))"
)
APP_MAY_NOT = [
    INSERT,
    "UPDATE audit_event SET reason = 'x'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "DROP TABLE audit_event",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_papers_paper DISABLE TRIGGER audit_net_row",
    "DROP TRIGGER audit_net_row ON audit_papers_paper",
    "TRUNCATE audit_papers_paper CASCADE",
    "SET session_replication_role = replica",
    "SET ROLE portal_owner",
    "UPDATE audit_head SET seq = 0",
    "INSERT INTO audit_head VALUES ('org:9', 0, sha256('a'), 'sha256')",
    "DELETE FROM audit_head",
    "INSERT INTO audit_checkpoint VALUES (1, now(), '[]', '', '', '', '', '', '')",
    "DELETE FROM audit_checkpoint",
    "SELECT * FROM audit_pending",
    "DELETE FROM audit_pending",
    "INSERT INTO audit_pending (txid, stream, at, event_type) VALUES (pg_current_xact_id(), 'sys', now(), 'x')",
    "DELETE FROM audit_change",
    "DELETE FROM audit_turn",
    "SELECT audit_append(pg_current_xact_id())",
    "SELECT audit_strays(pg_current_xact_id())",
    "CREATE OR REPLACE FUNCTION audit_hash(e audit_event) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$",
    "CREATE TABLE mine (id int)",
    "CREATE TEMP TABLE trap (id int); CREATE TRIGGER t AFTER INSERT ON trap FOR EACH ROW EXECUTE FUNCTION audit_flush()",
    "DELETE FROM django_migrations",
]
NOBODY_MAY = [
    "UPDATE audit_event SET reason = 'x'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "TRUNCATE audit_head",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET seq = seq - 1",
    "UPDATE audit_head SET hash = sha256('x')",
    "UPDATE audit_head SET seq = seq + 1",
    "UPDATE audit_head SET stream = 'org:9'",
    "INSERT INTO audit_head VALUES ('org:9', 5, sha256('a'), 'sha256')",
    "UPDATE audit_checkpoint SET heads = '[]'",
    "DELETE FROM audit_checkpoint",
    "TRUNCATE audit_checkpoint",
]


@pytest.fixture(scope="module")
def one_event(paper_tables, django_db_blocker):
    """A committed event and checkpoint for everybody who will be refused."""
    with django_db_blocker.unblock():
        services.note("paper.made", stream="sys", by=None, at=AT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_checkpoint_add(1, now(), '[]', '', '', '', '', '', '')")
        yield
        with kit.as_superuser() as cursor:
            cursor.execute("TRUNCATE audit_event, audit_head, audit_checkpoint, audit_papers_paper CASCADE")


@pytest.fixture
def unchanged(one_event):
    """Whatever is tried: afterwards the audit is what it was."""
    with kit.as_superuser() as cursor:
        before = everything(cursor)
        yield
        assert everything(cursor) == before


def everything(cursor):
    found = []
    for table in ("audit_event", "audit_head", "audit_checkpoint"):
        cursor.execute(f"SELECT * FROM {table}")
        found.append(cursor.fetchall())
    return repr([[[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows] for rows in found])


@pytest.mark.parametrize("sql", APP_MAY_NOT)
def test_the_app_role_is_refused(unchanged, sql):
    with kit.as_app() as cursor, pytest.raises(psycopg2.Error) as refusal:
        cursor.execute(sql)
    assert refusal.value.pgcode == "42501"


@pytest.mark.parametrize("sql", NOBODY_MAY)
def test_the_owner_is_refused(unchanged, sql):
    with kit.as_owner() as cursor, pytest.raises(psycopg2.Error) as refusal:
        cursor.execute(sql)
    assert refusal.value.pgcode == "42501"


@pytest.mark.parametrize("sql", NOBODY_MAY)
def test_a_superuser_is_refused_as_long_as_he_leaves_the_triggers_on(unchanged, sql):
    with kit.as_superuser() as cursor:
        cursor.execute("SET session_replication_role = origin")
        with pytest.raises(psycopg2.Error) as refusal:
            cursor.execute(sql)
    assert refusal.value.pgcode == "42501"


def test_a_fork_cannot_even_be_stored(one_event):
    with kit.as_superuser() as cursor:
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute(INSERT.replace("sha256('a')", "decode(repeat('00', 32), 'hex')"))
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute(INSERT.replace("99", "1"))


def test_the_app_role_reads_the_audit_and_works_on_business_rows(one_event):
    with kit.as_app() as cursor:
        for table in roles.READ_ONLY:
            cursor.execute(f"SELECT count(*) FROM {table}")
        cursor.execute("INSERT INTO audit_papers_paper (title) VALUES ('甲') RETURNING id")
        cursor.execute("UPDATE audit_papers_paper SET title = '乙'")
        cursor.execute("DELETE FROM audit_papers_paper")


def test_a_temporary_table_cannot_shadow_the_audit(one_event):
    with kit.as_app() as cursor:
        cursor.execute("CREATE TEMP TABLE audit_pending (LIKE audit_head)")
        cursor.execute("SET search_path = pg_temp, public")
        cursor.execute("INSERT INTO public.audit_papers_paper (title) VALUES ('暗箱') RETURNING id")
        (key,) = cursor.fetchone()
        cursor.execute("SELECT event_type FROM public.audit_event WHERE object_type = 'audit_papers.paper' AND object_id = %s", [str(key)])
        assert cursor.fetchall() == [("unattributed",)]


def test_without_the_door_nothing_is_written(open_desk):
    with kit.as_owner() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION audit_note FROM portal_app")
    try:
        with pytest.raises(DatabaseError), transaction.atomic():
            services.note("paper.made", stream="sys", by=None, at=AT, record=Paper.objects.create(title="甲"))
    finally:
        with kit.django_as_owner():
            roles.after_migrate()
    assert Paper.objects.count() == 0


def test_when_the_event_cannot_join_its_chain_the_row_is_not_written(open_desk):
    with transaction.atomic():
        services.note("paper.made", stream="sys", by=None, at=AT)
    with kit.as_superuser() as cursor:
        cursor.execute(INSERT.replace("99", "2"))
    with pytest.raises(IntegrityError), transaction.atomic():
        services.note("paper.made", stream="sys", by=None, at=AT, record=Paper.objects.create(title="甲"))
    assert Paper.objects.count() == 0


def test_the_same_role_for_both_is_granted_nothing_and_still_works(open_desk):
    with kit.django_as_owner():
        roles.grant(connection, kit.credentials(settings.OWNER_DATABASE_URL)["USER"])
        roles.grant(connection, "nobody_of_that_name")
        with transaction.atomic():
            services.note("paper.made", stream="org:1", by=None, at=AT, record=Paper.objects.create(title="甲"))
    assert [one.event_type for one in audit.events()] == ["paper.made"]


def test_after_a_flush_the_app_role_leaves_rights_alone(open_desk):
    roles.after_migrate()
    assert not roles.owns_audit(connection)
    with kit.django_as_owner():
        assert roles.owns_audit(connection)


def test_one_database_role_is_reported(settings):
    assert two_roles in checks.registry.registry.deployment_checks
    assert two_roles(None) == []
    settings.OWNER_DATABASE_URL = settings.APP_DATABASE_URL
    assert [one.id for one in two_roles(None)] == ["audit.W001"]
    settings.OWNER_DATABASE_URL = ""
    assert [one.id for one in two_roles(None)] == ["audit.W001"]


def test_setup_makes_the_signing_key(settings, tmp_path):
    settings.AUDIT_KEY_FILE = tmp_path / "audit.key"
    ((name, step),) = apps.get_app_config("audit").setup_steps()
    assert (name, step(AT), step(AT)) == ("审计", "已生成签名密钥", "已有签名密钥")
