"""What a 系统管理员 keeps: the directory of the units his right reaches, and nothing beside it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import User
from apps.core.keys import among
from apps.org.models import Assignment, Department, Person, Post, Unit
from apps.org.scope import scope_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

FUNCTION = "system"


def _ids(user: User) -> list[int]:
    return scope_of(user).unit_ids(FUNCTION, "R")


def units_kept(user: User) -> QuerySet[Unit]:
    """The units he keeps, each below its parent."""
    return Unit.objects.filter(among("pk", _ids(user))).order_by("path")


def parents_offered(user: User, unit: Unit) -> QuerySet[Unit]:
    """The units he keeps, and the one this unit is below already: it may be above all he keeps."""
    return Unit.objects.filter(among("pk", _ids(user)) | Q(pk=unit.parent_id)).order_by("path")


def departments_kept(user: User) -> QuerySet[Department]:
    """The departments of these units, also those out of use."""
    return Department.objects.filter(among("unit_id", _ids(user))).order_by("unit__path", "sort_no", "pk")


def posts_kept(user: User) -> QuerySet[Post]:
    """The posts of these units, also those out of use."""
    return Post.objects.filter(among("unit_id", _ids(user))).order_by("unit__path", "department__sort_no", "department_id", "pk")


def people_kept(user: User) -> QuerySet[Person]:
    """The people of these units, also those who left."""
    return Person.objects.filter(among("unit_id", _ids(user))).order_by("unit__path", "sort_no", "pk")


def accounts_kept(user: User) -> QuerySet[User]:
    """The accounts of these people, and those of nobody whose every right lies in these units."""
    ids = _ids(user)
    people = Person.objects.filter(among("unit_id", ids), account__isnull=False).values("account")
    here = Assignment.objects.filter(among("unit_id", ids)).values("user")
    elsewhere = Assignment.objects.exclude(among("unit_id", ids)).values("user")
    nobodys = Q(pk__in=here, person__isnull=True) & ~Q(pk__in=elsewhere)
    return User.objects.filter(Q(pk__in=people) | nobodys).order_by("username")


def accounts_managed(user: User, *, on: datetime.date) -> QuerySet[User]:
    """Of these, those whose rights all lie in units he keeps: an account that reaches further is for whoever keeps those too."""
    ids = _ids(user)
    beyond = Unit.objects.exclude(among("pk", ids)).filter(path__startswith=OuterRef("unit__path"))
    further = Assignment.objects.filter(Q(until__isnull=True) | Q(until__gte=on)).filter(
        ~among("unit_id", ids) | Q(Exists(beyond), include_subtree=True)
    )
    return accounts_kept(user).exclude(pk__in=further.values("user"))


def with_shared_names(rows: QuerySet[Department]) -> QuerySet[Department]:
    """Of each department, whether somebody else of the unit bears the name of its head or its leader."""
    namesake = lambda name: Exists(  # noqa: E731 -- the same question twice
        Person.objects.filter(unit=OuterRef("unit"), name=OuterRef(f"{name}__name")).exclude(pk=OuterRef(name))
    )
    return rows.annotate(head_is_shared=namesake("head"), leader_is_shared=namesake("leader"))
