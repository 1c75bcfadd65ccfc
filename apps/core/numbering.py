"""Record numbers: `{类别代字}-{单位代码}-{年份}-{四位流水}` (domain.md §1.0)."""

from django.db import connection


def take(prefix: str, *, unit_code: str, year: int) -> str:
    """The next number of a series, such as FX-CJ-2026-0017. Two transactions never get the same one.

    The row stays locked until the caller's transaction ends; a rolled-back transaction gives its number back.
    """
    series = f"{prefix}-{unit_code}-{year}"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_series (name, last) VALUES (%s, 1) "
            "ON CONFLICT (name) DO UPDATE SET last = core_series.last + 1 RETURNING last",
            [series],
        )
        (number,) = cursor.fetchone()
    return f"{series}-{number:04d}"
