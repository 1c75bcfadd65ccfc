"""The rows `pages.py` measures on: scratch.sql, with the indexes of the big table built after it is full."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any

PASSWORD = "Bench-2026-Bench-2026"  # noqa: S105 -- everybody's, of a scratch database
GROUP = 2  # ids as scratch.sql gives them


def clerk(company: int) -> str:
    """The account of a company's 联络员 (R16)."""
    return f"u{(company - 2) * 10 + 2}"


def head(company: int) -> str:
    """The account of a company's 部门负责人 (R15)."""
    return f"u{(company - 2) * 10 + 3}"


GROUP_LEADER, GROUP_DISCIPLINE, GROUP_SECRETARY, REGULATOR = "u4", "u6", "u3", "u9"  # R05, R04, R03 of the group, R01 above it
GROUP_OFFICE = "u2"  # R07, the discipline office, which takes lists out


def fill(cursor: Any, rows: int, hashed: str) -> None:
    """Everything, with its statistics; `hashed` is the stored form of PASSWORD."""
    sections = (Path(__file__).parent / "scratch.sql").read_text().split("-- == ")[1:]
    for section in sections:
        name, began = section.split("\n", 1)[0], time.perf_counter()
        indexes = taken(cursor) if name == "points" else []
        settings = "set_config('bench.rows', %s, false), set_config('bench.hash', %s, false)"
        cursor.execute(f"SELECT setseed(0.42), {settings}", [str(rows), hashed])
        cursor.execute(f"-- {section}")
        for definition in indexes:
            cursor.execute(definition)
        print(f"# filled {name}: {time.perf_counter() - began:.0f} s", flush=True)
    cursor.execute("VACUUM ANALYZE")


def taken(cursor: Any) -> list[str]:
    """Drop the plain indexes of the points; gives what makes them again."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'risks_riskpoint'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint) AND indexdef NOT LIKE 'CREATE UNIQUE%'"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]
