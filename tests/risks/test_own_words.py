"""AZ-09: whoever wrote a word of it does not judge it, whoever filed it and whoever handed it in."""
import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.flow.models import Todo
from apps.org.models import Assignment
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import again, grant, moment, staff, stand_in
from tests.kit.risks import FILED, draft

AT = moment(2026, 5, 19)


@pytest.fixture
def coauthor(world):
    """韩冬, who heads the department and also fills in for it."""
    person = staff("韩冬", world.company, "R15", within=world.works, bounded=True)
    grant(person, "R16", world.company)
    world.people["coauthor"] = again(person)
    return world.coauthor


def rewritten(world, *, by, **fields):
    record = draft(world)
    services.update_point(record, fields=fields or {"power": "单项变更签证"}, by=by, at=FILED, version=record.version)
    services.update_point(record, fields={"power": "变更签证"}, by=again(world.clerk), at=FILED, version=record.version)
    services.submit(record, by=again(world.author), at=FILED)
    return RiskPoint.objects.get(pk=record.pk)


def test_a_co_author_does_not_judge_what_he_wrote(world, coauthor):
    record = rewritten(world, by=coauthor)
    assert set(record.writers) == {coauthor.pk, world.clerk.pk}
    with pytest.raises(Refused, match="不能审核本人填报"):
        services.agree(record, by=coauthor, at=AT)
    assert "agree" not in {move.name for move in record.MACHINE.open_to(coauthor, record)}
    services.agree(record, by=again(world.head), at=AT)


def test_nor_does_whoever_stands_in_for_a_co_author(world, coauthor):
    record = rewritten(world, by=coauthor)
    deputy = staff("贺兰", world.company)
    today = timezone.localdate()
    stand_in(coauthor, role="R15", to=deputy, since=today, until=today)
    with pytest.raises(Refused, match="不能审核本人填报"):
        services.agree(record, by=again(deputy), at=AT)


def test_where_only_co_authors_head_the_department_the_next_level_gets_the_to_do(world, coauthor):
    Assignment.objects.filter(user=world.head, role="R15").delete()
    rewritten(world, by=coauthor)
    todo = Todo.objects.get(done_at=None)
    assert todo.role != "R15"
