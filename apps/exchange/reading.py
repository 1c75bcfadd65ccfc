"""The portal's side of `reader`: a file in, its sheets out, whatever the file does to the reading process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from apps.core.errors import Refused

READER = Path(__file__).with_name("reader.py")
SECONDS = 30  # of the clock; the process itself may use 20 of the processor
TYPES = ("xlsx", "xls", "et", "csv")
BROKEN = "文件无法打开，用 Excel 或 WPS 另存为 .xlsx 后重新上传。"


def sheets_of(path: Path) -> list[dict[str, Any]]:
    """The sheets of a workbook or CSV whose name ends in one of TYPES, as `reader.read` gives them.

    Raises Refused (field `file`) with what to do about the file. Memory and time are those of another process, bounded there.
    """
    try:
        done = subprocess.run(  # noqa: S603  our own program; the path is ours as well
            [sys.executable, str(READER), str(path)], check=False, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"fault": BROKEN}
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        answer = {"fault": BROKEN}
    if fault := answer.get("fault"):
        raise Refused(fault, field="file")
    sheets: list[dict[str, Any]] = answer["sheets"]
    return sheets
