"""Units, people, bodies and accounts of the demo group, made through the services."""
from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import note as account_note
from apps.org.models import Body, Department, Person, Post, Unit
from apps.org.services import assign, create_unit, seat
from config.demo.organisation import ACCOUNTS, DEPARTMENTS, NAMED, UNITS
from config.demo.risk_points import RISK_POINTS

SINCE = datetime.date(2024, 1, 1)


class Ground:
    """What the rest of the demo data stands on: units by code, users by name, people by user name."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.departments: dict[tuple[str, str], Department] = {}
        self.posts: dict[tuple[str, str, str], Post] = {}
        self.users: dict[str, User] = {}
        self.people: dict[str, Person] = {}

    def with_role(self, unit: str, role: str) -> User | None:
        """The first account that holds a role at a unit."""
        for user_name, *_rest, grants in ACCOUNTS:
            if any(r == role and u == unit for r, u, _ in grants):
                return self.users[user_name]
        return None


def lay(password: str, *, at: datetime.datetime) -> Ground:
    """Make the organisation; every named account gets `password`, the others none anybody knows."""
    ground = Ground()
    for order, (code, (kind, name, short, parent, party, credit)) in enumerate(UNITS.items(), 1):
        ground.units[code] = create_unit(
            ground.units.get(parent or ""), by=None, at=at, kind=kind, name=name, short_name=short, code=code, party_name=party,
            credit_code=credit, sort_no=order,
        )  # fmt: skip
        for n, department in enumerate(DEPARTMENTS[code], 1):
            ground.departments[code, department] = Department.objects.create(unit=ground.units[code], name=department, sort_no=n)
    _posts(ground)
    hashed = make_password(password)
    for n, row in enumerate(ACCOUNTS):
        _account(ground, row, order=n, hashed=hashed if n < NAMED else None, at=at)
    _leaders(ground)
    _bodies(ground, at=at)
    return ground


def _posts(ground: Ground) -> None:
    for point in RISK_POINTS:
        key = (point["unit"], point["department"], point["post"])
        if point["post"] and key not in ground.posts:
            ground.posts[key] = Post.objects.create(
                unit=ground.units[key[0]], department=ground.departments[key[0], key[1]], name=key[2], is_key=True,
                code=f"{key[0]}{len(ground.posts) + 1:03d}",
            )  # fmt: skip


def _account(ground: Ground, row: tuple[Any, ...], *, order: int, hashed: str | None, at: datetime.datetime) -> None:
    user_name, name, unit, department, title, category, is_secretary, grants = row
    # One password for all, hashed once: 45 honest hashes would cost a third of the first start.
    user = User.objects.create(
        username=user_name, name=name, email=f"{user_name}@demo.example", password=hashed or make_password(None), date_joined=at,
        password_changed_at=timezone.now(), must_change_password=False,
    )  # fmt: skip
    account_note("account.created", user, by=None, at=at, after={"username": user_name, "name": name})
    ground.users[user_name] = user
    ground.people[user_name] = Person.objects.create(
        unit=ground.units[unit], department=ground.departments.get((unit, department)), name=name, title=title, category=category,
        is_secretary=is_secretary, account=user, sort_no=order + 1, phone=f"138{order:04d}{(order * 37) % 10000:04d}",
    )  # fmt: skip
    for role, where, subtree in grants:
        assign(user, role=role, unit=ground.units[where], include_subtree=subtree, by=None, at=at, since=SINCE, reason="演示数据")


def _leaders(ground: Ground) -> None:
    """Every department gets its head and the leader in charge of it."""
    for (unit, _name), department in ground.departments.items():
        here = Person.objects.filter(unit=department.unit).order_by("sort_no")
        department.head = here.filter(department=department, category=Person.Category.HEAD).first() or here.filter(
            category=Person.Category.HEAD
        ).first()
        department.leader = here.filter(category=Person.Category.LEADER).first()
        if department.head is not None and unit != "GZ":
            department.save(update_fields=["head", "leader"])


def _bodies(ground: Ground, *, at: datetime.datetime) -> None:
    for code, unit in ground.units.items():
        if code == "GZ":
            continue
        body = Body.objects.create(unit=unit, kind=Body.Kind.PARTY, name=f"{unit.short_name}党委会" if code != "WY" else "M物业党支部委员会")
        for person in Person.objects.filter(unit=unit, category__in=Person.LEADING):
            seat(body, person, is_chair=person.is_secretary, since=SINCE, by=None, at=at)
