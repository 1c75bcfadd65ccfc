# ruff: noqa: PLC0415 -- a script: the servers and the settings first, then the portal
"""The pages at a million risk points, each beside the least a Django view on the same rows can do, in one run.

    .venv/bin/python benchmarks/pages.py [rows] [--fresh] [--only text]      (default 1000000; docs/PERFORMANCE.md)

Starts its own PostgreSQL and Redis (var/bench), makes the scratch database bench_<rows> unless it is there (--fresh:
anew, needed after a change of migrations), runs the portal under gunicorn as in production, and measures over HTTP.
"""
from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Browser, Times, crowd, side_by_side, summary
from scratch import GROUP_DISCIPLINE, PASSWORD, REGULATOR, clerk, fill, head
from servers import ROOT, Servers, connected, servers

COMPANY = 100  # whose clerk and head look at the narrow pages
PORT, FLOOR_PORT = 8861, 8862
GET_TIMES, POST_TIMES = 40, 40


@dataclass(frozen=True)
class Page:
    """One page, who opens it, the floor beside it, and how far it may be from it."""

    name: str
    who: str
    path: str
    floor: str
    goal: float = 40
    factor: float = 6


def pages(point: int) -> list[Page]:
    """Everything that is opened, for somebody who sees one company and for two who see all."""
    narrow, wide, unit = clerk(COMPANY), GROUP_DISCIPLINE, f"unit={COMPANY}"
    found = []
    for who, label, scope in ((narrow, "one company", f"?{unit}"), (wide, "group", "?"), (REGULATOR, "regulator", "?")):
        search = f"/search/{scope}&q="
        found += [
            Page(f"list, first page ({label})", who, "/risks/?per_page=50", f"/list/{scope}"),
            Page(f"list, state and unit ({label})", who, f"/risks/?per_page=50&state=in_force&{unit}", f"/filtered/?{unit}"),
            Page(f"list, page 1,000 ({label})", who, "/risks/?per_page=50&page=1000", f"/deep/{scope}"),
            Page(f"list, “签证” in every 20th ({label})", who, "/risks/?per_page=50&q=签证", f"{search}签证"),
            Page(f"list, “碳排” in every 5,000th ({label})", who, "/risks/?per_page=50&q=碳排", f"{search}碳排"),
        ]
    point_path, point_floor = f"/risks/{point}/", f"/detail/{point}/"
    return [
        *found,
        Page("list by level, falling (group)", wide, "/risks/?per_page=50&sort=-level", "/list/?"),
        Page("list by review date (group)", wide, "/risks/?per_page=50&sort=review_due_on", "/list/?"),
        Page("global search, “签证” (group)", wide, "/search/?q=签证", "/list/?", 80, 10),
        Page("global search, “碳排” (one company)", narrow, "/search/?q=碳排", f"/list/?{unit}", 80, 10),
        Page("detail with timeline (one company)", narrow, point_path, point_floor, 25, 8),
        Page("detail with timeline (group)", wide, point_path, point_floor, 25, 8),
        Page("home (clerk)", narrow, "/", "/ping/", 40, 99),
        Page("home (head)", head(COMPANY), "/", "/ping/", 40, 99),
        Page("home (group)", wide, "/", "/groups/", 40, 2),
        Page("form of a new point", narrow, "/risks/new/", "/ping/", 40, 99),
        Page("API list of 50 (one company)", narrow, "/api/v1/risks/", f"/api/?{unit}", 15, 8),
        Page("API list of 50 (group)", wide, "/api/v1/risks/", "/api/?", 15, 8),
    ]


def content(company: int) -> dict[str, Any]:
    """What somebody types into the form of a new point of this company."""
    department, people = (company - 2) * 5 + 1, (company - 2) * 10
    return {
        "unit": company, "department": department, "year": 2026, "layer": "post", "post": (department - 1) * 3 + 1, "topic": "conduct",
        "secrecy": "unit", "name": f"登记{uuid.uuid4().hex[:12]}", "power": "工程变更签证审核", "authority": "manage", "domain": "works",
        "category": "process", "step_name": "签证审核", "manifestation": "与施工单位串通虚增工程量、先施工后补签、化整为零规避分级审批",
        "likelihood": 2, "severity": 3, "level": "mid", "indicator": "合同结算超概率", "responsible": people + 1, "head": people + 3,
        "leader": people + 4, "ways": ["self", "organisation"], "publicity_scope": "unit", "publicity_channels": ["portal"],
    }  # fmt: skip


def measure(company: int) -> dict[str, Any]:
    """A measure of it."""
    where = {"department": (company - 2) * 5 + 1, "person": (company - 2) * 10 + 3}
    return {"kind": "during", "content": "单项变更须会签并上传影像", "is_standing": True} | where


def typed(company: int) -> dict[str, Any]:
    """The same as a browser posts it."""
    row = {f"measures-0-{name}": "on" if value is True else value for name, value in measure(company).items()}
    return content(company) | {"measures-TOTAL_FORMS": 1, "measures-INITIAL_FORMS": 0, "then": "save", "version": 0} | row


@contextmanager
def gunicorn(port: int, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """The portal (or the floor) as it runs in production, with two workers."""
    env = os.environ | {"PORTAL_WEB_WORKERS": "2", "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"} | extra
    call = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "docker/gunicorn.conf.py"), "-b", f"127.0.0.1:{port}", "config.wsgi"]
    with (ROOT / "var/bench/logs" / f"web-{port}.log").open("ab") as log:
        process = subprocess.Popen(call, cwd=ROOT, env=env, stdout=log, stderr=log)  # noqa: S603 -- ours
        try:
            for _ in range(300):
                with suppress(OSError, http.client.HTTPException):
                    if Browser(port).ask("GET", "/healthz").status:
                        break
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def workers(process: subprocess.Popen[bytes]) -> list[tuple[int, int]]:
    """Resident and proportional memory of every worker, in MB."""
    found = []
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        lines = Path(f"/proc/{child}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines}
        found.append((sizes["Rss"], sizes["Pss"]))
    return found


class Report:
    """The lines of the table, as they come."""

    def __init__(self, only: str) -> None:
        self.only, self.missed = only, 0
        print("| operation | goal | p50 | p95 | floor | × | statements | kB | |\n|---|---|---|---|---|---|---|---|---|", flush=True)

    def wants(self, name: str) -> bool:
        """Whether this operation is asked for."""
        return self.only in name

    def line(self, name: str, goal: str, ours: Times, floor: Times, *, sql: str = "", kb: str = "", fine: bool) -> None:
        """One operation in milliseconds."""
        self.missed += not fine
        many = f"{ours.p50 / floor.p50:.1f}" if floor.p50 else ""
        verdict = "ok" if fine else "**NOT**"
        cells = (name, goal, f"{ours.p50:.1f}", f"{ours.p95:.1f}", f"{floor.p50:.1f}", many, sql, kb, verdict)
        print(f"| {' | '.join(cells)} |", flush=True)

    def figure(self, name: str, goal: str, value: str, floor: str = "", *, fine: bool) -> None:
        """One operation measured otherwise."""
        self.missed += not fine
        print(f"| {name} | {goal} | {value} | | {floor} | | | | {'ok' if fine else '**NOT**'} |", flush=True)


class Counter:
    """Counts the statements of a page in this process, through Django's own client."""

    def __init__(self) -> None:
        from apps.accounts.models import User

        self.users = User
        self.clients: dict[str, Any] = {}

    def of(self, who: str, path: str, data: dict[str, Any] | None = None, **more: Any) -> str:
        """How many, transactions' own words left out; the second visit counts, as for anybody who works here."""
        from django.db import connection
        from django.test import Client
        from django.test.utils import CaptureQueriesContext

        if who not in self.clients:
            self.clients[who] = Client(headers={"host": "localhost"})
            self.clients[who].force_login(self.users.objects.get(username=who))
        client = self.clients[who]
        if data is None:
            client.get(path)
        with CaptureQueriesContext(connection) as caught:
            client.get(path) if data is None else client.post(path, data, **more)
        words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        return str(sum(not query["sql"].startswith(words) for query in caught.captured_queries))


def opened(report: Report, counter: Counter, people: dict[str, Browser], point: int) -> None:
    """Everything that is only read."""
    below = Browser(FLOOR_PORT)
    firsts: dict[str, float] = {}
    for page in pages(point):
        if not report.wants(page.name):
            continue
        path, floor_path = (p.replace("签证", "%E7%AD%BE%E8%AF%81").replace("碳排", "%E7%A2%B3%E6%8E%92") for p in (page.path, page.floor))
        size = len(people[page.who].get(path).body) / 1000
        ours, floor = side_by_side(bound(people[page.who], path), bound(below, floor_path), GET_TIMES)
        if "first page" in page.name:
            firsts[page.who] = ours.p50
        slow = page.name.startswith("list, ") and ours.p50 > 1.5 * firsts.get(page.who, ours.p50)
        fine = ours.p50 <= page.goal and ours.p95 <= 100 and ours.p50 <= page.factor * floor.p50 and size <= 120 and not slow
        goal = f"≤ {page.goal:.0f} ms" + (f", ≤ {page.factor:.0f} ×" if page.factor < 99 else "")
        report.line(page.name, goal, ours, floor, sql=counter.of(page.who, path), kb=f"{size:.0f}", fine=fine)


def bound(browser: Browser, path: str) -> Callable[[], float]:
    """A call of one page, in milliseconds."""
    return lambda: browser.get(path).ms


def written(report: Report, counter: Counter, people: dict[str, Browser], point: int) -> None:
    """Creating and handing in by form, and by the API."""
    if not report.wants("create and move"):
        return
    who, below = people[clerk(COMPANY)], Browser(FLOOR_PORT)
    spent: dict[str, list[float]] = {name: [] for name in ("create", "move", "api", "new floor", "move floor")}
    for turn in range(POST_TIMES + 5):
        made = who.post("/risks/new/", typed(COMPANY))
        handed_in = who.post(f"{made.location}do/submit/", {"version": 1})
        sent = who.send("/api/v1/risks/", content(COMPANY) | {"measures": [measure(COMPANY)]})
        floors = below.get(f"/new/?like={point}").ms, below.get(f"/move/?like={point}").ms
        for name, ms in zip(spent, (made.ms, handed_in.ms, sent.ms, *floors), strict=True):
            if turn >= 5:
                spent[name].append(ms)
    for name, key, goal, floor in (
        ("create by form", "create", 25, "new floor"), ("move (hand in) by form", "move", 25, "move floor"),
        ("API create", "api", 17, "new floor"),
    ):  # fmt: skip
        ours = summary(spent[key])
        report.line(name, f"≤ {goal} ms", ours, summary(spent[floor]), sql=statements_of(counter, key), fine=ours.p50 <= goal)


def statements_of(counter: Counter, key: str) -> str:
    """The statements of one write."""
    who = clerk(COMPANY)
    if key == "create":
        return counter.of(who, "/risks/new/", typed(COMPANY) | {"token": uuid.uuid4().hex})
    if key == "api":
        body = content(COMPANY) | {"measures": [measure(COMPANY)]}
        return counter.of(who, "/api/v1/risks/", body, content_type="application/json")
    from apps.risks.models import RiskPoint

    made = counter.clients[who].post("/risks/new/", typed(COMPANY) | {"token": uuid.uuid4().hex})
    pk = int(made.headers["Location"].strip("/").rpartition("/")[2])
    version = RiskPoint._base_manager.get(pk=pk).version
    return counter.of(who, f"/risks/{pk}/do/submit/", {"version": version, "token": uuid.uuid4().hex})


def crowded(report: Report, people: dict[str, Browser]) -> None:
    """Eight clients on the list; eight writers on one company, and one each on eight."""
    if report.wants("8 clients"):
        for name, who in (("one company", clerk(COMPANY)), ("group", GROUP_DISCIPLINE)):
            rate = crowd([bound(Browser(PORT, people[who]), "/risks/?per_page=50") for _ in range(8)], 8)
            floor = crowd([bound(Browser(FLOOR_PORT), "/list/") for _ in range(8)], 4)
            report.figure(f"8 clients on the list ({name})", "≥ 45/s", f"{rate:.0f}/s", f"{floor:.0f}/s", fine=rate >= 45)
    if report.wants("8 writers"):
        apart = [Browser(PORT).log_in(clerk(company), PASSWORD) for company in range(1002, 1010)]
        rates: dict[bool, list[float]] = {True: [], False: []}
        for together in (True, False) * 3:
            writers = [writer(Browser(PORT, people[clerk(COMPANY)]), COMPANY) if together else writer(apart[i], 1002 + i) for i in range(8)]
            rates[together].append(crowd(writers, 6))
        one, each = (sorted(rates[together])[1] for together in (True, False))
        name = "8 writers on one company, of what 8 on a company each reach"
        report.figure(name, "> 90 %", f"{100 * one / each:.0f} % ({one:.0f}/s)", f"{each:.0f}/s", fine=one > 0.9 * each)


def writer(browser: Browser, company: int) -> Callable[[], Any]:
    """Somebody who registers one point after the other."""
    return lambda: browser.post("/risks/new/", typed(company))


def ledger(report: Report) -> None:
    """The 台账 as PDF, in a process of its own: what prints is measured by its memory too."""
    if report.wants("ledger"):
        call = [sys.executable, str(ROOT / "benchmarks/ledger.py"), GROUP_DISCIPLINE]
        done = subprocess.run(call, env=os.environ, check=True, capture_output=True, text=True)  # noqa: S603 -- ours
        for text in done.stdout.splitlines():
            name, goal, value, floor, fine = text.split("\t")
            report.figure(name, goal, value, floor, fine=fine == "ok")


def run(server: Servers, rows: int, *, fresh: bool, only: str) -> int:
    """Everything on one database."""
    server.use(f"bench_{rows}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password

    if fresh or server.missing():
        server.make()
        with connected(server.database) as cursor:
            fill(cursor, rows, make_password(PASSWORD))
        server.filled()
    with connected(server.database) as cursor:
        cursor.execute("SELECT min(id) FROM risks_riskpoint WHERE unit_id = %s AND state = 'in_force' AND id %% 3 = 0", [COMPANY])
        (point,) = cursor.fetchone()
    with gunicorn(PORT) as portal, gunicorn(FLOOR_PORT, DJANGO_SETTINGS_MODULE="floor"):
        names = (clerk(COMPANY), head(COMPANY), GROUP_DISCIPLINE, REGULATOR)
        people = {name: Browser(PORT).log_in(name, PASSWORD) for name in names}
        report, counter = Report(only), Counter()
        opened(report, counter, people, point)
        written(report, counter, people, point)
        crowded(report, people)
        if report.wants("memory"):
            sizes = workers(portal)
            text = "、".join(f"{rss} ({pss})" for rss, pss in sizes)
            report.figure("memory of a web worker after this, MB (its share)", "≤ 150", text, fine=all(rss <= 150 for rss, _ in sizes))
    ledger(report)
    return report.missed


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    with servers() as server:
        print(f"# {run(server, asked.rows, fresh=asked.fresh, only=asked.only)} missed; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
