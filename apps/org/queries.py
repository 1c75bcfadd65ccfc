"""Questions about units, people and posts."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.core.keys import among
from apps.org.matrix import allows, own_only
from apps.org.models import Assignment, Body, BodyMember, Department, Person, Post, Unit, UnitRecord
from apps.org.roles import OUTSIDE, Role
from apps.org.scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def in_force(on: datetime.date) -> Q:
    """Assignments (or memberships) that hold on a date, both ends included."""
    return Q(since__lte=on) & (Q(until__isnull=True) | Q(until__gte=on))


def ancestors(unit: Unit) -> list[int]:
    """The ids of the units above, nearest first, the unit itself left out."""
    return [int(part) for part in unit.path.strip("/").split("/")][-2::-1]


def holders(role: str, *, unit: Unit, on: datetime.date, department: Department | None = None) -> QuerySet[User]:
    """The active people who hold a role at this very unit (for a department: with no department named, or this one)."""
    rows = Assignment.objects.filter(in_force(on), role=role, unit=unit)
    if department is not None:
        rows = rows.filter(Q(department=department) | Q(department__isnull=True))
    return User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("pk")


def units_for(user: User, function: str) -> QuerySet[Unit]:
    """The units a user may file a record for: the pick-list of every form."""
    return Unit.objects.filter(pk__in=scope_of(user).writable_unit_ids(function), is_active=True).order_by("sort_no", "pk")


def unit_ids_seen(user: User, function: str) -> set[int]:
    """The keys of the units whose rows a user may read."""
    scope = scope_of(user)
    return set(scope.unit_ids(function, "R")) | set(scope.home_unit_ids() if scope.may(function, "R") else [])


def units_seen(user: User, function: str) -> QuerySet[Unit]:
    """The units whose rows a user may read: the pick-list of every filter."""
    return Unit.objects.filter(among("pk", unit_ids_seen(user, function))).order_by("sort_no", "pk")


def people_of(unit_ids: Iterable[int]) -> QuerySet[Person]:
    """The people in service of these units, in protocol order."""
    return Person.objects.filter(unit_id__in=list(unit_ids), is_active=True).select_related("department").order_by("sort_no", "pk")


def departments_of(unit_ids: Iterable[int]) -> QuerySet[Department]:
    """The departments in use of these units."""
    return Department.objects.filter(unit_id__in=list(unit_ids), is_active=True).order_by("unit__sort_no", "sort_no", "pk")


def posts_of(unit_ids: Iterable[int]) -> QuerySet[Post]:
    """The posts in use of these units."""
    return Post.objects.filter(unit_id__in=list(unit_ids), is_active=True).select_related("department").order_by("department_id", "pk")


def members(body: Body, *, on: datetime.date) -> QuerySet[BodyMember]:
    """Who sat in a body on a date, the chair first."""
    return body.members.filter(in_force(on)).select_related("person").order_by("-is_chair", "person__sort_no", "pk")


def unit_of(user: User) -> Unit | None:
    """The unit shown in the top bar: the person's own, else the unit of the first assignment."""
    person = Person.objects.filter(account=user).select_related("unit").first()
    if person is not None:
        return person.unit
    grips = scope_of(user).grips
    return Unit.objects.filter(pk=grips[0].unit_id).first() if grips else None


def title_of(user: User) -> str:
    """「单位 职务」 as shown beside an opinion; the role's name when nobody recorded a post."""
    person = Person.objects.filter(account=user).select_related("unit").first()
    if person is not None:
        return f"{person.unit.short_name} {person.title}"
    grips = scope_of(user).grips
    return str(Role(grips[0].role).label) if grips else ""


def holders_of(function: str, letter: str, *, unit: Unit, on: datetime.date) -> QuerySet[User]:
    """The active people whose own unit this is and whose role has this letter for the function (not: the leaders above)."""
    roles = [role for role in Role if allows(role, function, letter)]
    rows = Assignment.objects.filter(in_force(on), role__in=roles, unit=unit)
    return User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("pk")


def insiders_over(record: UnitRecord, *, on: datetime.date) -> QuerySet[User]:
    """The active people inside the companies who read this record by their office, with their posts; of a 限定人员 record
    only whom it was lent to. Whoever acts on the answer still asks `visible_to`: recusals are not counted here."""
    roles = [role for role in Role if allows(role, record.FUNCTION, "R") and not own_only(role, record.FUNCTION) and role not in OUTSIDE]
    place = Q(unit=record.unit_id) | Q(unit__in=ancestors(record.unit), include_subtree=True)
    part = Q(department__isnull=True) | Q(department=record.department_id)
    rows = Assignment.objects.filter(in_force(on), place, part, role__in=roles)
    people = User.objects.filter(pk__in=rows.values("user"), is_active=True)
    if record.secrecy == UnitRecord.Secrecy.LIMITED:
        loans: Any = record.LOAN  # every concrete loan has a content_object, the abstract base has none
        lent: Any = loans._base_manager.filter(content_object=record.pk, until__gte=on) if loans is not None else Assignment.objects.none()
        people = people.filter(pk__in=lent.values("user"))
    return people.select_related("person__unit").order_by("pk")


def with_post(user: User) -> str:
    """「赵静（M城建 工程管理部经理）」 for pick-lists; select `person__unit` with the users."""
    person = getattr(user, "person", None)
    return f"{user.name}（{person.unit.short_name} {person.title}）" if person is not None else user.name
