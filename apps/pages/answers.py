"""A file made for this answer alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_answer(name: str, write: Callable[[Path], Any], *, media: str = XLSX) -> FileResponse:
    """Let `write` make a file and hand it out under this name; nothing of it stays on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        write(path)
        answer = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=media)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    answer.set_cookie("file-sent", "1", max_age=60, samesite="Strict", secure=settings.SESSION_COOKIE_SECURE)  # forms.js waits for it
    return answer
