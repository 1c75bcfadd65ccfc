"""The two database roles: the owner migrates, the app works and cannot touch the audit (stack.md Decision 1)."""
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.audit import net

READ_ONLY = ("audit_event", "audit_head", "audit_checkpoint", "django_migrations")
CLOSED = ("audit_pending", "audit_change", "audit_turn")
DOORS = ("audit_note", "audit_checkpoint_add")


def role_of(url: str) -> str:
    """The role a database address logs in as; empty for no address."""
    return unquote(urlsplit(url).username or "")


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Attach the net and give the app role its rights; the app role itself (after a flush) has nothing to do here."""
    connection = connections[using]
    if not owns_audit(connection):
        return
    with transaction.atomic(using=using):
        net.attach(connection)
        grant(connection, role_of(settings.APP_DATABASE_URL))


def owns_audit(connection: BaseDatabaseWrapper) -> bool:
    """Whether the connection's role owns the audit tables, and so could switch their triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('audit_event')")
        row = cursor.fetchone()
    return bool(row and row[0])


def grant(connection: BaseDatabaseWrapper, role: str) -> None:
    """Give `role` what the portal needs: everything on business rows, nothing but reading on the audit.

    Without a second role (the app is the owner, or does not exist here) nothing is granted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_user = %s OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
        schema, alone = cursor.fetchone()
        if alone:
            return
        quote = connection.ops.quote_name
        to = quote(role)
        cursor.execute(
            "SELECT c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
            " AND c.relkind IN ('r', 'p', 'S') AND pg_has_role(c.relowner, 'USAGE') ORDER BY 1"
        )
        rows = cursor.fetchall()
        held = {*READ_ONLY, *CLOSED}
        tables = [quote(name) for name, kind in rows if kind != "S" and name not in held]
        sequences = [quote(name) for name, kind in rows if kind == "S" and not name.startswith(CLOSED)]
        cursor.execute(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {to}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(tables)} TO {to}")
        cursor.execute(f"GRANT USAGE, SELECT ON SEQUENCE {', '.join(sequences)} TO {to}")
        cursor.execute(f"REVOKE ALL ON {', '.join(READ_ONLY + CLOSED)} FROM {to}")
        cursor.execute(f"GRANT SELECT ON {', '.join(READ_ONLY)} TO {to}")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {', '.join(DOORS)} TO {to}")
