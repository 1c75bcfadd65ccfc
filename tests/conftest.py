"""The test database belongs to the owner role and is used through the app role, as in production."""
import pytest
from django.conf import settings
from django.db import connections

from tests.kit import roles


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_keepdb, django_db_createdb, django_db_modify_db_settings):
    """Create and migrate as the owner, then run every test as the app role."""
    from django.test.utils import setup_databases, teardown_databases

    connection = connections["default"]
    with django_db_blocker.unblock():
        connection.settings_dict.update(roles.credentials(settings.OWNER_DATABASE_URL))
        old = setup_databases(
            verbosity=0, interactive=False, keepdb=django_db_keepdb and not django_db_createdb, serialized_aliases=[]
        )
        connection.close()
        connection.settings_dict.update(roles.credentials(settings.APP_DATABASE_URL))
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(roles.credentials(settings.OWNER_DATABASE_URL))
        if not django_db_keepdb:
            with roles.as_superuser() as cursor:  # a server thread may not have closed its connection yet
                others = "datname = current_database() AND pid <> pg_backend_pid()"
                cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            teardown_databases(old, verbosity=0)


@pytest.fixture(autouse=True, scope="session")
def flush_as_superuser():
    """Transactional tests empty the tables; the audit triggers refuse that to everybody, so a superuser does it here."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def execute_sql_flush(self, sql_list):
        self.connection.close()
        with roles.as_superuser() as cursor:
            for sql in sql_list:
                cursor.execute(sql)

    original = DatabaseOperations.execute_sql_flush
    DatabaseOperations.execute_sql_flush = execute_sql_flush
    yield
    DatabaseOperations.execute_sql_flush = original


@pytest.fixture(autouse=True, scope="session")
def signing_key():
    """The key `setup` would make."""
    from apps.audit.keys import ensure_key

    ensure_key(settings.AUDIT_KEY_FILE)


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory):
    """Attachments and results of this process alone: the night's sweeping, tried with the clock moved on, takes all it finds."""
    from django.test import override_settings

    state = tmp_path_factory.mktemp("state")
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(state / "files")}}
    with override_settings(STATE_DIR=state, STORAGES=settings.STORAGES | {"default": place}):
        yield
