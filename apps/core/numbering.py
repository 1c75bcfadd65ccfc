"""Record numbers: `{类别代字}-{单位代码}-{年份}-{四位流水}` (domain.md §1.0)."""

from django.db import connection


def take_many(prefix: str, *, unit_code: str, year: int, count: int) -> list[str]:
    """The next `count` numbers of a series, such as FX-CJ-2026-0017. Two transactions never get the same one.

    The row stays locked until the caller's transaction ends; a rolled-back transaction gives its numbers back.
    """
    series = f"{prefix}-{unit_code}-{year}"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_series (name, last) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET last = core_series.last + EXCLUDED.last RETURNING last",
            [series, count],
        )
        (last,) = cursor.fetchone()
    return [f"{series}-{number:04d}" for number in range(last - count + 1, last + 1)]
