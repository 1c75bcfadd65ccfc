# ruff: noqa: PLC0415 -- a script: the servers and the settings first, then the portal
"""10,000 rows of a sheet in, 100,000 points out, each beside its floor in one run; memory of the process.

    .venv/bin/python benchmarks/sheets.py [rows in] [points] [--only in|out] [--fresh]      (default 10000 100000; docs/PERFORMANCE.md)

Starts its own servers (var/bench) and makes the scratch database bench_<points> unless it is there. What is imported is
undone at the end. Memory is the highest of the process, from its start on.
"""
from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scratch import GROUP_OFFICE, PASSWORD, clerk, fill
from servers import Servers, connected, servers

COMPANY = 100
HEAD = ("序号", "科室", "风险类别", "风险点", "表现形式", "风险等级", "防控措施", "部门负责人")


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it gave."""
    began = time.perf_counter()
    made = act()
    return time.perf_counter() - began, made


def peak() -> int:
    """MB, the most this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def told(name: str, goal: str, value: str, floor: str, *, fine: bool) -> None:
    """One line of the table."""
    print(f"| {name} | {goal} | {value} | {floor} | {'ok' if fine else '**NOT**'} |", flush=True)


def written_sheet(path: Path, rows: int, department: str, person: str) -> None:
    """A register as offices keep it."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        sheet.write_row(0, 0, ["廉政风险点登记表"])
        sheet.write_row(1, 0, HEAD)
        text = "与施工单位串通虚增工程量、先施工后补签、化整为零规避分级审批"
        for n in range(rows):
            line = [n + 1, department, "业务流程风险", f"变更签证把关不严{n}", f"{text}{n}", "高中低"[n % 3], f"单项变更须会签{n}", person]
            sheet.write_row(n + 2, 0, line)


def taken_in(path: Path, rows: int, user: Any, unit: Any) -> None:
    """The wizard's own services, from the file to the drafts, and back."""
    from django.utils import timezone

    from apps.exchange import committing, services

    at = timezone.now()
    opened, batch = timed(lambda: services.open_batch("risk", path=path, file_name="a.xlsx", by=user, at=at))
    seen = services.proposal(batch, unit)
    same = {"layer": ["department"]}
    arranged: dict[str, Any] = {"mapping": seen["mapping"], "answers": seen["answers"], "splits": False, "same": same}
    batch = services.arrange(batch, unit=unit, **arranged, by=user, at=at, checks=False)
    checked, _ = timed(lambda: services.check(batch, services.going(batch), by=user, at=at))
    committed, made = timed(lambda: committing.commit(batch, by=user, at=at))
    assert made == rows
    floor = saved(min(rows, 1000), unit) * rows / min(rows, 1000)
    batch.refresh_from_db()
    spent = opened + checked + committed
    last = f"checked again and written {committed:.1f} = {committed / floor:.2f} ×"
    parts = f"{spent:.1f} s (read {opened:.1f}, checked {checked:.1f}, {last})"
    goal, below = "checked and written ≤ 1.6 ×", f"{floor:.1f} s full_clean and save"
    told(f"import of {rows:,} rows", goal, parts, below, fine=committed <= 1.6 * floor)
    told("memory of it", "≤ 300 MB", f"{peak()} MB", "", fine=peak() <= 300)
    undone, _ = timed(lambda: committing.undo(batch, by=user, at=at))
    told("undo of it", "", f"{undone:.1f} s", "", fine=True)


def saved(rows: int, unit: Any) -> float:
    """Seconds of full_clean and save of so many points with a measure, rolled back."""
    from django.db import transaction
    from django.utils import timezone

    from apps.parameters.queries import frozen
    from apps.risks.models import Measure, RiskPoint
    from apps.risks.rules import FROZEN_KEYS

    at, kept = timezone.now(), frozen(FROZEN_KEYS, on=timezone.localdate())
    began = time.perf_counter()
    with transaction.atomic():
        for n in range(rows):
            point = RiskPoint(
                unit=unit, year=2026, number=f"FX-ZZ-2026-{n}", name=f"变更签证把关不严{n}", layer="unit",
                manifestation="与施工单位串通虚增工程量、先施工后补签", level="mid", secrecy="unit", method="lc",
                frozen=kept, created_at=at, updated_at=at,
            )  # fmt: skip
            point.full_clean()
            point.save()
            measure = Measure(point=point, content=f"单项变更须会签{n}")
            measure.full_clean(exclude=["kind", "department", "person"])
            measure.save()
        spent = time.perf_counter() - began
        transaction.set_rollback(True)
    return spent


def given_out(folder: Path, user: Any) -> None:
    """The whole list as xlsx, and 10,000 rows as CSV."""
    from django.utils import timezone

    from apps.pages import exports

    at, before = timezone.now(), peak()
    selection = exports.select(exports.Asked("risks"), by=user)
    lines: list[Any] = []
    spent, made = timed(lambda: exports.write(folder / "a.xlsx", selection, by=user, at=at))
    columns = selection.columns
    lines = [[column.value(row) for column in columns] for row in islice(exports.records(selection), 500)]
    floor, _ = timed(lambda: bare(folder / "b.xlsx", islice(cycle(lines), made)))
    name, value = f"export of {made:,} rows, xlsx, {len(columns)} columns", f"{spent:.1f} s = {spent / floor:.2f} ×"
    told(name, "≤ 1.5 ×", value, f"{floor:.1f} s xlsxwriter", fine=spent <= 1.5 * floor)
    told("memory of it", "≤ 200 MB", f"{peak()} MB ({before} before it)", "", fine=peak() <= 200)
    narrow = exports.select(exports.Asked("risks", query="level=high", kind="csv"), by=user)
    seconds, count = timed(lambda: exports.write(folder / "a.csv", narrow, by=user, at=at))
    copied = copy(folder / "c.csv", count)
    value = f"{seconds:.2f} s = {seconds / copied:.1f} ×"
    told(f"export of {count:,} rows, CSV", "≤ 5 ×", value, f"{copied:.2f} s COPY", fine=seconds <= 5 * copied)


def bare(path: Path, rows: Iterator[Any]) -> None:
    """The same cells by xlsxwriter alone."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(at, column, str(value))


def copy(path: Path, rows: int) -> float:
    """Seconds of COPY of so many whole rows."""
    from django.db import connection

    with path.open("wb") as file, connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.copy_expert(f"COPY (SELECT * FROM risks_riskpoint LIMIT {int(rows)}) TO STDOUT WITH CSV", file)  # noqa: S608 -- a number
        return time.perf_counter() - began


def run(server: Servers, rows: int, points: int, *, fresh: bool, only: str) -> None:
    """Everything on one database."""
    server.use(f"bench_{points}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password

    from apps.accounts.models import User
    from apps.org.models import Department, Person, Unit

    if fresh or server.missing():
        server.make()
        with connected(server.database) as cursor:
            fill(cursor, points, make_password(PASSWORD))
        server.filled()
    unit = Unit.objects.get(pk=COMPANY)
    print("| operation | goal | ours | floor | |\n|---|---|---|---|---|", flush=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        if only != "in":
            given_out(folder, User.objects.get(username=GROUP_OFFICE))
        if only == "out":
            return
        department, person = Department.objects.filter(unit=unit).first(), Person.objects.filter(unit=unit).first()
        written_sheet(folder / "in.xlsx", rows, str(department), person.name if person else "")
        taken_in(folder / "in.xlsx", rows, User.objects.get(username=clerk(COMPANY)), unit)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=10_000)
    parser.add_argument("points", nargs="?", type=int, default=100_000)
    parser.add_argument("--only", choices=["in", "out"], default="", help="one direction alone")
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args()
    with servers() as server:
        run(server, asked.rows, asked.points, fresh=asked.fresh, only=asked.only)


if __name__ == "__main__":
    main()
