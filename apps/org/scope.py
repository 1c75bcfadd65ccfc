"""Who sees what: assignments turned once per user object into literal arrays of unit ids (house.md mechanism 1)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from operator import or_
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet, Value
from django.utils import timezone

from apps.core.keys import among
from apps.org.matrix import allows, own_only
from apps.org.models import Assignment, Recusal, Unit, UnitRecord
from apps.org.roles import OUTSIDE, Role

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True)
class Grip:
    """One assignment, resolved: a role and the units it reaches today."""

    role: str
    unit_id: int
    unit_ids: tuple[int, ...]
    department_id: int | None
    delegated_by_id: int | None
    unit_name: str = ""  # for the top bar of every page, without a query of its own


class Scope:
    """Everything a user may reach today, from his assignments alone. Unknown scope is nothing."""

    def __init__(self, user_id: int | None, grips: Iterable[Grip] = ()) -> None:
        self.user_id = user_id
        self.grips = tuple(grips)

    def _holding(self, function: str, letter: str) -> list[Grip]:
        return [g for g in self.grips if allows(g.role, function, letter)]

    def may(self, function: str, letter: str) -> bool:
        """Whether the user holds this letter anywhere; decides menu entries and "new" buttons, never a row."""
        return bool(self._holding(function, letter))

    def unit_ids(self, function: str, letter: str) -> list[int]:
        """The units in which the user holds this letter over whole units (not over one department, not over own rows only)."""
        found = {
            i for g in self._holding(function, letter) if g.department_id is None and not own_only(g.role, function) for i in g.unit_ids
        }
        return sorted(found)

    def department_ids(self, function: str, letter: str) -> list[int]:
        """The departments in which the user holds this letter."""
        return sorted({g.department_id for g in self._holding(function, letter) if g.department_id and not own_only(g.role, function)})

    def writable_unit_ids(self, function: str) -> list[int]:
        """The units in which the user may create a row, including 本岗位 and 本部门 rights."""
        return sorted({i for g in self._holding(function, "C") for i in g.unit_ids})

    def home_unit_ids(self) -> list[int]:
        """The units the user belongs to by any role inside a company."""
        return sorted({g.unit_id for g in self.grips if g.role not in OUTSIDE})

    def roles(self) -> set[str]:
        """The role codes the user holds today."""
        return {g.role for g in self.grips}

    def holds(self, role: str, *, unit_id: int, department_id: int | None = None) -> bool:
        """Whether the user holds this role at this unit, and for this department when his right names one."""
        return any(
            g.role == role
            and unit_id in g.unit_ids
            and (g.department_id is None or department_id is None or g.department_id == department_id)
            for g in self.grips
        )

    def may_on(self, record: UnitRecord, letter: str) -> bool:
        """Whether the user holds this letter over this record's place. The record must come from `visible_to`."""
        for g in self._holding(record.FUNCTION, letter):
            if record.unit_id not in g.unit_ids:
                continue
            if g.department_id is not None and g.department_id != record.department_id:
                continue
            if own_only(g.role, record.FUNCTION) and record.created_by_id != self.user_id:
                continue
            return True
        return False

    @property
    def digest(self) -> str:
        """A fingerprint of everything that is reached: what was made under another one was made for other rights."""
        reached = sorted({(g.role, tuple(sorted(g.unit_ids)), g.department_id or 0) for g in self.grips})
        return sha256(repr((self.user_id, reached)).encode()).hexdigest()

    def principals(self) -> set[int]:
        """The user himself and everybody whose delegation he holds: who one of them is, he is (self-approval)."""
        return {i for i in [self.user_id, *(g.delegated_by_id for g in self.grips)] if i is not None}


def _resolve(assignments: list[Assignment]) -> list[Grip]:
    roots = {a.unit.path for a in assignments if a.include_subtree}
    below: dict[str, list[int]] = {path: [] for path in roots}
    if roots:
        wanted = reduce(or_, (Q(path__startswith=path) for path in roots))
        for pk, path in Unit.objects.filter(wanted).values_list("pk", "path"):
            for root in roots:
                if path.startswith(root):
                    below[root].append(pk)
    return [
        Grip(
            a.role,
            a.unit_id,
            tuple(below[a.unit.path]) if a.include_subtree else (a.unit_id,),
            a.department_id,
            a.delegated_by_id,
            a.unit.short_name,
        )
        for a in assignments
    ]


def scope_of(user: Any, *, on: datetime.date | None = None) -> Scope:
    """The user's scope today (or on a date), resolved with at most two queries and kept on the user object.

    Assignments are in force from `since` 00:00 to `until` 24:00, Asia/Shanghai (domain.md §2.6 rule 4).
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Scope(None)
    cached: dict[datetime.date, Scope] = user.__dict__.setdefault("_scopes", {})
    day = on or timezone.localdate()
    if day not in cached:
        rows = Assignment.objects.filter(Q(until__isnull=True) | Q(until__gte=day), user=user, since__lte=day).select_related("unit")
        cached[day] = Scope(user.pk, _resolve(list(rows.order_by("pk"))))
    return cached[day]


def forget_scope(user: Any) -> None:
    """Drop what is kept on this user object; called when its assignments change."""
    user.__dict__.pop("_scopes", None)


def _inside(model: type[UnitRecord], scope: Scope, letter: str) -> Q:
    """The rows the assignments reach, before loans and before what is denied."""
    function = model.FUNCTION
    inside: set[int] = set()
    outside: set[int] = set()
    own: set[int] = set()
    departments: set[int] = set()
    for grip in scope._holding(function, letter):
        if own_only(grip.role, function):
            own.update(grip.unit_ids)
        elif grip.department_id is not None:
            departments.add(grip.department_id)
        elif grip.role in OUTSIDE:
            outside.update(grip.unit_ids)
        else:
            inside.update(grip.unit_ids)
    q = among("unit_id", inside)
    if departments:
        q |= Q(department_id__in=sorted(departments))
    if outside - inside:
        seen_outside = among("unit_id", outside - inside)
        q |= seen_outside & ~Q(state__in=model.DRAFT_STATES) if model.DRAFT_STATES else seen_outside
    if own or departments:
        q |= Q(created_by_id=scope.user_id) & among("unit_id", own | set(scope.home_unit_ids()))
    at_home = own | {g.unit_id for g in scope._holding(function, letter) if g.department_id is not None}
    if letter == "R" and model.OPEN_STATES and at_home:
        open_here = Q(state__in=model.OPEN_STATES, secrecy__in=[UnitRecord.Secrecy.PUBLIC, UnitRecord.Secrecy.UNIT])
        q |= among("unit_id", at_home) & open_here
    return q


def reached(model: type[UnitRecord], user: User, letters: str) -> Q:
    """The rows within one of these letters, to narrow what `visible_to` gives (which takes away 知悉范围 and 回避)."""
    scope, q = scope_of(user), Q(pk__in=[])
    for letter in letters:
        q |= _inside(model, scope, letter)
    return q


def single_records(model: type[UnitRecord], user: User, on: datetime.date) -> tuple[list[int], list[int]]:
    """The records lent to this user and not yet due back, at most 5,000, and those he is kept away from (回避); one query."""
    loan: Any = model.LOAN  # every concrete loan has a content_object, the abstract base has none
    kind = ContentType.objects.get_for_model(model)
    asked: Any = Recusal.objects.filter(user=user, lifted_at__isnull=True, content_type=kind).values_list(Value(False), "object_id")
    if loan is not None:
        lent = loan.objects.filter(user=user, until__gte=on, permission__codename=f"view_{model._meta.model_name}")
        asked = lent.order_by("content_object_id").values_list(Value(True), "content_object_id")[:5000].union(asked, all=True)
    found: tuple[list[int], list[int]] = ([], [])
    for is_lent, key in asked:
        found[0 if is_lent else 1].append(key)
    return found


def kept_for_others(model: type[UnitRecord], user: User) -> QuerySet[Any]:
    """The 限定人员 records of a kind that this user neither made nor was lent, as keys: not even a title is for him."""
    limited = model._base_manager.filter(secrecy=UnitRecord.Secrecy.LIMITED).exclude(created_by=user)
    if model.LOAN is not None:
        lent: QuerySet[Any] = model.LOAN._base_manager.filter(user=user, until__gte=timezone.localdate())
        limited = limited.exclude(pk__in=lent.values("content_object"))
    return limited.values("pk")


def visible_q(model: type[UnitRecord], user: Any, *, letter: str = "R") -> Q:
    """The condition that keeps the rows a user may see; everything a page, count, sheet or mail shows goes through it.

    Assignments first, then single loans (only for reading), then 知悉范围 and 回避 take away, last and for everybody.
    """
    scope = scope_of(user)
    if scope.user_id is None:
        return Q(pk__in=[])
    loans, kept_away = single_records(model, user, timezone.localdate())
    q = _inside(model, scope, letter)
    if letter == "R" and loans:
        q |= Q(pk__in=loans)
    q &= ~Q(secrecy=UnitRecord.Secrecy.LIMITED) | Q(created_by_id=scope.user_id) | Q(pk__in=loans)
    return q & ~Q(pk__in=kept_away) if kept_away else q


def administers(user: Any) -> set[str]:
    """Which of the 三员 roles the user holds."""
    return {r for r in scope_of(user).roles() if r in {Role.R22, Role.R23, Role.R24}}
