import pytest
from django.db import connection


@pytest.mark.django_db
def test_runs_as_the_app_role():
    with connection.cursor() as c:
        c.execute("select current_user")
        assert c.fetchone() == ("portal_app",)
