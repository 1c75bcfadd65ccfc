"""Every route of the portal × method × role, and the status it answers. A route without a row fails the suite.

A row names what the roles of M城建's world get (see tests/kit/people.py; the strangers of another company and people
without any role are R00 and always the last column). Whoever is not named gets the row's `others`.
The record is a risk point of M城建's works department in 公示, unless the row says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ALL = [f"R{n:02d}" for n in range(1, 25)]
# domain.md §2.3, §2.5, row 廉政风险点; R19 and R20 see what is public in their unit.
RISK_READERS = "R01 R02 R03 R04 R05 R06 R07 R08 R09 R11 R12 R13 R14 R15 R16 R18 R19 R20"
RISK_WRITERS = "R12 R16 R19 R20"
NOT_WRITING = "R03 R04 R05 R06 R07 R08 R11 R13 R14 R15 R18"  # see the draft, may not change it
NOT_DECIDING = "R01 R02 R03 R04 R05 R06 R07 R08 R09 R11 R12 R13 R14 R16 R18 R19"  # see it wait for somebody else
URGING = "R03 R04 R05 R07 R12 R13 R14 R16 R19"  # filed it, or change or approve the unit's points; R15 has it himself
NOT_ADJUSTING = "R01 R02 R03 R04 R05 R06 R08 R09 R11 R12 R13 R14 R16 R18 R19 R20"
UNIT_MEMBERS = "R05 R06 R11 R12 R13 R14 R15 R16 R19 R20"
SITTING_READERS = "R03 R04 R05 R06 R07 R13 R14"
SITTING_WRITERS = "R06"
EVERYBODY = " ".join(ALL)


@dataclass(frozen=True)
class Row:
    """What one method of one route answers: `ok` for `roles`, `others` for everybody else."""

    roles: str
    ok: int = 200
    others: int = 404
    kwargs: Callable[[Any], dict[str, Any]] = field(default=lambda world: {})
    data: Callable[[Any], dict[str, Any]] = field(default=lambda world: {})
    more: dict[int, str] = field(default_factory=dict)  # further statuses: {403: "R05 R06"}
    json: bool = False
    anonymous: int = 302

    def expected(self) -> dict[str, int]:
        """The status of every role; R00 are the strangers of another company."""
        found = dict.fromkeys([*ALL, "R00"], self.others)
        for status, roles in [(self.ok, self.roles), *self.more.items()]:
            found |= dict.fromkeys(roles.split(), status)
        return found


def _point(world: Any) -> dict[str, Any]:
    return {"pk": world.point.pk}


def _draft(world: Any) -> dict[str, Any]:
    return {"pk": world.draft.pk}


def _waiting(world: Any) -> dict[str, Any]:
    return {"pk": world.waiting.pk, "name": "agree"}


def _standing(world: Any) -> dict[str, Any]:
    return {"pk": world.standing.pk}


def _sitting(world: Any) -> dict[str, Any]:
    return {"pk": world.minutes.pk}


def _file(world: Any) -> dict[str, Any]:
    return {"attachment_id": world.attachment.pk}


def _batch(world: Any) -> dict[str, Any]:
    return {"pk": world.batch.pk}


def _line(world: Any) -> dict[str, Any]:
    return {"pk": world.batch.pk, "row": 2}


def _job(world: Any) -> dict[str, Any]:
    return {"job_id": world.job.pk}


SIGNED = EVERYBODY + " R00"
# (route name, method): Row. A method that is not here must answer 405 (or 404) to everybody.
ROWS: dict[tuple[str, str], Row] = {
    ("healthz", "get"): Row(SIGNED, anonymous=200),
    ("readyz", "get"): Row(SIGNED, ok=503, anonymous=503),  # no tick ran in a test
    ("home", "get"): Row(SIGNED),
    ("todo", "get"): Row(SIGNED),
    ("todo-count", "get"): Row(SIGNED),
    ("todo-run", "get"): Row(SIGNED),
    ("search", "get"): Row(SIGNED),
    ("number", "get"): Row(RISK_READERS, ok=302, kwargs=lambda w: {"text": w.point.number}),
    ("risks-list", "get"): Row(RISK_READERS + " R00"),
    ("risks-ledger", "post"): Row(RISK_READERS + " R00", ok=302),
    ("risks-suggest", "get"): Row(RISK_READERS + " R00"),
    ("risks-point-suggest", "get"): Row(RISK_READERS, kwargs=_point),
    ("risks-view", "post"): Row(RISK_READERS + " R00", ok=302, data=lambda w: {"name": "我的", "query": "level=high"}),
    ("risks-import", "get"): Row(RISK_WRITERS + " R00"),
    ("risks-import", "post"): Row(RISK_WRITERS + " R00", ok=422),
    ("risks-bulk", "post"): Row(RISK_WRITERS + " R00", ok=302, kwargs=lambda w: {"name": "submit"}),
    ("risks-bulk", "get"): Row(RISK_WRITERS + " R00", ok=302, kwargs=lambda w: {"name": "submit"}),
    ("risks-bulk-result", "get"): Row(RISK_WRITERS + " R00", ok=302, kwargs=lambda w: {"name": "submit"}),
    ("risks-import-template", "get"): Row(RISK_WRITERS + " R00"),
    ("risks-import-progress", "get"): Row("R16", kwargs=_batch),
    ("risks-import-faults", "get"): Row("R16", kwargs=_batch),
    ("risks-export", "post"): Row("R07 R12 R16 R00", data=lambda w: {"query": "", "kind": "csv"}),
    ("risks-import-batch", "get"): Row("R16", ok=302, kwargs=_batch),  # on to its rows; a batch is its owner's alone
    ("risks-import-batch", "post"): Row("R16", ok=422, kwargs=_batch),
    ("risks-import-rows", "get"): Row("R16", kwargs=_batch),
    ("risks-import-rows", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-import-row", "get"): Row("R16", kwargs=_line),
    ("risks-import-row", "post"): Row("R16", ok=302, kwargs=_line),
    ("risks-import-commit", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-import-undo", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-import-discard", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-import-next", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-import-again", "post"): Row("R16", ok=302, kwargs=_batch),
    ("risks-new", "get"): Row(RISK_WRITERS + " R00"),
    ("risks-new", "post"): Row(RISK_WRITERS + " R00", ok=422),
    ("risks-new-draft", "post"): Row(RISK_WRITERS + " R00"),
    ("risks-new-draft", "delete"): Row(RISK_WRITERS + " R00", ok=204),
    ("risks-detail", "get"): Row(RISK_READERS, kwargs=_point),
    ("risks-diff", "get"): Row(RISK_READERS, kwargs=_point),
    ("risks-edit", "get"): Row("R12 R16 R19", kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-edit", "post"): Row("R12 R16 R19", ok=422, kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-draft", "post"): Row("R12 R16 R19", kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-draft", "delete"): Row("R12 R16 R19", ok=204, kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-attach", "post"): Row("R12 R16 R19", ok=302, kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-detach", "post"): Row(
        "", kwargs=lambda w: {"pk": w.draft.pk, "file": w.attachment.pk}, more={403: NOT_WRITING},  # a file of another record
    ),
    ("risks-move", "get"): Row(UNIT_MEMBERS, kwargs=lambda w: {"pk": w.point.pk, "name": "object_to"}),
    ("risks-move", "post"): Row("R15", ok=302, kwargs=_waiting, more={409: NOT_DECIDING}),
    ("risks-urge", "post"): Row(NOT_DECIDING + " R15", ok=302, kwargs=lambda w: {"pk": w.waiting.pk}),
    ("risks-delete", "post"): Row("R12 R16 R19", ok=302, kwargs=_draft, more={403: NOT_WRITING}),
    ("risks-adjust", "get"): Row("R07 R15", kwargs=_standing, more={403: NOT_ADJUSTING}),
    ("risks-adjust", "post"): Row("R07 R15", ok=422, kwargs=_standing, more={403: NOT_ADJUSTING}),
    ("risks-adjust-draft", "post"): Row("R07 R15", kwargs=_standing, more={403: NOT_ADJUSTING}),
    ("risks-adjust-draft", "delete"): Row("R07 R15", ok=204, kwargs=_standing, more={403: NOT_ADJUSTING}),
    ("sittings-list", "get"): Row(SITTING_READERS),
    ("sittings-view", "post"): Row(SITTING_READERS, ok=302),
    ("sittings-new", "get"): Row(SITTING_WRITERS),
    ("sittings-new", "post"): Row(SITTING_WRITERS, ok=422),
    ("sittings-new-draft", "post"): Row(SITTING_WRITERS),
    ("sittings-new-draft", "delete"): Row(SITTING_WRITERS, ok=204),
    ("sittings-detail", "get"): Row(SITTING_READERS, kwargs=_sitting),
    ("sittings-confirm", "post"): Row("R03 R13", ok=302, kwargs=_sitting, more={403: "R04 R05 R06 R07 R14"}),
    ("notices", "get"): Row(SIGNED),
    ("notices-read-all", "post"): Row(SIGNED, ok=302),
    ("notice", "get"): Row("R19", ok=302, kwargs=lambda w: {"notice_id": w.notice.pk}),
    ("file", "get"): Row(RISK_READERS, kwargs=_file),
    ("jobs", "get"): Row(SIGNED),
    ("job", "get"): Row("R16", kwargs=_job),
    ("job-cancel", "post"): Row("R16", ok=302, kwargs=_job),
    ("job-retry", "post"): Row("R16", ok=302, kwargs=_job),
    ("job-download", "get"): Row("", kwargs=_job),  # it is not done yet
    ("login", "get"): Row(SIGNED, ok=302, anonymous=200),
    ("login", "post"): Row(SIGNED, ok=422, anonymous=422),
    ("login_again", "post"): Row(SIGNED, ok=422, anonymous=422),
    ("logout", "post"): Row(SIGNED, ok=302),
    ("session", "get"): Row(SIGNED, anonymous=200),
    ("session", "post"): Row(SIGNED, anonymous=200),
    ("password", "get"): Row(SIGNED),
    ("password", "post"): Row(SIGNED, ok=422),
    ("password_reset_link", "get"): Row(SIGNED, ok=410, kwargs=lambda w: {"secret": "x" * 43}, anonymous=410),
    ("password_reset_link", "post"): Row(SIGNED, ok=410, kwargs=lambda w: {"secret": "x" * 43}, anonymous=410),
    ("step_up", "get"): Row(SIGNED),
    ("step_up", "post"): Row(SIGNED, ok=422),
    ("profile", "get"): Row(SIGNED),
    ("profile", "post"): Row(SIGNED, ok=302),
    ("preferences", "post"): Row(SIGNED, ok=302),
    ("list-look", "post"): Row(SIGNED, ok=204, data=lambda w: {"list": "/risks/", "look": "{}"}),
    ("size", "post"): Row(SIGNED, ok=302, anonymous=302),
    ("tokens", "get"): Row(SIGNED),
    ("token_new", "post"): Row(SIGNED, ok=403),  # the password again first
    ("token_revoke", "post"): Row("", kwargs=lambda w: {"pk": 999_999}),
    ("api-schema", "get"): Row(SIGNED, anonymous=401),
    ("api-risk-list", "get"): Row(RISK_READERS + " R00", anonymous=401),
    ("api-risk-list", "post"): Row(RISK_WRITERS + " R00", ok=400, json=True, anonymous=401),
    ("api-risk-detail", "get"): Row(RISK_READERS, kwargs=_point, anonymous=401),
    ("api-risk-detail", "delete"): Row("R12 R16 R19", ok=204, kwargs=_draft, anonymous=401, more={403: NOT_WRITING}),
    ("api-risk-urge", "post"): Row(
        URGING, kwargs=lambda w: {"pk": w.waiting.pk}, json=True, anonymous=401, more={409: "R01 R02 R06 R08 R09 R11 R15 R18"}
    ),
    ("api-risk-move", "post"): Row(
        "R15", kwargs=lambda w: {"pk": w.waiting.pk, "move": "agree"}, json=True, anonymous=401,
        more={409: NOT_DECIDING},
    ),
}  # fmt: skip

DIRECTORY = ("unit", "department", "post", "person", "account")  # kept by the 系统管理员 alone (domain.md §2.3)


def _directory(kind: str) -> dict[tuple[str, str], Row]:
    """The list of one kind of record, its sheets in and out."""

    def batch(world: Any) -> dict[str, Any]:
        return {"pk": world.directory[kind].pk}

    def line(world: Any) -> dict[str, Any]:
        return batch(world) | {"row": 2}

    own = {
        ("list", "get"): Row("R22"),
        ("view", "post"): Row("R22", ok=302, data=lambda w: {"name": "我的", "query": "q=a"}),
        ("export", "post"): Row("R22", data=lambda w: {"query": "", "kind": "csv"}),
        ("import", "get"): Row("R22"),
        ("import", "post"): Row("R22", ok=422),
        ("import-template", "get"): Row("R22"),
        ("import-batch", "get"): Row("R22", ok=302, kwargs=batch),
        ("import-batch", "post"): Row("R22", ok=422, kwargs=batch),
        ("import-rows", "get"): Row("R22", kwargs=batch),
        ("import-rows", "post"): Row("R22", ok=302, kwargs=batch),
        ("import-row", "get"): Row("R22", kwargs=line),
        ("import-row", "post"): Row("R22", ok=302, kwargs=line),
        ("import-progress", "get"): Row("R22", kwargs=batch),
        ("import-faults", "get"): Row("R22", kwargs=batch),
        ("import-commit", "post"): Row("R22", ok=302, kwargs=batch),
        ("import-undo", "post"): Row("R22", ok=302, kwargs=batch),
        ("import-discard", "post"): Row("R22", ok=302, kwargs=batch),
        ("import-next", "post"): Row("R22", ok=302, kwargs=batch),
        ("import-again", "post"): Row("R22", ok=302, kwargs=batch),
    }
    return {(f"{kind}-{page}", method): row for (page, method), row in own.items()}


for _kind in DIRECTORY:
    ROWS |= _directory(_kind)
ROWS[("account-passwords", "post")] = Row("R22", ok=403)  # his password again first
