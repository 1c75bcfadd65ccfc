"""The matrix is domain.md §2.3 and §2.5; these tests hold what must never slip in by a typing error."""
import pytest

from apps.org.matrix import FUNCTIONS, allows, letters, own_only
from apps.org.roles import ADMINISTRATORS, Role

BUSINESS = [code for code in FUNCTIONS if code not in {"system", "grants", "log"}]


@pytest.mark.parametrize("function", BUSINESS)
@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_administrators_read_no_business_content(role, function):
    assert letters(role, function) == ""


@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_anonymous_reporters_may_only_report(function):
    assert letters(Role.R21, function) == ("Co" if function == "report" else "")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("R01", "R"), ("R02", "R"), ("R03", "AR"), ("R04", "AR"), ("R05", "AR"), ("R06", "R"), ("R07", "RAE"), ("R08", "R"),
        ("R09", "R"), ("R10", ""), ("R11", "R"), ("R12", "CUR"), ("R13", "AR"), ("R14", "AR"), ("R15", "AR"), ("R16", "CUR"),
        ("R17", ""), ("R18", "R"), ("R19", "Co"), ("R20", "Co"), ("R21", ""), ("R22", ""), ("R23", ""), ("R24", ""),
    ],
)  # fmt: skip
def test_the_row_of_risk_points_is_the_specified_one(role, expected):
    assert letters(role, "risk") == expected


@pytest.mark.parametrize("role", ["R01", "R03", "R05", "R06", "R08", "R15", "R16", "R17", "R20"])
def test_clues_are_not_even_a_menu_entry_for_others(role):
    assert not allows(role, "clue", "R") or own_only(role, "clue")


def test_any_letter_includes_reading():
    assert allows("R16", "risk", "R")
    assert allows("R13", "report", "R")
    assert not allows("R17", "risk", "R")


def test_a_letter_not_held_is_refused():
    assert not allows("R05", "risk", "C")
    assert allows("R15", "risk", "A")


def test_own_rows_only_is_marked():
    assert own_only("R20", "risk")
    assert not own_only("R16", "risk")


def test_an_unknown_function_is_a_programming_error():
    with pytest.raises(KeyError):
        letters("R01", "nothing")
