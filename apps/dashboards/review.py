"""连续办理: one to-do after the other, with what changed and the opinion side by side. Knows no register by name."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib.contenttypes.models import ContentType
from django.template.defaultfilters import linebreaksbr
from django.urls import resolve, reverse
from django.utils import timezone

from apps.dashboards.queries import Desk, kind_label, todo_url
from apps.files.queries import attachments_of
from apps.flow.machine import Move
from apps.flow.models import FlowRecord, Return, Todo
from apps.flow.queries import about, compare, involved_ids, versions_of
from apps.org.scope import scope_of
from apps.pages.flow_pages import FlowPages
from apps.pages.forms import MoveForm

MOST = 200  # lines of the queue; who has more works through these first
PHRASES = {"on": ("同意", "材料齐全，同意"), "back": ("补充依据后再报",)}
WIDE = 24  # characters from which a value takes the whole row
IN_HAND = {"kind": "info", "icon": "clock"}
SENDS_BACK = ("give_back", "refuse")


@dataclass(frozen=True)
class Queue:
    """The to-dos in their order, and the one that is open now."""

    todos: list[Todo]
    total: int
    at: int
    kind: str
    missed: bool = False  # the one asked for waits no more: the first stands in its place

    @property
    def todo(self) -> Todo | None:
        """The to-do that is open now; None when nothing waits."""
        return self.todos[self.at] if self.todos else None

    def url(self, at: int, **more: str) -> str:
        """The address of a place in the queue; empty outside it."""
        if not 0 <= at < len(self.todos):
            return ""
        wanted = {"at": str(self.todos[at].pk), "type": self.kind} | more
        return f"{reverse('todo-run')}?{urlencode({k: v for k, v in wanted.items() if v})}"

    @property
    def onward(self) -> str:
        """Where to go after this one is done or skipped: the next, else the first, else the same page, empty then."""
        return self.url(self.at + 1) or (self.url(0) if self.at else "") or reverse("todo-run")


def queue_of(desk: Desk, *, kind: str = "", at: str = "") -> Queue:
    """What waits for the user, opened at a to-do; at the first one when that to-do is no longer his."""
    rows = desk.rows("mine", kind=kind)
    todos = list(rows[:MOST])
    places = [i for i, todo in enumerate(todos) if str(todo.pk) == at]
    total = len(todos) if len(todos) < MOST else rows.count()
    return Queue(todos, total, places[0] if places else 0, kind, missed=bool(at) and not places)


def record_of(desk: Desk, todo: Todo) -> FlowRecord | None:
    """The record of a to-do when the user may see it."""
    model: Any = ContentType.objects.get_for_id(todo.content_type_id).model_class()
    found: FlowRecord | None = desk.visible[model].select_related("unit").filter(pk=todo.object_id).first()
    return found


def pages_of(record: FlowRecord) -> type[FlowPages]:
    """The pages of the register this record belongs to, found by its own address."""
    view: Any = resolve(record.get_absolute_url()).func
    pages: type[FlowPages] = view.view_class
    return pages


def offered(record: FlowRecord, *, desk: Desk) -> list[Move]:
    """The judgements the user can make here with an opinion alone; the others wait on the detail page.

    Beside the main line (an objection, an adjustment) there is more to read than the content; and a move that cannot go
    without further facts (a sitting, an express agreement) needs its own form: neither is offered.
    """
    if record.state not in dict(record.MACHINE.line) or scope_of(desk.user).principals() & involved_ids(record):
        return []
    pages = pages_of(record).MOVES
    found = []
    for move in record.MACHINE.open_to(desk.user, record):
        back = move.name.startswith(SENDS_BACK)
        if (move.decides or back) and move.name in pages and not pages[move.name].own_page and move.needs(record, {}) is None:
            found.append(move if back else replace(move, label=f"{move.label}并看下一件"))
    return found


def asked_before(record: FlowRecord, *, desk: Desk) -> Return | None:
    """The last return of this record by the user himself."""
    return Return.objects.filter(**about(record), by=desk.user).select_related("step").order_by("-pk").first()


def changes(record: FlowRecord, *, desk: Desk, full: bool) -> dict[str, Any]:
    """What the middle shows: the changes since the version the user returned, or everything."""
    new = record.snapshot()
    back = asked_before(record, desk=desk)
    versions = {version.number: version for version in versions_of(record)} if back else {}
    old = versions.get(back.version) if back else None
    everything = {"sections": [{"rows": [_fact(cell) for cell in new.values()]}]}
    if back is None or old is None:
        return everything | {"only_changes": False}
    diff = compare(old.data, new)
    when = f"{timezone.localtime(back.step.at):%m-%d}"
    return everything | {
        "only_changes": not full,
        "compared": f"第 {max(versions)} 版与您上次退回的第 {old.number} 版相比，改动 {len(diff)} 处",
        "asked": f"您在 {when} 退回时要求：{back.step.opinion}",
        "diff": diff,
        "file_changes": [] if full else _new_files(record, since=back.step.at),
    }


def _fact(cell: dict[str, Any]) -> tuple[str, str, bool]:
    text = cell["text"]
    return cell["label"], linebreaksbr(text) if text else "", len(text) > WIDE


def _new_files(record: FlowRecord, *, since: datetime.datetime) -> list[dict[str, Any]]:
    return [{"name": a.name, "url": reverse("file", args=[a.pk]), "kind": "new"} for a in attachments_of(record) if a.uploaded_at > since]


def page(desk: Desk, queue: Queue, *, full: bool) -> dict[str, Any]:
    """Everything the page of 连续办理 draws."""
    todo = queue.todo
    record = record_of(desk, todo) if todo else None
    place = f"{kind_label(todo.content_type_id)}，第 {queue.at + 1} 件，共 {queue.total} 件" if todo else ""
    around = {"previous_url": queue.url(queue.at - 1), "next_url": queue.url(queue.at + 1), "exit_url": reverse("todo")}
    context = {"title": "连续办理", "place": place, "queue": _lines(desk, queue), "missed": queue.missed} | around
    if todo is None or record is None:
        return context | {"empty": _nothing_left(desk, hidden=todo is not None)}
    skip = queue.onward if len(queue.todos) > 1 else ""
    return context | {"skip_url": skip} | _open(desk, queue, record, todo) | changes(record, desk=desk, full=full)


def _lines(desk: Desk, queue: Queue) -> list[dict[str, Any]]:
    return [
        {
            "title": todo.title,
            "unit": todo.from_unit.short_name,
            "url": queue.url(place),
            "on": place == queue.at,
            "lamp": desk.lamp(todo.due_on, todo.opened_at),
        }
        for place, todo in enumerate(queue.todos)
    ]


def _open(desk: Desk, queue: Queue, record: FlowRecord, todo: Todo) -> dict[str, Any]:
    moves = offered(record, desk=desk)
    first = {"version": record.version, "token": secrets.token_urlsafe(16), "next": queue.onward}
    return {
        "object": record,
        "base": pages_of(record).base,
        "subject": todo.title,
        "status": {"kind": "bad", "text": todo.label, "icon": "undo"} if record.is_editable else IN_HAND | {"text": record.state_label},
        "lamp": desk.lamp(todo.due_on, todo.opened_at),
        "detail_url": record.get_absolute_url(),
        "changes_url": queue.url(queue.at),
        "full_url": queue.url(queue.at, show="full"),
        "moves": moves,
        "goes_on": any(not move.name.startswith(SENDS_BACK) for move in moves),
        "move_form": MoveForm(record=record, user=desk.user, initial=first),
        "phrases": PHRASES,
        "attachments": list(attachments_of(record)),
    }


def _nothing_left(desk: Desk, *, hidden: bool) -> dict[str, str]:
    if hidden:
        return {"title": "此件暂不能在这里办理", "text": "您已看不到这条记录，联系安全保密管理员核对授权。", "icon": "lock"}
    count = desk.done_today().count()
    text = f"今天办结 {count} 件。" if count else "有新的待办时，顶部的待办数会增加。"
    return {"title": "待办已全部办完", "text": text, "icon": "okc", "url": todo_url("done"), "label": "查看已办"}
