import datetime

import pytest

from apps.notices import rules

AT = datetime.datetime(2026, 5, 20, 9, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 120)])
def test_waits_longer_after_each_failure(failures, minutes):
    assert rules.next_attempt(failures, at=AT) == AT + datetime.timedelta(minutes=minutes)


def test_gives_up_after_the_sixth_failure():
    assert rules.next_attempt(6, at=AT) is None


@pytest.mark.parametrize("text", ["a\r\nBcc: x@y", "a\u2028Bcc: x@y", "a\x00Bcc: x@y", "a\n\n Bcc: x@y"])
def test_a_line_stays_one_line(text):
    assert rules.one_line(text) == "a Bcc: x@y"


def test_a_line_loses_marks_that_turn_the_reading_direction():
    assert rules.one_line("报告\u202efdp.exe") == "报告 fdp.exe"


def test_a_long_line_ends_with_an_ellipsis():
    assert rules.one_line("字" * 201) == "字" * 199 + "…"
    assert rules.one_line("字" * 200) == "字" * 200


@pytest.mark.parametrize(("url", "own"), [
    ("", True), ("/risks/1/", True), ("//evil.example/", False), ("/\\evil.example", False), ("https://evil.example", False),
    ("javascript:alert(1)", False), ("/risks/\r\nBcc: x", False),
])
def test_only_paths_of_the_portal_are_linked(url, own):
    assert rules.is_own_path(url) is own


@pytest.mark.parametrize(("address", "deliverable"), [
    ("zhou@jia.example", True), ("zhou@jia.example\r\nRCPT TO:<x@y>", False), ("周@jia.example", False), ("zhou", False),
    ("zhou@jia.example>", False), ("", False), ("a b@jia.example", False),
])
def test_only_plain_addresses_reach_an_envelope(address, deliverable):
    assert rules.is_deliverable(address) is deliverable


@pytest.mark.parametrize(("code", "final"), [(250, False), (421, False), (451, False), (550, True), (599, True), (600, False)])
def test_only_5xx_means_never(code, final):
    assert rules.is_final(code) is final
