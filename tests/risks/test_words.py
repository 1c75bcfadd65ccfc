"""What a reader is shown of a point: its content in words, whom it waits for, and who leads where there is nobody above."""
import pytest

from apps.org.models import Unit
from apps.risks import services
from apps.risks.forms import errors_of
from apps.risks.nodes import owners_of
from apps.risks.queries import waiting_line
from apps.risks.sections import content
from tests.kit.people import again, department, unit
from tests.kit.risks import DISCUSSED, FILED, draft, point_in
from tests.risks.test_forms import both, row


def shown(record):
    return {label: text for section in content(record, phone="") for label, text, _ in section["rows"]}


def test_the_five_criteria_are_said_in_words_and_an_unknown_one_breaks_nothing(world):
    record = draft(world)
    record.method, record.criteria = "count", ["power", "gain", "gone-by-now"]
    text = record.snapshot()["criteria"]["text"]
    assert text.count("、") == 2
    assert text.endswith("、gone-by-now")
    assert "power" not in text


def test_a_level_below_the_suggested_one_is_shown_with_who_agreed(world):
    record = draft(world, level="mid", level_reason="已有成熟的会签制度，历年无问题")
    assert shown(record)["降级"] == "待纪检部门同意"
    record.lowering_agreed = True
    assert shown(record)["降级"] == "纪检部门同意"
    assert "降级" not in shown(draft(world))


def test_the_sitting_that_decided_is_shown_with_its_day(world):
    record = point_in("publicity", world)
    assert shown(record)["审定会议"] == f"{record.sitting} {DISCUSSED:%Y-%m-%d}"
    assert "审定会议" not in shown(point_in("party", world))


def test_whom_a_point_waits_for_is_one_sentence_and_nobody_is_none(world):
    record = draft(world)
    assert waiting_line(record, on=FILED.date()) == ""
    services.submit(record, by=again(world.author), at=FILED)
    line = waiting_line(record, on=FILED.date())
    assert "赵静" in line
    assert "部门审核" in line
    assert line.endswith("前办结")


def test_a_measure_marked_for_removal_keeps_no_fault_on_the_page(world):
    bad = row(world, content="", is_standing=False, due_on="2026-13-45")
    assert "measures-1-due_on" in errors_of(*both(world, rows=[row(world), bad]))
    assert errors_of(*both(world, rows=[row(world), bad | {"DELETE": "on"}])) == {}


@pytest.mark.parametrize("node", ["department", "leader"])
def test_a_company_directly_below_the_regulator_is_led_by_itself_never_by_the_regulator(world, node):
    alone = unit("M港口有限公司", "GK", kind=Unit.Kind.SECOND, parent=world.regulator)
    record = draft(world)
    record.unit, record.department = alone, department(alone, "工程部")
    places = {owner.unit for owner in owners_of(record, node)}
    assert places == {alone}
    assert [owner.role for owner in owners_of(record, node)][-3:] == ["R05", "R13", "R03"]
