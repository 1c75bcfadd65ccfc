"""`manage.py try_import FOLDER`: what the import would make of every sheet of a folder; nothing is kept."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.exchange import committing, services
from apps.exchange.models import Batch
from apps.exchange.queries import counts, rows_of
from apps.exchange.reading import TYPES
from apps.exchange.registers import register_of


class Command(BaseCommand):
    """A line for every register found: rows found, faults, hints, rows committed (rows with faults left out)."""

    help = "试导入目录中的每个表格并列出结果，不保留任何数据。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--register", default="risk")
        parser.add_argument("--user", default="clerk", help="以谁的身份导入")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"没有账号 {options['user']}。")
        unit = register_of(options["register"]).units(user).first()
        if unit is None:
            raise CommandError(f"{options['user']} 没有登记的权限。")
        self.stdout.write("文件\t登记表\t行数\t需要修改\t有提醒\t可导入")
        for path in sorted(options["folder"].iterdir()):
            if path.suffix.lower().lstrip(".") in TYPES:
                self._try(path, options["register"], user, unit)

    def _try(self, path: Path, register: str, user: User, unit: Any) -> None:
        with transaction.atomic():
            try:
                batch = services.open_batch(register, path=path, file_name=path.name, by=user, at=timezone.now())
                for number in range(len(batch.tables)):
                    with transaction.atomic():  # what the table above brought does not count for this one
                        self._line(path, services.choose(batch, table=number, by=user), user, unit)
                        transaction.set_rollback(True)
            except Refused as no:
                self.stdout.write(f"{path.name}\t{no.message}")
            transaction.set_rollback(True)

    def _line(self, path: Path, batch: Batch, user: User, unit: Any) -> None:
        seen = services.proposal(batch, None)
        mapped = {"mapping": seen["mapping"], "answers": seen["answers"], "same": {}, "splits": False}
        services.arrange(batch, unit=unit, **mapped, by=user, at=timezone.now())
        found = counts(batch)
        for row in rows_of(batch).filter(state="bad"):
            services.drop(row, dropped=True, by=user, at=timezone.now())
        try:
            made = str(committing.commit(batch, by=user, at=timezone.now()))
        except Refused as no:
            made = f"0（{no.message}）"
        sheet, count = batch.chosen["sheet"] or "-", batch.chosen["count"]
        self.stdout.write(f"{path.name}\t{sheet}\t{count}\t{found.get('bad', 0)}\t{found.get('hint', 0)}\t{made}")
