"""The portal's side of `reader`: a file in, what is in it out, whatever the file does to the reading process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from apps.core.errors import Refused
from apps.exchange.finding import Column, Line, Table, Vocabulary

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30  # of the clock; the process itself may use 20 of the processor
TYPES = ("xlsx", "xls", "et", "csv")
BROKEN = "文件无法打开，用 Excel 或 WPS 另存为 .xlsx 后重新上传。"
WAIT = 3  # seconds for a place: whoever waits keeps a thread of the web from everybody else
_places = BoundedSemaphore(2)  # reading processes at a time of one web process


def asked(path: Path, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sheets of a workbook or CSV whose name ends in one of TYPES, as `reader.answer` gives them.

    Raises Refused (field `file`) with what to do about the file. Memory and time are those of another process, bounded there.
    """
    if not _places.acquire(timeout=WAIT):
        raise Refused("正在读取的文件较多，稍后重新上传。", field="file")
    try:
        done = subprocess.run(  # noqa: S603  our own program; the path is ours as well
            [sys.executable, "-m", "apps.exchange.reader", str(path)], check=False, capture_output=True, timeout=SECONDS, cwd=ROOT,
            input=json.dumps(question).encode(),
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"fault": BROKEN}
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        answer = {"fault": BROKEN}
    finally:
        _places.release()
    if fault := answer.get("fault"):
        raise Refused(fault, field="file")
    sheets: list[dict[str, Any]] = answer["sheets"]
    return sheets


def registers_in(
    path: Path, vocabulary: Vocabulary, *, needed: Sequence[Sequence[str]], most: int
) -> list[tuple[dict[str, Any], list[Table]]]:
    """Each sheet of the file (name, hidden, formulas, hidden_rows) with the registers `finding.find` sees in it.

    Raises Refused (field `file`) as `asked`, also where all of them have more than `most` rows.
    """
    question = {"vocabulary": {name: list(words) for name, words in vocabulary.items()}, "needed": needed, "most": most}
    return [(sheet, [_table(facts) for facts in sheet.pop("tables")]) for sheet in asked(path, question)]


def _table(facts: dict[str, Any]) -> Table:
    columns, lines = facts.pop("columns"), facts.pop("lines")
    return Table(**facts, columns=[Column(**column) for column in columns], lines=[Line(**line) for line in lines])
