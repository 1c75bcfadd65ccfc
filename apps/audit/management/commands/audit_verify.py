"""Verify the whole audit."""
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit import chain, checkpoints, events, keys, queries, services, streams


class Command(BaseCommand):
    """Exit 0: sound; 1: faults, one a line, the chain and the place first; 2: could not verify."""

    help = "核验审计链与检查点；发现问题时逐条列出链名与序号，退出码为1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stream", default="", help="只核验一条链")
        parser.add_argument("--checkpoint", type=Path, help="库外检查点文件；缺省为数据库内的检查点")
        parser.add_argument("--pubkey", type=Path, help="公钥文件；缺省为签名密钥旁的公钥")
        parser.add_argument("--quiet", action="store_true", help="只列问题")
        parser.add_argument("--note", action="store_true", help="将核验结果记入审计链")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for fault in self.faults(options["stream"], options["checkpoint"], options["pubkey"]):
            count += 1
            self.stdout.write(str(fault))
        if options["note"]:
            result = "failed" if count else "ok"
            services.note(events.VERIFIED, stream=streams.SYS, by=None, at=timezone.now(), result=result, after={"faults": count})
        if count:
            raise CommandError(f"审计链发现{count}处问题", returncode=1)
        if not options["quiet"]:
            heads = [head for head in queries.heads() if options["stream"] in ("", head.stream)]
            self.stdout.write(f"审计链完好：{len(heads)}条链，{sum(head.seq for head in heads)}条事件")

    def faults(self, stream: str, file: Path | None, pubkey: Path | None) -> Iterator[chain.Fault]:
        """The chains first, then what the checkpoints say of them."""
        yield from queries.faults(stream)
        if stream and file is None:
            return
        try:
            lines = list(checkpoints.read_lines(file)) if file else checkpoints.stored()
            if lines:
                yield from checkpoints.faults(lines, pubkey or keys.public_file(settings.AUDIT_KEY_FILE))
        except (OSError, ValueError, KeyError) as fault:
            raise CommandError(f"检查点或公钥无法读取：{fault}", returncode=2) from fault
