"""The 台账 of 1,000 points as PDF against bare WeasyPrint on the same HTML, and of 5,000; run by pages.py in its environment."""
from __future__ import annotations

import gc
import os
import resource
import sys
import time
from types import SimpleNamespace
from typing import Any

import django

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
django.setup()

from django.http import QueryDict  # noqa: E402 -- after the settings
from weasyprint import HTML  # noqa: E402

from apps.accounts.models import User  # noqa: E402
from apps.documents import ledger as ledgers  # noqa: E402
from apps.documents import printing  # noqa: E402
from apps.documents.models import Job  # noqa: E402
from apps.risks import filters, papers  # noqa: E402
from apps.risks.filters import RiskFilter  # noqa: E402
from apps.risks.models import RiskPoint  # noqa: E402


def query_of(user: User, rows: int) -> str:
    """A filter of the list that finds exactly so many."""
    found = RiskFilter(QueryDict(""), RiskPoint.objects.visible_to(user), request=SimpleNamespace(user=user))
    return f"ids={','.join(map(str, found.qs.values_list('pk', flat=True)[:rows]))}"


def printed(user: User, rows: int) -> tuple[float, list[str]]:
    """Seconds of the job, and the HTML it laid out."""
    pages: list[str] = []
    make = ledgers._page

    def kept(*args: Any, **kwargs: Any) -> str:
        pages.append(make(*args, **kwargs))
        return pages[-1]

    ledgers._page = kept
    start = time.perf_counter()
    papers.risk_ledger(Job(requested_by=user, params={"query": query_of(user, rows)}), lambda *_: None)
    ledgers._page = make
    return time.perf_counter() - start, pages


def bare(pages: list[str]) -> float:
    """Seconds of WeasyPrint alone, as one document a part."""
    start = time.perf_counter()
    for page in pages:
        HTML(string=page, url_fetcher=printing.OwnFilesOnly()).write_pdf()
        gc.collect()
    return time.perf_counter() - start


def told(name: str, goal: str, value: str, floor: str, fine: bool) -> None:
    """One line for pages.py."""
    print(name, goal, value, floor, "ok" if fine else "not", sep="\t")


def main() -> None:
    """Two turns each, the better one counts: both only compute."""
    filters.MOST_IDS = 10_000
    user = User.objects.get(username=sys.argv[1])
    printed(user, 50)
    turns = [printed(user, 1000) for _ in range(2)]
    ours, floor = min(spent for spent, _ in turns), min(bare(turns[0][1]) for _ in range(2))
    told("ledger PDF of 1,000 rows", "≤ 1.15 ×", f"{ours:.1f} s = {ours / floor:.2f} ×", f"{floor:.1f} s", ours <= 1.15 * floor)
    spent, _ = printed(user, 5000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told("ledger PDF of 5,000 rows, memory", "≤ 400 MB", f"{peak} MB, {spent:.0f} s", "", peak <= 400)


if __name__ == "__main__":
    main()
