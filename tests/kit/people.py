"""A small group of companies with somebody for every role, so that each test names people who mean something.

`build_world()` makes it: M集团 with 城建 (its engineering department is the scene), 资产 beside it (the strangers) and a
third-tier company below. All names are invented.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.org.models import Assignment, Body, BodyMember, Department, Person, Post, Sitting, Unit
from apps.org.services import assign, confirm_sitting, create_unit, delegate, record_sitting

SINCE = datetime.date(2026, 1, 1)
START = timezone.make_aware(datetime.datetime(2026, 1, 4, 9, 0))
_serial = count(1)


def moment(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime.datetime:
    """A moment in Asia/Shanghai."""
    return timezone.make_aware(datetime.datetime(year, month, day, hour, minute))


def user(name: str, **more: Any) -> User:
    """An account nobody can log into with a password."""
    made = User(username=f"u{next(_serial):05d}", name=name, **more)
    made.set_unusable_password()
    made.save()
    return made


def unit(name: str, code: str, *, kind: str, parent: Unit | None = None, **more: Any) -> Unit:
    """A unit of the tree."""
    return create_unit(parent, by=None, at=START, kind=kind, name=name, short_name=more.pop("short_name", name[:8]), code=code, **more)


def department(of: Unit, name: str, **more: Any) -> Department:
    """A department."""
    return Department.objects.create(unit=of, name=name, **more)


def post(of: Department, name: str, **more: Any) -> Post:
    """A post of the library."""
    return Post.objects.create(unit=of.unit, department=of, name=name, **more)


def grant(to: User, role: str, at_unit: Unit, **more: Any) -> Assignment:
    """A role somewhere, in force since the start of 2026 unless said otherwise."""
    return assign(to, role=role, unit=at_unit, by=None, at=START, since=more.pop("since", SINCE), **more)


def staff(
    name: str,
    of: Unit,
    role: str = "",
    *,
    title: str = "职员",
    category: str = "staff",
    within: Department | None = None,
    bounded: bool = False,
    subtree: bool = False,
    **more: Any,
) -> User:
    """A person of a unit with an account and, when given, a role; `bounded` limits the role to the department."""
    account = user(name)
    Person.objects.create(unit=of, department=within, name=name, title=title, category=category, account=account, **more)
    if role:
        grant(account, role, of, department=within if bounded else None, include_subtree=subtree)
    return account


def stand_in(for_whom: User, *, role: str, to: User, since: datetime.date, until: datetime.date) -> Assignment:
    """Delegate a role that somebody holds himself."""
    row = Assignment.objects.get(user=for_whom, role=role, delegated_by=None)
    return delegate(row, to=to, since=since, until=until, reason="外出学习", by=for_whom, at=START)


def again(person: User) -> User:
    """The same user as the next request sees him: nothing kept from before."""
    return User.objects.get(pk=person.pk)


@dataclass
class World:
    """The units, the scene, and the people by what they are. `at` maps every role code to one holder."""

    regulator: Unit
    group: Unit
    company: Unit
    other: Unit
    third: Unit
    works: Department
    office: Department
    engineer: Post
    body: Body
    people: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def person(self, name: str) -> Person:
        """The person behind a user of this world."""
        return Person.objects.get(account=self.people[name])

    def sitting(self, *, met_on: datetime.date, confirmed: bool = True, number: str = "", body: Body | None = None) -> Sitting:
        """A sitting of the company's party committee, recorded by the party office and confirmed by the secretary."""
        at = timezone.make_aware(datetime.datetime.combine(met_on, datetime.time(17)))
        row = record_sitting(
            body or self.body,
            number=number or f"2026年第{next(_serial)}次",
            met_on=met_on,
            subject="审定高风险点",
            present=1,
            by=self.party_office,
            at=at,
        )
        if confirmed:
            confirm_sitting(row, by=again(self.secretary), at=at)
            row.refresh_from_db()
        return row


def build_world() -> World:
    """Everybody and everything, about 120 rows."""
    regulator = unit("某市国资委", "GZW", short_name="市国资委", kind="regulator")
    group = unit("M集团有限公司", "MJT", short_name="M集团", kind="group", parent=regulator)
    company = unit("M城建开发有限公司", "CJ", short_name="M城建", kind="second", parent=group)
    other = unit("M资产经营有限公司", "ZC", short_name="M资产", kind="second", parent=group)
    third = unit("M城建物业服务有限公司", "WY", short_name="M城建物业", kind="third", parent=company)
    works, office = department(company, "工程管理部"), department(company, "综合办公室")
    body = Body.objects.create(unit=company, kind="party", name="M城建党委会")
    world = World(regulator, group, company, other, third, works, office, post(works, "现场工程师"), body)
    _staff_company(world)
    _staff_group(world)
    _staff_outside(world)
    works.head, works.leader = world.person("head"), world.person("leader")
    works.save()
    BodyMember.objects.create(body=body, person=world.person("secretary"), is_chair=True, since=SINCE)
    return world


def reloaded(w: World) -> World:
    """The same world read afresh, with objects of its own."""
    units = Unit.objects.in_bulk([u.pk for u in (w.regulator, w.group, w.company, w.other, w.third)])
    users = User.objects.in_bulk([u.pk for u in w.people.values()])
    return World(
        *(units[u.pk] for u in (w.regulator, w.group, w.company, w.other, w.third)),
        *(Department.objects.select_related("unit", "leader__account", "head").get(pk=d.pk) for d in (w.works, w.office)),
        Post.objects.select_related("unit", "department").get(pk=w.engineer.pk),
        Body.objects.select_related("unit").get(pk=w.body.pk),
        {name: users[u.pk] for name, u in w.people.items()},
    )


def _staff_company(w: World) -> None:
    c = w.company
    w.people |= {
        "author": staff("周航", c, "R19", within=w.works, post=w.engineer, category="key", title="现场工程师"),
        "clerk": staff("孙莉", c, "R16", within=w.office, title="联络员"),
        "worker": staff("陈默", c, "R20", within=w.office),
        "colleague": staff("高远", c, "R20", within=w.works),
        "trade": staff("许诺", c, "R12", within=w.works, title="合同管理员"),
        "head": staff("赵静", c, "R15", within=w.works, bounded=True, category="head", title="工程管理部经理"),
        "office_head": staff("唐宁", c, "R15", within=w.office, bounded=True, category="head", title="综合办公室主任"),
        "leader": staff("王立成", c, "R05", category="leader", title="副总经理"),
        "second_leader": staff("郑文博", c, "R05", category="leader", title="总法律顾问"),
        "secretary": staff("林志远", c, "R13", category="committee", title="党委书记、董事长", is_secretary=True),
        "inspector": staff("吴晓岚", c, "R14", category="committee", title="纪委书记"),
        "party_office": staff("何岚", c, "R06", within=w.office, title="党群专员"),
        "lawyer": staff("罗衡", c, "R11", within=w.office, title="法务专员"),
    }


def _staff_group(w: World) -> None:
    g = w.group
    w.people |= {
        "group_secretary": staff("顾正", g, "R03", subtree=True, category="committee", title="党委书记", is_secretary=True),
        "group_inspector": staff("秦肃", g, "R04", subtree=True, category="committee", title="纪委书记"),
        "group_leader": staff("周敏华", g, "R05", subtree=True, category="leader", title="总经理"),
        "group_party_office": staff("梁舒", g, "R06", subtree=True),
        "discipline": staff("何涛", g, "R07", subtree=True, category="head", title="纪检监察室主任"),
        "discipline_two": staff("马骁", g, "R07", subtree=True, title="纪检监察室专员"),
        "inspection_office": staff("曹越", g, "R08", subtree=True),
        "supervision": staff("魏然", g, "R10", subtree=True),
        "audit": staff("沈明", g, "R18", subtree=True),
    }


def _staff_outside(w: World) -> None:
    w.people |= {
        "stranger": staff("方圆", w.other, "R16"),
        "stranger_head": staff("丁山", w.other, "R15"),
        "stranger_leader": staff("石磊", w.other, "R05", category="leader"),
        "stranger_inspector": staff("白宁", w.other, "R14", category="committee"),
        "below": staff("田野", w.third, "R16"),
        "regulator_staff": staff("蒋平", w.regulator, "R01", subtree=True),
        "stationed": staff("冯建华", w.regulator, "R02", subtree=True),
        "director": staff("钱维", w.company, "R17", category="outside"),
        "system_admin": user("系统员"), "safety_admin": user("安全员"), "log_admin": user("审计员"), "nobody": user("无权"),
    }  # fmt: skip
    for name, role in (("system_admin", "R22"), ("safety_admin", "R23"), ("log_admin", "R24")):
        grant(w.people[name], role, w.group)
