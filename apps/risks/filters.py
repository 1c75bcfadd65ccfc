"""The filter of the list of risk points; page, export and API use the same one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from django.utils import timezone

from apps.core.keys import HANDFUL, among
from apps.exchange.queries import keys_of
from apps.org.models import Department, Unit
from apps.org.queries import departments_of, unit_ids_seen, units_seen
from apps.pages.paging import whole
from apps.pages.picks import NOT_OFFERED, LongSelect
from apps.parameters import queries as parameters
from apps.risks.models import GONE, RiskPoint
from apps.risks.queries import ORDERS, VIEWS, condition_of, containing, overdue_measures, quarter_end, review_due_by, sorted_by

MOST_IDS = 500


def _units(request: HttpRequest | None) -> QuerySet[Unit]:
    return units_seen(request.user, RiskPoint.FUNCTION) if request is not None else Unit.objects.none()  # type: ignore[arg-type]


OFFERED = {"domain": "business_area", "category": "risk_kind", "topic": "topic_kind"}  # filters by the 字典 they offer


class ShortNames(ModelChoiceIterator):
    """Key and short name of each unit; making a thousand units to read two of their fields costs 15 ms."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield "", self.field.empty_label
        yield from self.queryset.values_list("pk", "short_name")


class UnitField(django_filters.fields.ModelChoiceField):
    """Units by their short names, as the list shows them."""

    iterator = ShortNames


class UnitFilter(django_filters.ModelChoiceFilter):
    """A filter by unit."""

    field_class = UnitField


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
    unit = UnitFilter(
        label="单位", queryset=_units, method="within", error_messages={"invalid_choice": NOT_OFFERED}, widget=LongSelect
    )
    below = django_filters.BooleanFilter(label="含下级单位", method="nothing", widget=forms.CheckboxInput)
    department = django_filters.ModelChoiceFilter(
        label="部门", queryset=Department.objects.none(), error_messages={"invalid_choice": NOT_OFFERED}, widget=LongSelect
    )
    domain = django_filters.ChoiceFilter(label="业务领域", widget=LongSelect)
    category = django_filters.ChoiceFilter(label="风险类别", widget=LongSelect)
    topic = django_filters.ChoiceFilter(label="专题类别", widget=LongSelect)
    level = django_filters.MultipleChoiceFilter(label="评定等级", choices=RiskPoint.Level.choices, distinct=False)
    layer = django_filters.ChoiceFilter(label="风险层级", choices=RiskPoint.Layer.choices, widget=LongSelect)
    state = django_filters.MultipleChoiceFilter(label="状态", choices=RiskPoint.State.choices, distinct=False)
    year = django_filters.NumberFilter(label="执行年度", min_value=2000, max_value=2100)
    person = django_filters.CharFilter(label="责任人", method="responsible", max_length=40)
    overdue = django_filters.BooleanFilter(label="措施逾期", method="late", widget=forms.CheckboxInput)
    due = django_filters.BooleanFilter(label="本季度待复查", method="review", widget=forms.CheckboxInput)
    standing = django_filters.BooleanFilter(label="不含已销号、已作废", method="alive", widget=forms.CheckboxInput)
    mine = django_filters.BooleanFilter(label="我登记的", method="own", widget=forms.CheckboxInput)
    view = django_filters.ChoiceFilter(label="视图", choices=[(key, label) for key, label, _ in VIEWS], method="system_view")
    ids = IdsFilter(label="所选记录", method="chosen")
    batch = django_filters.NumberFilter(label="导入批次", method="of_batch", min_value=1, max_value=2**31 - 1)
    ordering = django_filters.ChoiceFilter(
        label="排序", choices=[(sign + key, sign + key) for key in ORDERS for sign in ("", "-")], method="nothing"
    )

    DEPENDENT = ("department",)  # on the unit

    class Meta:
        model = RiskPoint
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["department"].queryset = self.departments
        offered = parameters.choices_of(OFFERED.values())
        for name, dictionary in OFFERED.items():
            self.filters[name].extra["choices"] = offered[dictionary]

    def departments(self, request: HttpRequest | None) -> QuerySet[Department]:
        """Those of the chosen unit and the chosen one; all of them only for who sees a handful of units."""
        if request is None:
            return Department.objects.none()
        seen = unit_ids_seen(request.user, RiskPoint.FUNCTION)  # type: ignore[arg-type]
        found = departments_of(seen if len(seen) <= HANDFUL else seen & {whole(str(self.data.get("unit")))})
        if len(seen) > HANDFUL and (asked := whole(str(self.data.get("department")))):
            found |= Department.objects.filter(among("unit_id", seen), pk=asked, is_active=True)
        return found.select_related("unit")

    def filter_queryset(self, queryset: Any) -> Any:
        if self.form.errors:
            return queryset.none()
        found = super().filter_queryset(queryset)
        return sorted_by(found, self.form.cleaned_data.get("ordering") or "")

    def chosen(self, queryset: Any, name: str, value: Any) -> Any:
        """Exactly these records, of those the person may see."""
        return queryset.filter(pk__in=value) if value else queryset

    def of_batch(self, queryset: Any, name: str, value: Any) -> Any:
        """What one's own import made or changed."""
        return queryset.filter(pk__in=keys_of(int(value), self.request.user))

    def nothing(self, queryset: Any, name: str, value: Any) -> Any:
        """Read together with another filter."""
        return queryset

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """Name, content, number and post."""
        return queryset.filter(containing(value)) if value.strip() else queryset

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
