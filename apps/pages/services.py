"""Drafts and saved views."""

from __future__ import annotations

import datetime
import json
import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Case, Q, QuerySet, When
from django.http import QueryDict

from apps.core.errors import Refused
from apps.core.stored import refused_when_taken
from apps.core.whole import all_or_nothing
from apps.org.models import Person
from apps.org.queries import unit_of
from apps.pages.models import Draft, SavedView, Submission
from apps.pages.paging import whole

if TYPE_CHECKING:
    from apps.accounts.models import User

DRAFT_BYTES = 1_000_000
DROPPED = ("csrfmiddlewaretoken", "token", "then", "version")
VIEWS_EACH = 8
LOOKS_EACH = 60
COLUMN = re.compile(r"[a-z0-9_]{1,40}")
PLACE = re.compile(r"/(?:[a-z0-9-]{1,20}/){1,4}")
TOKEN_DAYS = 7


def save_draft(user: User, *, key: str, posted: QueryDict, at: datetime.datetime) -> Draft:
    """Keep what is typed so far. Raises Refused when it is larger than 1 MB."""
    if len(posted.urlencode()) > DRAFT_BYTES:
        raise Refused("内容过长，草稿没有保存。缩短后再试。")
    data = {name: posted.getlist(name) for name in posted if name not in DROPPED}
    draft, _ = Draft.objects.update_or_create(
        user=user, key=key, defaults={"data": data, "version": whole(posted.get("version")), "saved_at": at}
    )
    return draft


def draft_of(user: User, key: str) -> Draft | None:
    """What this person last typed into this form, or None."""
    return Draft.objects.filter(user=user, key=key).first()


def as_posted(draft: Draft) -> QueryDict:
    """A draft as if it had just been posted."""
    posted = QueryDict(mutable=True)
    for name, values in draft.data.items():
        posted.setlist(name, values)
    return posted


def drop_draft(user: User, key: str) -> None:
    """The form was saved for good, or its owner threw the draft away."""
    Draft.objects.filter(user=user, key=key).delete()


def views_of(user: User, register: str) -> QuerySet[SavedView]:
    """The tabs of one person over a list: his own first, then those colleagues of his unit share."""
    unit = Person.objects.filter(account=user).values("unit")
    rows = SavedView.objects.filter(Q(user=user) | Q(shared_with__in=unit), register=register)
    return rows.select_related("user").order_by(Case(When(user=user, then=0), default=1), "pk")[: VIEWS_EACH * 2]


@all_or_nothing
def save_view(user: User, *, register: str, name: str, query: str, look: str = "", shared: bool = False) -> SavedView:
    """Keep a filter as a tab. Raises Refused without a name or a condition, for a name used already, and past the eighth.

    `look` is the JSON of its columns and row height; `shared` shows the tab to the colleagues of one's unit, each of whom
    sees with it what he may see.
    """
    name = name.strip()
    if not name:
        raise Refused("填写视图名称。", field="name")
    kept = _look(look)
    if not query and not kept:
        raise Refused("先设置查询条件或列，再保存为视图。", field="name")
    if SavedView.objects.filter(user=user, register=register).count() >= VIEWS_EACH:
        raise Refused(f"最多保存{VIEWS_EACH}个视图，先删除不用的视图。", field="name")
    unit = unit_of(user) if shared else None
    view = SavedView(user=user, register=register, name=name, query=query, look=kept, shared_with=unit)
    try:
        view.full_clean(exclude=["look", "shared_with"])
    except ValidationError as error:
        raise Refused("；".join(error.messages), field="name") from error
    with refused_when_taken("view_once", "已有同名视图，换一个名称。", field="name"):
        view.save()
    return view


def _look(text: str) -> dict[str, Any]:
    """The columns and the row height as the page sent them; anything else counts as none."""
    try:
        sent = json.loads(text[:2000] or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sent, dict):
        return {}
    named = lambda names: [name for name in names[:60] if isinstance(name, str) and COLUMN.fullmatch(name)]  # noqa: E731 -- twice
    lists = {key: named(sent[key]) for key in ("off", "order") if isinstance(sent.get(key), list)}
    return {key: names for key, names in lists.items() if names} | ({"dense": True} if sent.get("dense") is True else {})


@all_or_nothing
def keep_look(user: User, *, place: str, look: str) -> None:
    """The columns, their order and the row height one person wants of a list; `place` is its address. Nothing chosen forgets it."""
    if not PLACE.fullmatch(place):
        raise Refused("没有这个列表。")
    stored = get_user_model().objects.select_for_update().get(pk=user.pk)
    stored.list_looks.pop(place, None)
    if kept := _look(look):
        stored.list_looks = dict([*stored.list_looks.items(), (place, kept)][-LOOKS_EACH:])
    stored.save(update_fields=["list_looks"])


def drop_view(user: User, *, register: str, pk: int) -> None:
    """Remove one's own saved view."""
    SavedView.objects.filter(user=user, register=register, pk=pk).delete()


def sweep_tokens(*, at: datetime.datetime) -> int:
    """Forget presses older than a week; gives how many."""
    gone, _ = Submission.objects.filter(at__lt=at - datetime.timedelta(days=TOKEN_DAYS)).delete()
    return gone
