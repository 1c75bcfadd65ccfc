"""Every page of the slice at both sizes: nothing for axe to find, nothing on the console, nothing from elsewhere, no sideways scroll."""
import pytest
from django.utils import timezone

from apps.documents.services import request_job
from tests.journeys.desk import PHONE, WIDE
from tests.journeys.forms import POINT
from tests.kit.people import again
from tests.kit.risks import DISCUSSED, draft, point_in

pytestmark = [
    pytest.mark.browser, pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"]),
]  # fmt: skip


@pytest.fixture
def looked_at(desk, size):
    """`looked_at("author", paths)`: each page, and what is wrong with it."""

    def look(name, paths):
        person, found = desk(name, size), []
        for path in paths:
            answer = person.page.goto(path)
            assert answer.status == 200, path
            found += person.axe() + ([f"{path} scrolls sideways"] if person.too_wide() else [])
        return found

    return look


def test_before_the_login(looked_at):
    assert looked_at("", ["/login/"]) == []


def test_who_registers(looked_at, world):
    record, old = draft(world), point_in("in_force", world)
    request_job("risk-ledger", by=again(world.author), at=timezone.now(), title="廉政风险点台账", params={"query": ""})
    paths = ["/", "/risks/", "/risks/new/", f"/risks/{record.pk}/", f"/risks/{record.pk}/edit/", f"/risks/{old.pk}/", "/todo/", "/jobs/"]
    assert looked_at("author", paths) == []


def test_who_decides(looked_at, world):
    record, running, old = point_in("department", world), point_in("adjusting", world), point_in("in_force", world)
    paths = ["/", "/todo/", "/todo/run/", f"/risks/{record.pk}/", f"/risks/{running.pk}/", f"/risks/{old.pk}/adjust/"]
    assert looked_at("head", paths) == []


def test_who_holds_the_sitting(looked_at, world):
    record, sitting = point_in("party", world), world.sitting(met_on=DISCUSSED.date(), confirmed=False)
    paths = ["/sittings/", "/sittings/new/", f"/sittings/{sitting.pk}/", f"/risks/{record.pk}/", "/todo/run/"]
    assert looked_at("party_office", paths) == []


def test_the_form_with_errors(desk, size):
    author = desk("author", size)
    author.open("/risks/new/")
    author.fill({"name": POINT["name"], "manifestation": "笼统"})
    author.page.get_by_role("button", name="添加一条措施").click()
    author.fill({"content": "会签"}, prefix="measures-0-")
    author.press("提交")
    author.summary.wait_for()
    assert author.summary.locator("li").count() > 10
    assert author.axe() == []
    assert not author.too_wide()
