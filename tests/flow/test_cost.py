"""What a move costs in statements, savepoints included: a batch of a thousand must stay a matter of seconds."""
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, moment
from tests.kit.risks import draft


def cost(act, record, who, world, **more):
    person = again(world.people[who])
    fresh = RiskPoint.objects.visible_to(person).get(pk=record.pk)
    with CaptureQueriesContext(connection) as seen:
        act(fresh, by=person, at=moment(2026, 5, 19), **more)
    return len(seen)


def test_a_move_costs_no_more_than_it_did(world):
    record = draft(world)
    assert cost(services.submit, record, "author", world) <= 41
    assert cost(services.agree, record, "head", world) <= 29
    assert cost(services.give_back, record, "leader", world, opinion="表现形式过于笼统") <= 23
