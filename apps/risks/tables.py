"""The columns of the list."""

from __future__ import annotations

import datetime
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.templatetags.ui import lamp, level, pill, short_day, state_kind
from apps.flow.rules import RETURNED
from apps.pages.tables import RecordTable
from apps.risks.content import code_text
from apps.risks.models import RiskPoint
from apps.risks.queries import sorted_by

SOON = datetime.timedelta(days=14)


LINE = 60  # characters of the second line of a row that are sent at most; the page shows as many as fit on one line


def short(text: str) -> str:
    """The beginning of a text, more than fits on one line of the list."""
    return text if len(text) <= LINE else f"{text[: LINE - 1]}…"


class RiskTable(RecordTable):
    """One line a point: what it is, whose it is, how far its measures are, when it is looked at again."""

    number = tables.Column(verbose_name="编号", attrs={"td": {"class": "nw sec m-hide lg-hide"}})
    level = tables.Column(verbose_name="等级", attrs={"td": {"class": "m2"}})
    name = tables.Column(verbose_name="风险点", order_by=("name", "-pk"), attrs={"td": {"class": "m1 wide"}})
    domain = tables.Column(verbose_name="业务领域", orderable=False, attrs={"td": {"class": "mid m-hide lg-hide"}})
    place = tables.Column(verbose_name="责任岗位", empty_values=(), orderable=False, attrs={"td": {"class": "nw"}})
    measures = tables.Column(verbose_name="防控措施", empty_values=(), orderable=False, attrs={"td": {"class": "num m-hide"}})
    responsible = tables.Column(verbose_name="责任人", orderable=False, attrs={"td": {"class": "nw m-hide"}})
    review_due_on = tables.Column(
        verbose_name="复查期限", empty_values=(), order_by=("review_due_on", "-pk"), attrs={"td": {"class": "nw"}}
    )
    state = tables.Column(verbose_name="状态", order_by=("state", "-pk"), attrs={"td": {"class": "nw m-hide"}})

    class Meta:
        model = RiskPoint
        fields = ("number", "level", "name", "domain", "place", "measures", "responsible", "review_due_on", "state")
        order_by_field = "sort"

    def order_level(self, queryset: QuerySet[RiskPoint], is_descending: bool) -> tuple[QuerySet[RiskPoint], bool]:
        """High, middle, low: not by the letters of the codes."""
        return sorted_by(queryset, "-level" if is_descending else "level"), True

    def render_level(self, record: RiskPoint) -> Any:
        return level(record.level)

    def render_name(self, record: RiskPoint) -> SafeString:
        return format_html(
            '<a class="t1" href="{}">{}</a><div class="sub clip1">{}</div>',
            record.get_absolute_url(),
            record.name,
            short(record.manifestation),
        )

    def render_domain(self, value: str) -> str:
        return code_text("business_area", value).split("（")[0]

    def render_place(self, record: RiskPoint) -> SafeString:
        place = " ".join(str(part) for part in (record.department, record.post) if part) or record.get_layer_display()
        return format_html('{}<div class="sub m-hide">{}</div>', place or "—", record.unit.short_name)

    def render_measures(self, record: RiskPoint) -> SafeString:
        """How many are carried out of how many; before the point is in force only how many there are: none is carried out yet."""
        done, total = record.measures_done, record.measures_total  # type: ignore[attr-defined]
        text = f"{done} / {total}" if record.effective_on else f"{total} 条"
        return format_html('<a href="{}#measures">{}</a>', record.get_absolute_url(), text)

    def render_review_due_on(self, value: datetime.date | None, record: RiskPoint) -> Any:
        """On phones, which have no column for it, the state stands here until there is a date."""
        if value is None:
            return format_html('<span class="m-hide">—</span><span class="m-only">{}</span>', self.render_state(record))
        today = timezone.localdate()
        if value < today:
            return lamp("r", short_day(value))
        return lamp("y", short_day(value)) if value - today <= SOON else format_html('<span class="sec">{}</span>', short_day(value))

    def render_state(self, record: RiskPoint) -> Any:
        if record.is_editable and record.is_returned:  # type: ignore[attr-defined]  # annotated by queries.for_list
            return pill("bad", RETURNED)
        return pill(state_kind(record), record.state_label)
