"""The 台账 of risk points as PDF (domain.md §3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from apps.documents.jobs import Denied, Progress, Result, job_kind
from apps.documents.ledger import Column, Ledger, ledger_pdf
from apps.documents.models import Job
from apps.exchange.queries import file_of
from apps.org.queries import title_of, unit_of
from apps.org.scope import scope_of
from apps.risks.content import code_text, until
from apps.risks.filters import RiskFilter
from apps.risks.models import RiskPoint
from apps.risks.queries import for_list

COLUMNS = (  # widths in mm: names of three characters, dates and 「长期坚持」 stay on one line at 10 pt
    Column("序号", 8, "center"), Column("单位", 13.5), Column("部门", 12.8), Column("岗位", 12.8), Column("权力事项", 13),
    Column("业务领域", 12.8), Column("风险类别", 12.8), Column("风险点", 18), Column("表现形式", 32), Column("等级", 8, "center"),
    Column("防控措施", 35), Column("责任人", 13, "center"), Column("部门负责人", 13, "center"), Column("责任领导", 13, "center"),
    Column("完成时限", 20.4, "center"), Column("落实情况", 18.5, "center"), Column("公示日期", 20.4, "center"),
)  # fmt: skip


@job_kind("risk-ledger", label="廉政风险点台账")
def risk_ledger(job: Job, progress: Progress) -> Result:
    """Print the filter the requester had, for what he may see now. Raises Denied when he may see nothing any more."""
    user = job.requested_by
    if not scope_of(user).may(RiskPoint.FUNCTION, "R"):
        raise Denied("您已没有查看廉政风险点的权限。")
    query = QueryDict(job.params.get("query", ""))
    found = RiskFilter(query, RiskPoint.objects.visible_to(user), request=SimpleNamespace(user=user))
    rows = for_list(found.qs).select_related("head", "leader").prefetch_related("measures")
    total = rows.count()
    unit = unit_of(user)
    now = timezone.now()
    name = unit.short_name if unit else ""
    ledger = Ledger(
        title=f"{name}{timezone.localdate().year}年度廉政风险点台账", columns=COLUMNS, unit=unit.name if unit else "",
        filled_on=timezone.localdate(), exported_by=f"{user.name} {title_of(user)}", exported_at=now,
        number=str(job.pk)[:8].upper(), filled_by=user.name, conditions=conditions(found),
    )  # fmt: skip
    pdf = ledger_pdf(ledger, lines(rows.iterator(chunk_size=500)), total=total, progress=progress)
    return f"廉政风险点台账_{name}_{timezone.localdate():%Y%m%d}.pdf", "application/pdf", pdf


def conditions(found: RiskFilter) -> str:
    """The filter in words, as printed over the table; an order is none, and keys are only counted."""
    if found.form.errors:
        return "筛选条件无效，未列出记录"
    parts = []
    for name, value in found.form.cleaned_data.items():
        if value in (None, "", [], False) or name == "ordering":
            continue
        field = found.form.fields[name]
        choices = dict(getattr(field, "choices", ()) or ()) if not hasattr(value, "pk") else {}
        values = value if isinstance(value, list) else [value]
        if name in {"ids", "batch"}:
            values = [f"{len(value)}条" if name == "ids" else file_of(int(value), found.request.user, "risk") or value]
        text = "、".join(str(choices.get(v, "是" if v is True else v)) for v in values)
        parts.append(f"{field.label}：{text}")
    return "；".join(parts)


def lines(rows: Any) -> Iterator[list[Any]]:
    """One line a point; several measures stand numbered in one cell."""
    for number, point in enumerate(rows, 1):
        measures = sorted(point.measures.all(), key=lambda m: m.number)
        many = len(measures) > 1
        yield [
            number, point.unit.short_name, point.department, point.post, point.power,
            code_text("business_area", point.domain).partition("（")[0],
            code_text("risk_kind", point.category), point.name, point.manifestation, point.get_level_display(),
            "\n".join(f"{m.number}. {m.content}" if many else m.content for m in measures), point.responsible, point.head, point.leader,
            "\n".join(until(m.due_on, is_standing=m.is_standing) or "—" for m in measures),
            "\n".join(m.get_progress_display() for m in measures), point.publicity_from,
        ]  # fmt: skip
