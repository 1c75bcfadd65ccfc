"""Every move from every state as everybody: the table below is Appendix A3 with the names of the scene."""

import re
from pathlib import Path

import pytest
from django.db import transaction

from apps.core.errors import Refused
from apps.flow.services import make_move
from apps.risks.machine import MACHINE
from apps.risks.models import RiskPoint
from tests.kit.people import again, moment
from tests.kit.risks import OVER, point_in

INSIDE = {
    "author", "clerk", "worker", "colleague", "trade", "head", "office_head", "leader", "second_leader", "secretary", "inspector",
    "party_office", "lawyer",
}  # fmt: skip
OFFICE = {"discipline", "discipline_two"}
VOIDERS = OFFICE | {"inspector"}


def aside(*people):
    """转办 and 加签 are the owner's; nobody was asked yet, so nobody signs and nothing can be withdrawn."""
    return {"hand_over": set(people), "add_signers": set(people)}


WHO_MAY = {
    "draft": {"submit": {"author", "clerk", "trade"}, "void": {"author"}},
    "department": {"withdraw": {"author"}, "agree": {"head"}, "give_back": {"head"}, "void": VOIDERS} | aside("head"),
    "leader": {"agree": {"leader"}, "give_back": {"leader"}, "give_back_one": {"leader"}, "void": VOIDERS} | aside("leader"),
    "discipline": {"agree": {"inspector"}, "give_back": {"inspector"}, "give_back_one": {"inspector"}, "void": VOIDERS}
    | aside("inspector"),
    "party": {"pass_at_sitting": {"party_office"}, "give_back": {"party_office"}, "give_back_one": {"party_office"}, "void": VOIDERS}
    | aside("party_office"),
    "publicity": {"object_to": INSIDE, "void": VOIDERS},
    "objection": {"object_again": INSIDE, "answer_objection": {"inspector"}, "void": VOIDERS} | aside("inspector"),
    "in_force": {"open_adjustment": OFFICE | {"head"}, "confirm_review": OFFICE | {"head"}, "strike": OFFICE, "void": VOIDERS},
    "adjusting": {
        "agree_adjustment": {"leader", "second_leader"}, "refuse_adjustment": {"leader", "second_leader"},
        "withdraw_adjustment": {"head"}, "void": VOIDERS,
    } | aside("leader", "second_leader"),
    "struck": {},
    "void": {},
}


@pytest.mark.parametrize("state", RiskPoint.State.values)
def test_every_move_from_this_state_is_open_to_exactly_these_people(state, world):
    record = point_in(state, world)
    sitting = world.sitting(met_on=moment(2026, 6, 9).date())
    data = {"target": "department", "accepted": False, "is_last": False, "today": OVER, "sitting": sitting}
    found = {move.name: set() for move in MACHINE.moves}
    offered = {move.name: set() for move in MACHINE.moves}
    for name in world.people:
        person = again(world.people[name])
        for move in MACHINE.open_to(person, RiskPoint.objects.get(pk=record.pk)):
            offered[move.name].add(name)
        for move in MACHINE.moves:
            try:
                with transaction.atomic():
                    make_move(record, move.name, by=person, at=moment(2026, 6, 9), opinion="情况属实，同意办理", data=data)
                    found[move.name].add(name)
                    transaction.set_rollback(True)
            except Refused:
                pass
            record.refresh_from_db()
    expected = {move.name: WHO_MAY[state].get(move.name, set()) for move in MACHINE.moves}
    assert found == expected
    assert offered == expected


@pytest.mark.parametrize("state", RiskPoint.State.values)
def test_the_system_only_ends_a_publicity(state, world):
    record = point_in(state, world)
    for move in MACHINE.moves:
        if move.name == "end_publicity" and state == "publicity":
            continue
        with pytest.raises(Refused), transaction.atomic():
            make_move(record, move.name, by=None, at=moment(2026, 6, 9), opinion="情况属实，同意办理", data={"today": OVER})


def test_the_page_about_the_machine_names_every_state_and_every_move():
    page = (Path(__file__).parents[2] / "docs" / "machines" / "risk.md").read_text()
    for code, label in RiskPoint.State.choices:
        assert re.search(rf"`{code}` *\| *{label}", page), label
    for move in MACHINE.moves:
        assert f"`{move.name}`" in page, move.name
