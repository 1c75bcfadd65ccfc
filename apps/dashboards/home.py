"""What stands around the to-dos on the 工作台: buttons, progress of the unit, what is used most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.core.remembered import remembered
from apps.dashboards.queries import Desk
from apps.dashboards.rules import percent
from apps.org.roles import Role
from apps.org.scope import Scope, scope_of
from apps.risks.models import GONE, RiskPoint
from apps.risks.queries import measure_rate, unmet

if TYPE_CHECKING:
    from apps.accounts.models import User

WITHOUT_QUICK = {Role.R03, Role.R05, Role.R13}  # leaders sign, they look nothing up here (ux.md §12)
MOST_QUICK = 8


@dataclass(frozen=True)
class Link:
    """A number and the list with exactly so many rows."""

    text: str
    url: str


@dataclass(frozen=True)
class Bar:
    """One bar of 本单位重点工作进度: numerator and denominator, each a link where a list of them is built."""

    label: str
    part: int
    whole: int
    percent: str
    unit_word: str
    part_link: Link | None = None
    whole_link: Link | None = None
    more: Link | None = None


@dataclass(frozen=True)
class Shortcut:
    """One page that is used often. `needs` is a function of the permission matrix; empty for pages everybody has."""

    label: str
    url_name: str
    icon: str
    needs: str = ""
    letter: str = "R"


CREATES = (
    Shortcut("登记风险点", "risks-new", "plus", "risk", "C"),
    Shortcut("登记会议", "sittings-new", "plus", "sitting", "C"),
)
QUICK = (
    Shortcut("风险点", "risks-list", "shield", "risk"),
    *CREATES[:1],
    Shortcut("防控措施", "measures-list", "flag", "risk"),
    Shortcut("会议登记", "sittings-list", "scale", "sitting"),
    Shortcut("报表导出", "jobs", "dl"),
    Shortcut("我的通知", "notices", "bell"),
    Shortcut("修改密码", "password", "lock"),
    Shortcut("个人信息", "profile", "user"),
)
SYSTEM = (
    Shortcut("组织机构", "unit-list", "org", "system"),
    Shortcut("账号", "account-list", "users", "system"),
    Shortcut("参数", "parameter-list", "gear", "system"),
    Shortcut("角色授权", "assignment-list", "idcard", "grants"),
    Shortcut("操作日志", "audit-list", "hist", "log"),
    Shortcut("修改密码", "password", "lock"),
)


def _links(shortcuts: tuple[Shortcut, ...], scope: Scope) -> list[dict[str, str]]:
    """Those of the pages that are built and that the user may open."""
    found = []
    for one in shortcuts:
        if one.needs and not scope.may(one.needs, one.letter):
            continue
        try:
            found.append({"label": one.label, "url": reverse(one.url_name), "icon": one.icon})
        except NoReverseMatch:
            continue
    return found


def actions(desk: Desk) -> list[dict[str, Any]]:
    """At most two buttons: what the role files, and 连续办理 while something waits."""
    made: list[dict[str, Any]] = [{**link} for link in _links(CREATES, scope_of(desk.user))]
    if desk.numbers.mine:
        return [*made[:1], {"label": "连续办理", "url": reverse("todo-run"), "primary": True}]
    return [{**link, "primary": i == 0} for i, link in enumerate(made[:2])][::-1]


def around(desk: Desk) -> dict[str, Any]:
    """Everything of the 工作台 beside the to-dos and the notices."""
    scope = scope_of(desk.user)
    quick = [] if scope.roles() & WITHOUT_QUICK else _links(QUICK, scope)
    return {"actions": actions(desk), "soon": desk.soon, "quick": quick[:MOST_QUICK], "progress": progress(desk)}


def for_system(user: User) -> dict[str, Any]:
    """The pages of an administrator."""
    return {"quick": _links(SYSTEM, scope_of(user))}


def _counted(user: User, points: QuerySet[RiskPoint]) -> tuple[dict[str, int], tuple[int, int]]:
    """What the bars show: of the points, then of their measures."""
    kept = points.aggregate(
        in_force=Count("pk", filter=Q(state=RiskPoint.State.IN_FORCE)),
        standing=Count("pk", filter=~Q(state__in=GONE)),
        unmet=Count("pk", filter=unmet()),
    )
    return kept, measure_rate(user, points=points)


def progress(desk: Desk) -> list[Bar]:
    """How the unit stands in what is built, over the rows the user may see; empty for who may read none of it."""
    if not scope_of(desk.user).may(RiskPoint.FUNCTION, "R"):
        return []
    points = desk.visible[RiskPoint]
    (kept, (done, total)), desk.counted_at = remembered(points, "progress", lambda: _counted(desk.user, points), at=timezone.now())
    more = Link(f"{kept['unmet']} 个风险点未落实", "/risks/?view=unmet") if kept["unmet"] else None
    part, whole = Link(str(kept["in_force"]), "/risks/?state=in_force"), Link(str(kept["standing"]), "/risks/?standing=1")
    return [
        Bar("风险点生效", kept["in_force"], kept["standing"], percent(kept["in_force"], kept["standing"]), "个", part, whole),
        Bar("措施落实", done, total, percent(done, total), "项", more=more),
    ]
