"""Two people decide at once, ten presses hand in: on committed rows, with real threads, one step comes out each time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.audit.models import Event
from apps.core.errors import Refused
from apps.flow.models import Step, Todo
from apps.org.models import Department
from apps.risks import services
from apps.risks.models import RiskPoint
from tests.kit.people import User, again, build_world, moment, staff
from tests.kit.risks import FILED, draft, point_in

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, POINTS, PRESSES = 10, 30, 5  # 30 points, 2 people, 5 presses each: 300 tries


@pytest.fixture
def all_at_once():
    """Run ten calls in ten threads that start together; gives how many were not refused."""
    gate = threading.Barrier(THREADS)

    def run(call):
        gate.wait(timeout=60)
        try:
            call()
        except Refused:
            return 0
        return 1

    def close():
        connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        yield lambda calls: sum(pool.map(run, calls))
        list(pool.map(run, [close] * THREADS))


def test_of_two_who_decide_at_once_one_decides(all_at_once):
    world = build_world()
    twin = staff("韩冬", world.company, "R15", within=world.works, bounded=True)
    pairs = (world.head.pk, twin.pk)
    for _ in range(POINTS):
        record = draft(world)
        services.submit(record, by=again(world.author), at=FILED)

        def decide(user_id, agrees, pk=record.pk, version=record.version):
            person, row = User.objects.get(pk=user_id), RiskPoint.objects.get(pk=pk)
            if agrees:
                services.agree(row, by=person, at=moment(2026, 5, 19), version=version)
            else:
                services.give_back(row, by=person, at=moment(2026, 5, 19), opinion="内容不完整", version=version)

        calls = [lambda u=u, a=n % 2 == 0: decide(u, a) for n in range(PRESSES) for u in pairs]
        assert all_at_once(calls) == 1
        steps = Step.objects.filter(object_id=record.pk, move__in=["agree", "give_back"])
        record.refresh_from_db()
        assert (steps.count(), record.version, record.state) == (1, 3, steps.get().target)
        assert Todo.objects.filter(object_id=record.pk, done_at=None).count() == 1


def _agree(record, person):
    """What a program sends that read no version: the answer, or the refusal."""
    try:
        services.agree(RiskPoint.objects.get(pk=record.pk), by=User.objects.get(pk=person.pk), at=moment(2026, 5, 19))
    except Refused as no:
        return no.message
    finally:
        connection.close()
    return "agreed"


def test_who_waited_for_the_row_sees_the_question_asked_meanwhile():
    world = build_world()
    record = draft(world)
    services.submit(record, by=again(world.author), at=FILED)
    twin = staff("韩冬", world.company, "R15", within=world.works, bounded=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.add_signers(record, people=[world.lawyer], by=again(world.head), at=moment(2026, 5, 19))
            waiting = pool.submit(_agree, record, twin)
            _until_somebody_waits()
        assert "已由赵静加签" in waiting.result(timeout=30)


def test_two_pass_it_on_at_one_moment_and_it_waits_for_one(all_at_once):
    world = build_world()
    record = draft(world)
    services.submit(record, by=again(world.author), at=FILED)
    twin, third = (staff(name, world.company, "R15", within=world.works, bounded=True) for name in ("韩冬", "简宁"))

    def pass_on(by, to):
        row, who = RiskPoint.objects.get(pk=record.pk), User.objects.get(pk=by.pk)
        return lambda: services.hand_over(row, to=User.objects.get(pk=to.pk), by=who, at=FILED, opinion="请代为办理")

    assert all_at_once([pass_on(world.head, third), pass_on(twin, third)] * 5) == 1
    assert Todo.objects.filter(done_at=None).count() == 1


def test_two_agree_at_one_moment_and_one_of_them_counts(all_at_once):
    world = build_world()
    record = draft(world, layer="unit", department=None, post=None)
    services.submit(record, by=again(world.author), at=FILED)
    leaders = [world.leader, world.second_leader]

    def agree(by):
        row, who = RiskPoint.objects.get(pk=record.pk), User.objects.get(pk=by.pk)
        return lambda: services.agree(row, by=who, at=FILED)

    assert all_at_once([agree(who) for who in leaders * 5]) == 1
    record.refresh_from_db()
    assert record.state == "leader"


def test_objections_of_one_moment_all_count(all_at_once):
    world = build_world()
    record = point_in("publicity", world)

    def object_to(by):
        row, who = RiskPoint.objects.get(pk=record.pk), User.objects.get(pk=by.pk)
        return lambda: services.object_to(row, content="实际流程与所述表现形式不一致", by=who, at=moment(2026, 5, 27))

    assert all_at_once([object_to(who) for who in [world.worker, world.colleague] * 5]) == 10
    assert (record.objections.count(), Todo.objects.filter(done_at=None, kind="handle").count()) == (10, 1)


def _until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits for the row")


def test_ten_presses_hand_in_once(all_at_once):
    world = build_world()
    record = draft(world)

    def press():
        services.submit(RiskPoint.objects.get(pk=record.pk), by=User.objects.get(pk=world.author.pk), at=FILED)

    assert all_at_once([press] * 10) == 1
    record.refresh_from_db()
    assert (record.state, record.version, Step.objects.count(), Todo.objects.filter(done_at=None).count()) == ("department", 2, 1, 1)
    assert not Event.objects.filter(event_type="unattributed", object_type__startswith="risks.").exists()


def test_of_ten_who_register_the_same_point_one_does_and_numbers_are_never_shared(all_at_once):
    world = build_world()
    fields = {
        "unit": world.company,
        "year": 2026,
        "name": "同名",
        "layer": "department",
        "department": Department.objects.get(pk=world.works.pk),
    }

    def register():
        services.create_draft(fields, by=User.objects.get(pk=world.clerk.pk), at=FILED)

    assert all_at_once([register] * 10) == 1
    others = [
        lambda n=n: services.create_draft(fields | {"name": f"另名{n}"}, by=User.objects.get(pk=world.clerk.pk), at=FILED)
        for n in range(10)
    ]
    assert all_at_once(others) == 10
    assert RiskPoint.objects.count() == 11 == RiskPoint.objects.values("number").distinct().count()
