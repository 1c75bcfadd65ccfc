"""The filter of the list of risk points; page, export and API use the same one."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone

from apps.core.search import matching
from apps.org.models import Department, Unit
from apps.org.queries import departments_of, units_seen
from apps.pages.picks import NOT_OFFERED
from apps.parameters import queries as parameters
from apps.risks.models import GONE, RiskPoint
from apps.risks.queries import VIEWS, condition_of, overdue_measures, quarter_end, review_due_by

MOST_IDS = 500
LEVEL_RANK = Case(*(When(level=level, then=Value(i)) for i, level in enumerate(("high", "mid", "low"))), default=Value(3),
                  output_field=IntegerField())  # fmt: skip
# What a list may be sorted by; every order ends in the key, so that pages never repeat a row.
ORDERS: dict[str, Any] = {
    "number": "number", "name": "name", "unit": "unit__sort_no", "level": LEVEL_RANK, "state": "state", "year": "year",
    "updated_at": "updated_at", "review_due_on": "review_due_on",
}  # fmt: skip


def sorted_by(rows: QuerySet[RiskPoint], order: str) -> QuerySet[RiskPoint]:
    """The rows in an order of ORDERS (`-` before it turns it round), newest first otherwise."""
    name = order.removeprefix("-")
    if name not in ORDERS:
        return rows.order_by("-updated_at", "-pk")
    key = ORDERS[name]
    if isinstance(key, str):
        return rows.order_by(f"-{key}" if order.startswith("-") else key, "-pk")
    return rows.order_by(key.desc() if order.startswith("-") else key.asc(), "-pk")


def _units(request: HttpRequest | None) -> QuerySet[Unit]:
    return units_seen(request.user, RiskPoint.FUNCTION) if request is not None else Unit.objects.none()  # type: ignore[arg-type]


def _departments(request: HttpRequest | None) -> QuerySet[Department]:
    return departments_of(_units(request).order_by().values_list("pk", flat=True)).select_related("unit")


def _codes(dictionary: str) -> Any:
    return lambda: parameters.choices(dictionary)


class IdsField(forms.CharField):
    """Record keys with commas between; anything else is a fault."""

    def clean(self, value: Any) -> list[int]:
        parts = [part for part in str(value or "").split(",") if part.strip()]
        if len(parts) > MOST_IDS or not all(part.strip().isdecimal() and len(part) < 18 for part in parts):
            raise forms.ValidationError(f"所选记录有误，一次最多{MOST_IDS}条。")
        return [int(part) for part in parts]


class IdsFilter(django_filters.CharFilter):
    """Record keys, read by IdsField."""

    field_class = IdsField


class RiskFilter(django_filters.FilterSet):
    """What an official narrows the list by. A filter that makes no sense shows nothing, never everything."""

    q = django_filters.CharFilter(
        label="关键词", method="search", max_length=60, widget=forms.TextInput(attrs={"placeholder": "名称、内容、编号、岗位"})
    )
    unit = django_filters.ModelChoiceFilter(label="单位", queryset=_units, method="within", error_messages={"invalid_choice": NOT_OFFERED})
    below = django_filters.BooleanFilter(label="含下级单位", method="nothing", widget=forms.CheckboxInput)
    department = django_filters.ModelChoiceFilter(label="部门", queryset=_departments, error_messages={"invalid_choice": NOT_OFFERED})
    domain = django_filters.ChoiceFilter(label="业务领域", choices=_codes("business_area"))
    category = django_filters.ChoiceFilter(label="风险类别", choices=_codes("risk_kind"))
    topic = django_filters.ChoiceFilter(label="专题类别", choices=_codes("topic_kind"))
    level = django_filters.MultipleChoiceFilter(label="评定等级", choices=RiskPoint.Level.choices)
    layer = django_filters.ChoiceFilter(label="风险层级", choices=RiskPoint.Layer.choices)
    state = django_filters.MultipleChoiceFilter(label="状态", choices=RiskPoint.State.choices)
    year = django_filters.NumberFilter(label="执行年度", min_value=2000, max_value=2100)
    person = django_filters.CharFilter(label="责任人", method="responsible", max_length=40)
    overdue = django_filters.BooleanFilter(label="措施逾期", method="late", widget=forms.CheckboxInput)
    due = django_filters.BooleanFilter(label="本季度待复查", method="review", widget=forms.CheckboxInput)
    standing = django_filters.BooleanFilter(label="不含已销号、已作废", method="alive", widget=forms.CheckboxInput)
    mine = django_filters.BooleanFilter(label="我登记的", method="own", widget=forms.CheckboxInput)
    view = django_filters.ChoiceFilter(label="视图", choices=[(key, label) for key, label, _ in VIEWS], method="system_view")
    ids = IdsFilter(label="所选记录", method="chosen")
    ordering = django_filters.ChoiceFilter(
        label="排序", choices=[(sign + key, sign + key) for key in ORDERS for sign in ("", "-")], method="nothing"
    )

    class Meta:
        model = RiskPoint
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        if self.form.errors:
            return queryset.none()
        found = super().filter_queryset(queryset)
        return sorted_by(found, self.form.cleaned_data.get("ordering") or "")

    def chosen(self, queryset: Any, name: str, value: Any) -> Any:
        """Exactly these records, of those the person may see."""
        return queryset.filter(pk__in=value) if value else queryset

    def nothing(self, queryset: Any, name: str, value: Any) -> Any:
        """Read together with another filter."""
        return queryset

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """Name, content, number and post."""
        fields = ("name", "manifestation", "number", "post__name")
        found = Q()
        for field in fields:
            found |= matching(field, value)
        return queryset.filter(found) if value.strip() else queryset

    def within(self, queryset: Any, name: str, value: Unit) -> Any:
        """One unit, with those below it when asked."""
        if self.form.cleaned_data.get("below"):
            return queryset.filter(unit__path__startswith=value.path)
        return queryset.filter(unit=value)

    def responsible(self, queryset: Any, name: str, value: str) -> Any:
        """Somebody who answers for the point or one of its measures, by name."""
        return queryset.filter(
            Q(responsible__name=value) | Q(head__name=value) | Q(leader__name=value)
            | Q(pk__in=RiskPoint._base_manager.filter(measures__person__name=value).values("pk"))
        )  # fmt: skip

    def late(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(overdue_measures(timezone.localdate())) if value else queryset

    def review(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(review_due_by(quarter_end(timezone.localdate()))) if value else queryset

    def alive(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.exclude(state__in=GONE) if value else queryset

    def own(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(created_by=self.request.user) if value else queryset

    def system_view(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(condition_of(value, self.request.user, today=timezone.localdate()))
