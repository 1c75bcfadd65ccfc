"""Whether the process lives (`/healthz`) and whether it may get users (`/readyz`)."""
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.models import Heartbeat

Probe = Callable[[datetime], Iterable[str]]
TICK_LIMIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Health:
    """What stops the portal from serving (`reasons`) and what somebody should look at (`warnings`)."""

    reasons: list[str]
    warnings: list[str]


_probes: dict[str, tuple[Probe, bool]] = {}


def register(name: str, probe: Probe, *, blocking: bool = False) -> None:
    """Ask `probe(at)` on every `/readyz`; it returns Chinese sentences, none when all is well.

    A blocking probe makes the portal not ready. A database error inside a probe counts as its sentence.
    """
    _probes[name] = (probe, blocking)


def examine(at: datetime) -> Health:
    """Ask every probe. Without a database or with migrations pending the others are not asked: they could only fail."""
    try:
        reasons = list(pending_migrations())
    except DatabaseError:
        return Health(["数据库无法连接。"], [])
    if reasons:
        return Health(reasons, [])
    health = Health([], [])
    for name, (probe, blocking) in _probes.items():
        try:
            found = list(probe(at))
        except DatabaseError:
            found = [f"检查项“{name}”无法读取数据库。"]
        (health.reasons if blocking else health.warnings).extend(found)
    return health


def pending_migrations() -> Iterable[str]:
    """Whether the tables are older than the code."""
    executor = MigrationExecutor(connection)
    if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield f"有{len(waiting)}个数据库变更尚未执行，请运行 migrate。"


def tick_stopped(at: datetime) -> Iterable[str]:
    """Whether the scheduler stands still (house.md: no tick for 15 minutes)."""
    last = Heartbeat.objects.filter(name="tick").values_list("at", flat=True).first()
    if last is None:
        yield "定时任务尚未运行。"
    elif at - last > TICK_LIMIT:
        yield "定时任务已超过15分钟没有运行。"


register("tick", tick_stopped, blocking=True)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready or not, and why."""
    health = examine(timezone.now())
    body = {"ready": not health.reasons, "reasons": health.reasons, "warnings": health.warnings}
    return JsonResponse(body, status=503 if health.reasons else 200, json_dumps_params={"ensure_ascii": False})
