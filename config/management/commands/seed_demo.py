"""Fill an empty database with the demo group."""
from __future__ import annotations

import datetime
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.notices.models import Delivery
from apps.org.models import Unit
from apps.org.roles import Role
from config.demo import groundwork, risks
from config.demo.organisation import ACCOUNTS, NAMED, UNITS


class Command(BaseCommand):
    """Makes units, people, accounts and risk points; refuses where anything is there already."""

    help = "在空数据库中建立演示集团"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="数据库不空时什么也不做")

    def handle(self, *args: Any, **options: Any) -> None:
        if Unit.objects.exists() or User.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("数据库不是空的，演示数据只能写入空数据库。")
        password = demo_password()
        with transaction.atomic():
            ground = groundwork.lay(password, at=timezone.make_aware(datetime.datetime(2026, 1, 5, 9)))
            count = risks.sow(ground, today=timezone.localdate())
            Delivery.objects.filter(state="pending").update(state="suppressed")  # history, not news: nobody gets mail of it
        self.stderr.write(f"演示集团已建立：{len(UNITS)}家单位，{len(ACCOUNTS)}个账号，{count}个廉政风险点。")
        self.stdout.write(accounts_table())


def demo_password() -> str:
    """The one password of all demo accounts: PORTAL_DEMO_PASSWORD, else a random one kept in the state folder (0600)."""
    password = os.environ.get("PORTAL_DEMO_PASSWORD") or f"Ml{secrets.token_urlsafe(9)}7#"
    path = Path(settings.STATE_DIR) / "demo-password"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(password + "\n")
    return password


def accounts_table() -> str:
    """The accounts one can log in with: user name, role, unit."""
    lines = []
    for user_name, name, _unit, _department, title, *_rest, grants in ACCOUNTS[:NAMED]:
        role, where, _subtree = grants[0]
        lines.append(f"{user_name:<18}{role} {Role(role).label}　{UNITS[where][2]}　{name}（{title}）")
    return "\n".join(lines)
