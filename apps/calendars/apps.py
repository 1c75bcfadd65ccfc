from collections.abc import Callable, Iterable
from datetime import datetime

from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "apps.calendars"
    label = "calendars"
    verbose_name = "工作日历"

    def ready(self) -> None:
        from django.utils import timezone

        from apps.audit import net
        from apps.calendars import events, queries  # noqa: F401 -- declares the audit events
        from apps.calendars.models import Day, Year
        from apps.core import health

        net.watch(Year)
        net.watch(Day, parent="year")

        def notice_missing(at: datetime) -> Iterable[str]:
            text = queries.warning(timezone.localdate(at))
            return [text] if text else []

        health.register("calendar", notice_missing)

    def setup_steps(self) -> list[tuple[str, Callable[[datetime], str]]]:
        """What `manage.py setup` does for this app."""
        from apps.calendars import services

        def load(at: datetime) -> str:
            years = services.load_official(at=at)
            return f"已载入{'、'.join(f'{year}年' for year in years)}放假安排" if years else "已是最新"

        return [("工作日历", load)]
