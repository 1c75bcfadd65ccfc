"""The chain: two programs compute the same hash, and every kind of tampering by a superuser is found (AL-04)."""
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit import chain, queries, services
from tests.audit.conftest import AT
from tests.kit import audit, roles

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
AWKWARD = '"\\/\b\f\n\r\t\x01\x1f\x7f\u0085\u2028\ufeff\U0001f409’中文'


def written(stream="org:1", count=5):
    for number in range(count):
        with transaction.atomic():
            services.note("paper.made", stream=stream, by=None, at=AT, object_id=number, reason=f"第{number}件")


def verdict(*arguments):
    """What audit_verify prints, and its exit code."""
    out = StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=out)
    except CommandError as end:
        return end.returncode, out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=TEXT, other=TEXT, number=st.none() | st.integers(-(2**63), 2**63 - 1), ip=st.none() | st.ip_addresses().map(str),
    at=st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)),
)  # fmt: skip
def test_python_and_the_database_compute_the_same_hash(db, text, other, number, ip, at):
    link = chain.Link(
        "s" + text, 3, at, number, text, number, other, ip, text, other, "e" + other, text, other, text, number, "ok", text, other,
        "sha256", bytes(32), b"",
    )  # fmt: skip
    values = [getattr(link, name) for name in chain.Link.__dataclass_fields__]
    with connection.cursor() as cursor:
        row = ", ".join(["%s"] * len(values))
        cursor.execute(f"SELECT audit_hash(ROW({row})::audit_event), host(%s::inet)", [*values, ip])
        digest, host = cursor.fetchone()
    assert bytes(digest) == chain.link_hash(replace(link, ip=host))


def test_awkward_characters_and_borders_are_hashed_alike(db):
    services.note("audit.read", stream="sys", by=None, at=AT, reason=AWKWARD, object_label='a","b', after={"x": AWKWARD, "zero": "\x00"})
    audit.flushed()
    assert list(queries.faults()) == []
    (link,) = queries.links(queries.heads()[0])
    assert (link.reason, link.object_label, link.prev_hash) == (AWKWARD, 'a","b', chain.GENESIS)


def test_moving_a_border_between_two_fields_changes_the_hash(db):
    services.note("audit.read", stream="sys", by=None, at=AT)
    audit.flushed()
    (link,) = queries.links(queries.heads()[0])
    one, other = replace(link, object_id="ab", object_label="c"), replace(link, object_id="a", object_label="bc")
    assert chain.link_hash(one) != chain.link_hash(other)
    assert chain.link_hash(replace(link, ip=None)) != chain.link_hash(replace(link, ip=""))


def test_a_sound_chain_is_called_sound(open_desk):
    assert verdict() == (0, ["审计链完好：0条链，0条事件"])
    written()
    written("sys", 2)
    assert verdict() == (0, ["审计链完好：2条链，7条事件"])
    assert verdict("--stream", "sys") == (0, ["审计链完好：1条链，2条事件"])
    assert verdict("--quiet") == (0, [])


def test_long_chains_are_read_in_batches(open_desk):
    written(count=7)
    (head,) = queries.heads()
    for batch in (1, 3, 7, 8):
        assert [link.seq for link in queries.links(head, batch=batch)] == [1, 2, 3, 4, 5, 6, 7]


TAMPERING = {
    "edited": ("UPDATE audit_event SET reason = '改' WHERE stream = 'org:1' AND seq = 3", ["org:1 3 bad_hash"]),
    "edited and hashed again": (
        "UPDATE audit_event e SET reason = '改' WHERE stream = 'org:1' AND seq = 3;"
        "UPDATE audit_event e SET hash = audit_hash(e) WHERE stream = 'org:1' AND seq = 3",
        ["org:1 4 bad_link"],
    ),
    "deleted in the middle": ("DELETE FROM audit_event WHERE stream = 'org:1' AND seq IN (2, 3)", ["org:1 2 gap"]),
    "deleted first": ("DELETE FROM audit_event WHERE stream = 'org:1' AND seq = 1", ["org:1 1 gap"]),
    "deleted last": ("DELETE FROM audit_event WHERE stream = 'org:1' AND seq > 3", ["org:1 4 tail"]),
    "deleted all": ("DELETE FROM audit_event WHERE stream = 'org:1'", ["org:1 1 tail"]),
    "deleted with its head": ("DELETE FROM audit_head WHERE stream = 'org:1'", ["org:1 no_head"]),
    "deleted and closed up": (
        "DELETE FROM audit_event WHERE stream = 'org:1' AND seq = 3;"
        "UPDATE audit_event SET seq = seq - 1 WHERE stream = 'org:1' AND seq > 3;"
        "UPDATE audit_head SET seq = 4 WHERE stream = 'org:1'",
        ["org:1 3 bad_link", "org:1 3 bad_hash", "org:1 4 bad_hash"],
    ),
    "swapped": (
        "UPDATE audit_event SET seq = 30 WHERE stream = 'org:1' AND seq = 3;"
        "UPDATE audit_event SET seq = 3 WHERE stream = 'org:1' AND seq = 4;"
        "UPDATE audit_event SET seq = 4 WHERE stream = 'org:1' AND seq = 30",
        ["org:1 3 bad_link", "org:1 3 bad_hash", "org:1 4 bad_link", "org:1 4 bad_hash", "org:1 5 bad_link"],
    ),
    "inserted at the end": (
        "INSERT INTO audit_event SELECT stream, 6, at, actor_id, actor_name, acting_for, acting_for_name, ip, session_hash, request_id,"
        " event_type, object_type, object_id, object_label, unit_id, result, reason, body, alg, hash, sha256('x')"
        " FROM audit_event WHERE stream = 'org:1' AND seq = 5",
        ["org:1 6 beyond_head"],
    ),
    "head moved back": ("UPDATE audit_head SET seq = 4 WHERE stream = 'org:1'", ["org:1 4 head", "org:1 5 beyond_head"]),
    "head moved on": ("UPDATE audit_head SET seq = 9 WHERE stream = 'org:1'", ["org:1 6 tail"]),
    "head changed": ("UPDATE audit_head SET hash = sha256('x') WHERE stream = 'org:1'", ["org:1 5 head"]),
    "moved to another chain": (
        "UPDATE audit_event SET stream = 'org:2' WHERE stream = 'org:1' AND seq = 5", ["org:1 5 tail", "org:2 no_head"],
    ),
}  # fmt: skip
# What the cheap look at the heads, on every /readyz, sees of it.
CHEAP = {
    "deleted last", "deleted all", "deleted with its head", "inserted at the end", "head moved back", "head moved on", "head changed",
    "moved to another chain",
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_by_a_superuser_is_found_and_placed(open_desk, kind):
    written()
    written("sys", 3)
    sql, places = TAMPERING[kind]
    with roles.as_superuser() as cursor:
        cursor.execute(sql)
    code, lines = verdict("--quiet")
    assert code == 1
    assert [line.rsplit(" ", 1)[0] for line in lines] == places
    assert bool(queries.head_faults()) == (kind in CHEAP)
    assert queries.head_faults("sys") == []
    assert verdict("--stream", "sys", "--quiet") == (0, [])


def test_verification_may_leave_its_own_event(open_desk):
    written()
    assert verdict("--note", "--quiet") == (0, [])
    with roles.as_superuser() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE stream = 'org:1' AND seq = 5")
    assert verdict("--note", "--quiet")[0] == 1
    assert [(one.result, audit.after(one)) for one in audit.events(event_type="audit.verified")] == [
        ("ok", {"faults": 0}), ("failed", {"faults": 1}),
    ]  # fmt: skip
