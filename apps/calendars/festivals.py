"""Chinese festivals and the reminder nodes of a year (domain.md 4.7, 1.10), computed; nothing here depends on a holiday notice."""
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from lunar_python import Lunar, Solar

MERGE_WITHIN_DAYS = 10
LUNAR = {"春节": (1, 1), "元宵": (1, 15), "端午": (5, 5), "七夕": (7, 7), "中秋": (8, 15), "重阳": (9, 9)}
SOLAR = {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1)}
# The order in which two merged festivals are named: 中秋国庆 also when 国庆 comes first.
REMINDED = ("元旦", "春节", "清明", "五一", "端午", "中秋", "国庆")


@dataclass(frozen=True)
class Node:
    """One reminder task: its name, the day of its first festival and of its last."""

    name: str
    on: date
    until: date


@cache
def festivals(year: int) -> Mapping[str, date]:
    """Every festival we know of that falls into the year, by name, in the order of the year."""
    days = {name: date(year, month, day) for name, (month, day) in SOLAR.items()}
    days |= {name: _solar(Lunar.fromYmd(year, month, day).getSolar()) for name, (month, day) in LUNAR.items()}
    days["清明"] = _solar(Solar.fromYmd(year, 4, 1).getLunar().getJieQiTable()["清明"])
    days["除夕"] = days["春节"] - timedelta(days=1)
    return MappingProxyType(dict(sorted(days.items(), key=lambda item: item[1])))


@cache
def reminder_nodes(year: int) -> tuple[Node, ...]:
    """The year's reminder nodes in order; festivals not more than 10 days apart make one node, 中秋国庆."""
    days = festivals(year)
    groups: list[list[str]] = []
    for name in sorted(REMINDED, key=lambda name: (days[name], REMINDED.index(name))):
        if groups and days[name] - days[groups[-1][-1]] <= timedelta(days=MERGE_WITHIN_DAYS):
            groups[-1].append(name)
        else:
            groups.append([name])
    return tuple(
        Node("".join(sorted(group, key=REMINDED.index)), days[group[0]], days[group[-1]]) for group in groups
    )


def _solar(day: Solar) -> date:
    return date(day.getYear(), day.getMonth(), day.getDay())
