"""The net under the tables: what changed without an event becomes an event (security.md §5.4)."""
from dataclasses import dataclass

from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Watch:
    """A table under the net, and the row above it whose events also count for its rows."""

    model: type[models.Model]
    parent: str | None = None

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def arguments(self) -> tuple[str, ...]:
        """What the trigger needs to know: label, key column, parent's label, its key column, its type column."""
        meta = self.model._meta
        own = (meta.label_lower, column_of(self.model, meta.pk.name))
        if self.parent is None:
            return (*own, "", "", "")
        field = meta.get_field(self.parent)
        if isinstance(field, GenericForeignKey):
            return (*own, "", column_of(self.model, field.fk_field), column_of(self.model, field.ct_field))
        assert isinstance(field, models.ForeignKey), f"{meta.label}.{self.parent} is no foreign key"
        return (*own, field.related_model._meta.label_lower, column_of(self.model, self.parent), "")


def column_of(model: type[models.Model], name: str) -> str:
    """The database column of a model's field."""
    column: str = model._meta.get_field(name).column  # type: ignore[union-attr, assignment]
    return column


_watched: dict[str, Watch] = {}
KINDS = {
    "audit_net_row": "AFTER INSERT OR DELETE ON {table} FOR EACH ROW",
    "audit_net_update": "AFTER UPDATE ON {table} FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)",
    "audit_net_truncate": "AFTER TRUNCATE ON {table} FOR EACH STATEMENT",
}


def watch(model: type[models.Model], parent: str | None = None) -> None:
    """Put the net under a model's table; `parent` names a foreign key (also a generic one) of a child row.

    The triggers themselves are attached after the next migrate.
    """
    _watched[model._meta.label_lower] = Watch(model, parent)


def watched() -> list[Watch]:
    """Every table under the net, sorted by name."""
    return sorted(_watched.values(), key=lambda one: one.table)


def attach(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers of the database those of the registry; does nothing where they already are.

    Must run as the owner of the tables.
    """
    with connection.cursor() as cursor:
        there = _attached(cursor)
        tables = set(connection.introspection.table_names(cursor))
        wanted = {(one.table, name): one for one in watched() if one.table in tables for name in KINDS}
        for table, name in there.keys() - wanted.keys():
            cursor.execute(f"DROP TRIGGER {name} ON {_quote(connection, table)}")
        for (table, name), one in wanted.items():
            if there.get((table, name)) != one.arguments():
                when = KINDS[name].format(table=_quote(connection, table))
                holes = ", ".join(["%s"] * len(one.arguments()))
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {when} EXECUTE FUNCTION audit_net({holes})", one.arguments())


def _quote(connection: BaseDatabaseWrapper, name: str) -> str:
    return connection.ops.quote_name(name)


def _attached(cursor: CursorWrapper) -> dict[tuple[str, str], tuple[str, ...]]:
    """The net's triggers now in the database: (table, trigger) → arguments."""
    cursor.execute(
        "SELECT c.relname, t.tgname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname = ANY(%s) AND c.relnamespace = current_schema()::regnamespace",
        [list(KINDS)],
    )
    return {(table, name): tuple(arguments.split("\\000")[:-1]) for table, name, arguments in cursor.fetchall()}
