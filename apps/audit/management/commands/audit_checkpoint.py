"""Sign where all chains stand."""
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit import checkpoints
from apps.core.errors import Refused


class Command(BaseCommand):
    """Makes a checkpoint when something happened since the last one, and copies it out."""

    help = "为各审计链的当前状态签署检查点，并追加到库外文件"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = checkpoints.make_checkpoint(settings.AUDIT_KEY_FILE, at=timezone.now())
        except Refused as no:
            raise CommandError(no.message, returncode=2) from no
        copied = checkpoints.copy_out(settings.AUDIT_CHECKPOINT_FILE)
        state = f"检查点 {made.number} 已签署" if made else "审计链没有变化，未签署新检查点"
        self.stdout.write(f"{state}；写入库外文件{copied}个")
