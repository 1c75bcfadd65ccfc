"""PostgreSQL and Redis of the benchmarks, with the launcher's own settings, and one scratch database after the other."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg2  # noqa: E402 -- the path first

import portal  # noqa: E402


class Servers(portal.Servers):
    """The launcher's servers in a folder of their own; the superuser's address stays known, and `database` names the scratch one."""

    database = "portal"

    def environment(self) -> dict[str, str]:
        env = super().environment()
        place = env["DATABASE_URL"].rpartition("@")[2]
        env["DATABASE_ADMIN_URL"] = f"postgres://portal_admin:{self.secret['admin']}@{place}"
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"):
            env[name] = f"{env[name].rpartition('/')[0]}/{self.database}"
        return env

    def use(self, database: str) -> None:
        """From here on everything means this database."""
        self.database = database
        os.environ.update(self.environment())

    def missing(self) -> bool:
        """Whether the database is not there, or was not filled to its end."""
        with connected("portal") as cursor:
            cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [self.database])
            return cursor.fetchone() != ("filled",)

    def make(self) -> None:
        """An empty database with the portal's tables and standing data."""
        with connected("portal") as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{self.database}" OWNER portal_owner')
        with connected(self.database) as cursor:
            for kind, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT")):
                cursor.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT {rights} ON {kind} TO portal_app")
        self.run("migrate", "--noinput", PORTAL_DB="owner")
        self.run("setup")

    def filled(self) -> None:
        """Remember that the rows are there."""
        with connected("portal") as cursor:
            cursor.execute(f"COMMENT ON DATABASE \"{self.database}\" IS 'filled'")

    def run(self, *command: str, **extra: str) -> None:
        """A manage.py command on the scratch database."""
        call = [sys.executable, "manage.py", *command]
        subprocess.run(call, cwd=ROOT, env=self.environment() | extra, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- ours


@contextmanager
def servers() -> Iterator[Servers]:
    """Both servers, until the block ends."""
    made = Servers(portal.VAR / "bench")
    try:
        made.start()
        portal.collect_static(made)
        made.use("portal")
        yield made
    finally:
        made.stop()


@contextmanager
def connected(database: str) -> Iterator[psycopg2.extensions.cursor]:
    """A superuser's cursor that no trigger and no foreign key check holds up; each statement commits by itself."""
    parts = urlsplit(os.environ["DATABASE_ADMIN_URL"])
    link = psycopg2.connect(host=unquote(parts.hostname or ""), user=parts.username, password=parts.password, dbname=database)
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
            yield cursor
    finally:
        link.close()
