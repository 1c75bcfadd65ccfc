"""Mails a second: the outbox against bare smtplib on one connection, the same bytes to the same sink, in one run.

    python benchmarks/outbox.py [number of mails]

Needs the environment of a development machine (DATABASE_URL …) and an empty database named by PORTAL_BENCH_DB whose
tables are there; it leaves its rows in it. Goal (perf.md): the outbox reaches 0.7 × bare smtplib.
"""
import asyncio
import multiprocessing
import os
import smtplib
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from aiosmtpd.smtp import SMTP

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def sink(port: int, ready: Event) -> None:
    """A mail server of its own process that takes everything and keeps nothing."""
    class Takes:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
            return "250 OK"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Takes(), loop=loop), "127.0.0.1", port)
        ready.set()
        await server.serve_forever()

    asyncio.run(serve())


def bare(port: int, messages: list[tuple[str, bytes]]) -> float:
    """Seconds that smtplib needs for the messages."""
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as line:
        for to, message in messages:
            line.sendmail("qinglian@localhost", [to], message)
    return time.perf_counter() - began


def main(count: int) -> None:
    """Fill the outbox, empty it, and do the same by hand."""
    import django  # noqa: PLC0415 -- after the settings
    from django.conf import settings  # noqa: PLC0415 -- after the settings

    settings.DATABASES["default"]["NAME"] = os.environ["PORTAL_BENCH_DB"]
    django.setup()
    from django.utils import timezone  # noqa: PLC0415 -- after the settings

    from apps.accounts.models import User  # noqa: PLC0415 -- after the settings
    from apps.notices.mail import compose  # noqa: PLC0415 -- after the settings
    from apps.notices.services import notify, pump  # noqa: PLC0415 -- after the settings
    from tests.kit.smtp import free_port  # noqa: PLC0415 -- after the settings

    port, ready = free_port(), multiprocessing.Event()
    server = multiprocessing.Process(target=sink, args=(port, ready), daemon=True)
    server.start()
    ready.wait(30)
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.MAIL_ENABLED = "127.0.0.1", port, True
    mark, now = f"{time.time():.0f}", timezone.now()
    people = User.objects.bulk_create(User(username=f"b{mark}-{n}", name="试", email=f"b{n}@jia.example") for n in range(count))
    messages = [
        (one.email, compose(to=one.email, title="2027年春节廉洁提醒", url="/notices/", message_id=f"<{n}@localhost>", at=now))
        for n, one in enumerate(people)
    ]
    began = time.perf_counter()
    notify(people, kind="bench", key=f"bench-{mark}", title="2027年春节廉洁提醒", body="", url="/notices/", at=now)
    left = time.perf_counter() - began
    half = len(messages) // 2
    first = bare(port, messages[:half])
    began = time.perf_counter()
    sent = pump(clock=timezone.now, limit=count)
    ours = time.perf_counter() - began
    second = bare(port, messages[half:])
    server.terminate()
    floor = count / (first + second)
    print(f"notify: {count} people in {left:.2f} s")
    print(f"bare smtplib: {floor:.0f} mails/s")
    print(f"outbox: {sent} mails, {sent / ours:.0f} mails/s = {sent / ours / floor:.2f} x bare")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
