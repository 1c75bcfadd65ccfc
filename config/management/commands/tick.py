"""`manage.py tick`: the whole clockwork once, for cron or systemd, without Redis and Celery."""
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.tick import tick


class Command(BaseCommand):
    """Exit code 1 and the names of the steps when one broke."""

    help = "执行一次到期事项：发送通知邮件、运行导出任务、清理过期文件。无 Redis 时由 cron 每分钟调用。"

    def handle(self, *_args: Any, **_options: Any) -> None:
        if broken := tick(clock=timezone.now):
            raise CommandError(f"以下步骤没有完成：{'、'.join(broken)}。原因见日志。")
