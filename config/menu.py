"""The left menu and the phone's bottom bar, as data (ux.md §2.1).

An entry names its page by URL name and the function of the permission matrix it needs. It is shown when the page is
built (the URL name resolves) and the user holds the letter; a group without entries is not shown at all.
"""
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.urls import NoReverseMatch, reverse

from apps.org.scope import Scope


@dataclass(frozen=True)
class Entry:
    """One page of the menu. `needs` is a function of `org.matrix`, empty for pages everybody has."""

    label: str
    url_name: str
    needs: str = ""
    letter: str = "R"
    icon: str = ""
    counts: bool = False  # shows the number of open to-dos


@dataclass(frozen=True)
class Group:
    """A heading with its pages; groups do not nest."""

    key: str
    label: str
    icon: str
    entries: tuple[Entry, ...]


MENU: tuple[Entry | Group, ...] = (
    Entry("工作台", "home", icon="home"),
    Entry("待办中心", "todo", icon="inbox", counts=True),
    Group("duty", "主体责任", "duty", (
        Entry("责任清单", "duty-list", "duty"),
        Entry("责任书签订", "pledge-list", "pledge"),
    )),
    Group("risk", "风险防控", "shield", (
        Entry("廉政风险点", "risks-list", "risk"),
        Entry("防控措施", "measure-list", "risk"),
        Entry("风险预警", "alert-list", "risk"),
    )),
    Group("decision", "阳光决策", "scale", (
        Entry("“三重一大”备案", "topic-list", "decision"),
        Entry("会议登记", "sittings-list", "sitting"),
    )),
    Group("finding", "监督整改", "flag", (
        Entry("问题整改", "finding-list", "finding"),
        Entry("督查督办", "supervision-list", "supervision"),
        Entry("廉政谈话", "talk-list", "talk"),
    )),
    Group("person", "廉洁从业", "idcard", (
        Entry("廉政档案", "archive-list", "archive_a"),
        Entry("申报事项", "declaration-list", "declaration"),
    )),
    Group("culture", "廉洁文化", "book", (
        Entry("制度库", "rulebook-list", "rulebook"),
    )),
    Group("figures", "统计分析", "chart", (
        Entry("领导驾驶舱", "board", "assessment"),
        Entry("报表中心", "jobs"),
    )),
    Group("system", "系统管理", "gear", (
        Entry("组织机构", "unit-list", "system"),
        Entry("部门", "department-list", "system"),
        Entry("岗位", "post-list", "system"),
        Entry("人员", "person-list", "system"),
        Entry("账号", "account-list", "system"),
        Entry("角色授权", "assignment-list", "grants"),
        Entry("参数", "parameter-list", "system"),
        Entry("工作日历", "calendar-list", "system"),
        Entry("操作日志", "audit-list", "log"),
    )),
)
TABS: tuple[Entry, ...] = (
    Entry("工作台", "home", icon="home"),
    Entry("待办", "todo", icon="inbox", counts=True),
    Entry("填报", "risks-new", "risk", "C", icon="edit"),
    Entry("驾驶舱", "board", "assessment", icon="chart"),
    Entry("我的", "profile", icon="user"),
)


@cache
def address(url_name: str) -> str:
    """The address of a page, or an empty string when it is not built."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def shown(entry: Entry, scope: Scope) -> bool:
    """Whether the page is built and this user may open it."""
    return bool(address(entry.url_name)) and (not entry.needs or scope.may(entry.needs, entry.letter))


@dataclass(frozen=True)
class Item:
    """One drawn line of the menu: an entry, or a group with its lines."""

    label: str
    icon: str
    url: str = ""
    on: bool = False
    counts: bool = False
    key: str = ""
    items: tuple["Item", ...] = ()


def _current(entries: list[Entry], path: str) -> Entry | None:
    """The entry whose address is the longest beginning of the path: a record's page belongs to its list."""
    fitting = [e for e in entries if address(e.url_name) == path or (address(e.url_name) != "/" and path.startswith(address(e.url_name)))]
    return max(fitting, key=lambda e: len(address(e.url_name)), default=None)


def _items(entries: list[Entry], current: Entry | None) -> tuple[Item, ...]:
    return tuple(Item(e.label, e.icon, address(e.url_name), e is current, e.counts) for e in entries)


def _all_entries() -> Iterator[Entry]:
    for line in MENU:
        yield from line.entries if isinstance(line, Group) else (line,)


def menu_of(scope: Scope, path: str) -> list[Item]:
    """The left menu of a user; the entry of the current page is on, and so is its group."""
    current = _current([e for e in _all_entries() if shown(e, scope)], path)
    lines: list[Item] = []
    for line in MENU:
        if isinstance(line, Entry):
            lines += _items([line], current) if shown(line, scope) else ()
        elif inside := [e for e in line.entries if shown(e, scope)]:
            lines.append(Item(line.label, line.icon, on=current in inside, key=line.key, items=_items(inside, current)))
    return lines


def tabs_of(scope: Scope, path: str) -> tuple[Item, ...]:
    """The phone's bottom bar of a user."""
    entries = [e for e in TABS if shown(e, scope)]
    return _items(entries, _current(entries, path))
