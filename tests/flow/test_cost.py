"""What a move costs: a promise in numbers, so that a batch of a thousand stays a matter of seconds."""
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, moment
from tests.kit.risks import FILED, draft, middle, point_in


def cost(act, record, who, world, **more):
    person = again(world.people[who])
    fresh = RiskPoint.objects.visible_to(person).get(pk=record.pk)
    with CaptureQueriesContext(connection) as seen:
        act(fresh, by=person, at=moment(2026, 5, 19), **more)
    if PRINT:
        print(f"\n{act.__name__}: {len(seen)}")
        for q in seen: print('   ', q['sql'][:210])
    return len(seen)

PRINT = True

def test_costs(world):
    record = draft(world)
    print(cost(services.submit, record, "author", world))
    record.refresh_from_db()
    print(cost(services.agree, record, "head", world))
    record.refresh_from_db()
    print(cost(services.give_back, record, "leader", world, opinion="表现形式过于笼统"))
