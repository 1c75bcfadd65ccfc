"""AZ-14: a file made for rights that are gone is gone with them, also within its week."""
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.documents.services import request_job, run_jobs
from apps.org.models import Assignment
from apps.org.services import end_assignment
from tests.kit.people import again, build_world, grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build_world()


@pytest.fixture
def printed(world, kind):
    """A file 联络员 had made, and how he asks for it."""
    job = request_job(
        kind(lambda job, progress: ("台账.pdf", "application/pdf", b"%PDF")), by=world.clerk, at=timezone.now(), title="台账", params={}
    )
    assert run_jobs(clock=timezone.now) == 1

    def ask():
        client = Client()
        client.force_login(again(world.clerk))
        answer = client.get(f"/jobs/{job.pk}/download/")
        assert answer.getvalue()
        return answer.status_code

    assert ask() == 200
    return ask


def test_a_file_made_for_rights_that_were_taken_back_is_not_found(world, printed):
    for row in Assignment.objects.filter(user=world.clerk):
        end_assignment(row, on=timezone.localdate() - timedelta(days=1), by=world.secretary, at=timezone.now(), reason="调离")
    assert printed() == 404


def test_other_rights_are_other_rights(world, printed):
    grant(again(world.clerk), "R12", world.other, since=timezone.localdate())
    assert printed() == 404


def test_the_same_right_given_again_changes_nothing(world, printed):
    grant(again(world.clerk), "R16", world.company, since=timezone.localdate())
    assert printed() == 200
