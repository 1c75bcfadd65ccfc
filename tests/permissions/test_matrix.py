"""Each route, each method, each of the 24 roles, a stranger of another company, and nobody at all."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from apps.documents.services import request_job
from apps.exchange.models import Batch, BatchRow
from apps.files.services import attach
from apps.notices.models import Notice
from tests.kit.people import World, again, build_world, grant, moment, user
from tests.kit.risks import draft, middle, point_in
from tests.permissions.rows import ALL, DIRECTORY, ROWS, Row

METHODS = ("get", "post", "put", "patch", "delete")
NAMED = {
    "R01": "regulator_staff", "R02": "stationed", "R03": "group_secretary", "R04": "group_inspector", "R05": "leader",
    "R06": "party_office", "R07": "discipline", "R08": "inspection_office", "R10": "supervision", "R11": "lawyer", "R12": "trade",
    "R13": "secretary", "R14": "inspector", "R15": "head", "R16": "clerk", "R17": "director", "R18": "audit", "R19": "author",
    "R20": "worker", "R22": "system_admin", "R23": "safety_admin", "R24": "log_admin", "R00": "stranger",
}  # fmt: skip
AT = moment(2026, 6, 3)


def routes() -> list[tuple[str, str]]:
    """(name, pattern) of every address."""

    def walk(patterns: Any, before: str = "") -> Any:
        for one in patterns:
            here = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield one.name or here, here
            else:
                yield from walk(one.url_patterns, here)

    return list(walk(get_resolver().url_patterns))


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker):
    """The world with one of everything a route may name, built once and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = build_world()
        for role in ("R09", "R21"):
            world.people[role] = user(role)
            grant(world.people[role], role, world.company)
        _things(world)
        yield world
        transaction.set_rollback(True)


def _things(world: World) -> None:
    """Records, a file, a job and a notice, made by the services."""
    places: dict[str, Any] = world.__dict__
    clerk, author = again(world.people["clerk"]), again(world.people["author"])
    places["draft"] = draft(world)
    file = SimpleUploadedFile("依据.pdf", one_page(), content_type="application/pdf")
    places["attachment_record"] = point_in("draft", world)
    attached = attach(places["attachment_record"], upload=file, kind="other", by=author, at=AT)
    places["waiting"] = point_in("department", world)
    places["point"] = point_in("publicity", world, **_mid(world))
    places["standing"] = point_in("in_force", world, **_mid(world))
    type(attached).objects.filter(pk=attached.pk).update(object_id=places["point"].pk)
    places["attachment"] = attached
    places["batch"] = _batch("risk", ("name", "measure"), owner=clerk, unit=world.company)
    admin = again(world.people["system_admin"])
    places["directory"] = {kind: _batch(kind, ("name", "sort_no"), owner=admin, unit=world.group) for kind in DIRECTORY}
    places["minutes"] = world.sitting(met_on=moment(2026, 6, 1).date(), confirmed=False)
    places["job"] = request_job("risk-ledger", by=clerk, at=AT, title="台账", params={"query": ""})
    places["notice"] = Notice.objects.create(recipient=author, kind="test", key="k", title="提示", url="/", created_at=AT)


def _batch(register: str, fields: tuple[str, ...], *, owner: Any, unit: Any) -> Batch:
    columns = [{"index": at, "title": title, "group": "", "field": title} for at, title in enumerate(fields)]
    table = {"sheet": "", "first": 1, "title": "", "unit": "", "columns": columns, "left_out": [], "count": 1, "hidden": False}
    table |= {"hidden_rows": [], "formulas": []}
    made = Batch.objects.create(
        owner=owner, register=register, unit=unit, file_name="一览表.xlsx", tables=[table], table=0, made_at=AT, expires_at=AT
    )
    BatchRow.objects.create(batch=made, table=0, number=2, cells=["公车私用", "登记"])
    return made


def one_page() -> bytes:
    """The bytes of an empty PDF."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()


def _mid(world: World) -> dict[str, Any]:
    wanted = middle(world)
    return {k: wanted[k] for k in ("likelihood", "severity", "level", "secretary")}


def answer(world: World, who: str, name: str, method: str, row: Row) -> int:
    """The status one person gets; whatever was written is rolled back."""
    client = Client()
    if who:
        client.force_login(again(world.people[NAMED.get(who, who)]))
    url, options = reverse(name, kwargs=row.kwargs(world)), {"content_type": "application/json"} if row.json else {}
    data = row.data(world) if method == "get" or not row.json else row.data(world) or {}
    with transaction.atomic():
        response = getattr(client, method)(url, data, **options)
        status: int = response.status_code
        if response.streaming:  # closing a response closes the test's connection too, unless told otherwise
            request_finished.disconnect(close_old_connections)
            response.close()
            request_finished.connect(close_old_connections)
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize(("name", "method"), sorted(ROWS), ids=lambda part: part)
def test_every_role_gets_what_the_row_says(scene, db, name, method):
    row = ROWS[name, method]
    found = {who: answer(scene, who, name, method, row) for who in [*ALL, "R00"]}
    assert found == row.expected()
    assert answer(scene, "", name, method, row) == row.anonymous


def test_no_route_is_without_a_row():
    named = {name for name, _ in ROWS}
    assert [route for route in routes() if route[0] not in named] == []


def test_no_row_is_without_a_route():
    assert {name for name, _ in ROWS} - {name for name, _ in routes()} == set()


@pytest.mark.parametrize("name", sorted({name for name, _ in ROWS}))
def test_other_methods_are_refused_to_everybody(scene, db, name):
    own = {method for route, method in ROWS if route == name}
    row = next(row for (route, _), row in ROWS.items() if route == name)
    found = {
        (method, who): status
        for method in METHODS
        if method not in own
        for who in ("R16", "R03", "R00", "R22")
        if (status := answer(scene, who, name, method, row)) not in {403, 404, 405}
    }
    assert found == {}


@pytest.mark.parametrize(
    ("name", "kwargs", "nothing"),
    [
        ("risks-detail", lambda w: {"pk": w.point.pk}, {"pk": 987_654_321}),
        ("risks-edit", lambda w: {"pk": w.draft.pk}, {"pk": 987_654_321}),
        ("risks-diff", lambda w: {"pk": w.point.pk}, {"pk": 987_654_321}),
        ("api-risk-detail", lambda w: {"pk": w.point.pk}, {"pk": 987_654_321}),
        ("sittings-detail", lambda w: {"pk": w.minutes.pk}, {"pk": 987_654_321}),
        ("file", lambda w: {"attachment_id": w.attachment.pk}, {"attachment_id": uuid.uuid4()}),
        ("number", lambda w: {"text": w.point.number}, {"text": "FX-CJ-2026-9999"}),
    ],
)
def test_what_is_not_ours_answers_like_what_does_not_exist(scene, db, name, kwargs, nothing):
    client = Client()
    client.force_login(again(scene.people["stranger"]))
    there, nowhere = client.get(reverse(name, kwargs=kwargs(scene))), client.get(reverse(name, kwargs=nothing))
    assert there.status_code == nowhere.status_code == 404

    def plain(response: Any) -> str:
        body = response.content.decode()
        for value in (*map(str, kwargs(scene).values()), *map(str, nothing.values())):
            body = body.replace(value, "")
        return body.split("csrf")[0]

    assert plain(there) == plain(nowhere)
    drop = {"X-Request-ID", "Set-Cookie", "Expires"}
    assert {k: v for k, v in there.items() if k not in drop} == {k: v for k, v in nowhere.items() if k not in drop}
