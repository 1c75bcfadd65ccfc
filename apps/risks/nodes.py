"""Who acts at which node of a risk point, and until when."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from django.utils.timezone import localtime

from apps.calendars.queries import calendar
from apps.flow.services import Owner, open_todo
from apps.org.models import Unit
from apps.org.roles import Role
from apps.risks.machine import NODE_LABELS

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.flow.models import Todo
    from apps.risks.models import RiskPoint


def group_of(unit: Unit) -> Unit:
    """The 一级企业 of a unit; the unit itself when there is none above it."""
    for near in (unit, unit.parent):
        if near is not None and near.kind == Unit.Kind.GROUP:
            return near
    above = [int(part) for part in unit.path.strip("/").split("/")]
    return Unit.objects.filter(pk__in=above, kind=Unit.Kind.GROUP).order_by("path").first() or unit


def _leaders(unit: Unit) -> Iterator[Owner]:
    """The unit's leaders, its 党组织书记, then the leaders of the unit above and of the group."""
    yield Owner(Role.R05, unit)
    yield Owner(Role.R13, unit)
    if unit.parent is not None and unit.parent.kind != Unit.Kind.REGULATOR:
        yield Owner(Role.R05, unit.parent)
        yield Owner(Role.R13, unit.parent)
    yield Owner(Role.R03, group_of(unit))


def owners_of(record: RiskPoint, node: str) -> Iterator[Owner]:
    """The owners of a node, the right one first; the next takes over where nobody may act (house.md mechanism 2).

    Whoever stops at the first asks the database for nothing about the others.
    """
    unit, department = record.unit, record.department
    if node == "department":
        if department is not None:
            yield Owner(Role.R15, unit, department)
        yield from _leaders(unit)
    elif node == "leader":
        in_charge = department.leader.account if department is not None and department.leader is not None else None
        if in_charge is not None:
            yield Owner(user=in_charge)
        yield from _leaders(unit)
    elif node == "party":
        yield Owner(Role.R06, unit)
        yield Owner(Role.R06, group_of(unit))
    else:  # discipline, objection
        yield Owner(Role.R14, unit)
        yield Owner(Role.R07, group_of(unit))
        yield Owner(Role.R04, group_of(unit))


def open_node(record: RiskPoint, node: str, *, at: datetime.datetime, first: User | None = None) -> Todo:
    """Open the to-do of a node, due after the working days frozen on the record. Raises Refused when nobody can act.

    `first`: who gets it before all others, where he may act.
    """
    due = calendar().add_workdays(localtime(at).date(), int(record.frozen["risk.node_days"]))
    owners = chain([Owner(user=first)] if first is not None else [], owners_of(record, node))
    return open_todo(record, node=node, label=NODE_LABELS[node], owners=owners, at=at, due_on=due)
