# ruff: noqa: D103 -- one view a floor, named by its address
"""The views of the floor (floor.py): the query a page cannot do without, and a bare table of its rows."""
from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
from django.utils import timezone

from apps.core.search import matching
from apps.flow.models import Step
from apps.risks.models import SEARCHED, Measure, RiskPoint

TABLE = engines["django"].from_string(
    "<table>{% for r in rows %}<tr><td>{{ r.number }}<td>{{ r.level }}<td><a href='/risks/{{ r.pk }}/'>{{ r.name }}</a>"
    " {{ r.manifestation }}"
    "<td>{{ r.domain }}<td>{{ r.unit.short_name }} {{ r.post.name }}<td>{{ r.responsible.name }}<td>{{ r.review_due_on }}<td>{{ r.state }}"
    "{% endfor %}</table>"
)
RECORD = engines["django"].from_string(
    "<h1>{{ r.number }} {{ r.name }}</h1>{% for f in fields %}<p>{{ f.0 }}: {{ f.1 }}{% endfor %}"
    "{% for m in measures %}<p>{{ m.content }} {{ m.person.name }}{% endfor %}"
    "{% for s in steps %}<p>{{ s.at }} {{ s.by.name }} {{ s.label }}{% endfor %}"
)
SIZE = 50


def of(request: HttpRequest) -> Any:
    unit = request.GET.get("unit")
    return RiskPoint._base_manager.filter(unit=unit) if unit else RiskPoint._base_manager.all()


def first(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TABLE.render({"rows": sliced(of(request), 0)}))


def sliced(rows: Any, start: int) -> Any:
    return rows.select_related("unit", "department", "post", "responsible").order_by("-pk")[start : start + SIZE]


def filtered(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TABLE.render({"rows": sliced(of(request).filter(state="in_force"), 0)}))


def deep(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TABLE.render({"rows": sliced(of(request), 999 * SIZE)}))


def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TABLE.render({"rows": sliced(of(request).filter(matching(SEARCHED, request.GET["q"])), 0)}))


def detail(_request: HttpRequest, pk: int) -> HttpResponse:
    row = RiskPoint._base_manager.select_related("unit", "department", "post", "responsible", "head", "leader", "secretary").get(pk=pk)
    fields = [(f.verbose_name, getattr(row, f.attname)) for f in row._meta.concrete_fields]
    measures = Measure.objects.filter(point=pk).select_related("person", "department")
    steps = Step.objects.filter(object_id=pk).select_related("by").order_by("-pk")
    return HttpResponse(RECORD.render({"r": row, "fields": fields, "measures": measures, "steps": steps}))


def new(request: HttpRequest) -> HttpResponse:
    now, old = timezone.now(), RiskPoint._base_manager.get(pk=request.GET["like"])
    with transaction.atomic():
        old.pk, old.number, old.name, old.state = None, f"B-{uuid.uuid4()}", uuid.uuid4().hex, "draft"
        old.created_at = old.updated_at = now
        old.save(force_insert=True)
        Measure.objects.create(point=old, content="每季度开展一次专项检查", kind="during")
    return HttpResponse("made")


def move(request: HttpRequest) -> HttpResponse:
    """A row held and changed, and the one row that remembers it."""
    with transaction.atomic():
        row = RiskPoint._base_manager.select_for_update().get(pk=request.GET["like"])
        row.version += 1
        row.save(update_fields=["version"])
        Measure.objects.create(point=row, content="每季度开展一次专项检查", kind="during", number=row.version + 100)
    return HttpResponse("moved")


def api(request: HttpRequest) -> JsonResponse:
    names = [f.attname for f in RiskPoint._meta.concrete_fields]
    return JsonResponse({"results": list(of(request).order_by("-pk").values(*names)[:SIZE])})


def groups(request: HttpRequest) -> JsonResponse:
    """The raw GROUP BY of a dashboard."""
    return JsonResponse(dict(of(request).order_by().values_list("state").annotate(n=Count("pk"))))


def pings(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("pong")


urlpatterns = [
    path("list/", first), path("filtered/", filtered), path("deep/", deep), path("search/", search), path("detail/<int:pk>/", detail),
    path("new/", new), path("move/", move), path("api/", api), path("groups/", groups), path("ping/", pings),
]  # fmt: skip
