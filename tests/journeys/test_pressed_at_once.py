"""Ten posts of one form at the same moment, through the whole web stack."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from apps.risks.models import RiskPoint
from tests.journeys.forms import NAME
from tests.kit.people import again

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_posts_of_one_form_make_one_row(world):
    browser = Client()
    browser.force_login(again(world.author))
    posted = {
        "unit": world.company.pk, "year": 2026, "name": NAME, "secrecy": "unit", "token": "t" * 22, "then": "save",
        "publicity_scope": "unit", "measures-TOTAL_FORMS": "0", "measures-INITIAL_FORMS": "0",
    }  # fmt: skip

    def post(_):
        own = Client()
        own.cookies = browser.cookies
        try:
            answer = own.post("/risks/new/", posted)
            return answer.status_code, answer.headers.get("Location")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(post, range(10)))
    record = RiskPoint.objects.get()
    assert answers == {(302, record.get_absolute_url())}
