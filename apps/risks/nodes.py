"""Who acts at which node of a risk point, and until when."""

from __future__ import annotations

import datetime
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
    if unit.kind == Unit.Kind.GROUP:
        return unit
    above = [int(part) for part in unit.path.strip("/").split("/")]
    return Unit.objects.filter(pk__in=above, kind=Unit.Kind.GROUP).order_by("path").first() or unit


def _leaders(unit: Unit) -> list[Owner]:
    """The unit's leaders, its 党组织书记, then the leaders of the unit above and of the group."""
    owners = [Owner(Role.R05, unit), Owner(Role.R13, unit)]
    if unit.parent is not None and unit.parent.kind != Unit.Kind.REGULATOR:
        owners += [Owner(Role.R05, unit.parent), Owner(Role.R13, unit.parent)]
    return [*owners, Owner(Role.R03, group_of(unit))]


def owners_of(record: RiskPoint, node: str) -> list[Owner]:
    """The owners of a node, the right one first; the next takes over where nobody may act (house.md mechanism 2)."""
    unit, department = record.unit, record.department
    if node == "department":
        head = [Owner(Role.R15, unit, department)] if department is not None else []
        return head + _leaders(unit)
    if node == "leader":
        in_charge = department.leader.account if department is not None and department.leader is not None else None
        return ([Owner(user=in_charge)] if in_charge is not None else []) + _leaders(unit)
    group = group_of(unit)
    if node == "party":
        return [Owner(Role.R06, unit), Owner(Role.R06, group)]
    return [Owner(Role.R14, unit), Owner(Role.R07, group), Owner(Role.R04, group)]  # discipline, objection


def open_node(record: RiskPoint, node: str, *, at: datetime.datetime, first: User | None = None) -> Todo:
    """Open the to-do of a node, due after the working days frozen on the record. Raises Refused when nobody can act.

    `first`: who gets it before all others, where he may act.
    """
    due = calendar().add_workdays(localtime(at).date(), int(record.frozen["risk.node_days"]))
    owners = ([Owner(user=first)] if first is not None else []) + owners_of(record, node)
    return open_todo(record, node=node, label=NODE_LABELS[node], owners=owners, at=at, due_on=due)
