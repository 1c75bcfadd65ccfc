"""Make the key that signs checkpoints."""
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.audit import keys


class Command(BaseCommand):
    """Creates the key once and prints its fingerprint."""

    help = "生成审计检查点的签名密钥（已有则保留），显示公钥位置与指纹"

    def handle(self, *args: Any, **options: Any) -> None:
        made = keys.ensure_key(settings.AUDIT_KEY_FILE)
        public = keys.public_file(settings.AUDIT_KEY_FILE)
        state = "已生成" if made else "已有"
        self.stdout.write(f"签名密钥{state}；公钥 {public}，指纹 {keys.fingerprint(keys.load_public(public))}")
