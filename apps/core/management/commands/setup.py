"""`manage.py setup`: what has to be there before the first user comes; run after every migrate, safe to run again."""
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils import timezone


class Command(BaseCommand):
    """Ask every app for its steps and run them in the order of INSTALLED_APPS, one line each.

    core knows no app: an AppConfig that has something to prepare offers `setup_steps() -> [(name, step)]`, where
    `step(at)` does it, does nothing the second time, and returns what it did in a few Chinese words.
    """

    help = "准备首次使用所需的数据，可重复执行"

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        for config in apps.get_app_configs():
            for name, step in getattr(config, "setup_steps", list)():
                self.stdout.write(f"{name}：{step(at)}")
