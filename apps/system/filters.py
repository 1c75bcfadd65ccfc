"""What the lists of the directory are narrowed by."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.core.fields import blind_index
from apps.org.models import Department, Person, Post, Unit
from apps.pages.picks import NOT_OFFERED, LongSelect
from apps.system import queries
from apps.system.words import IN_SERVICE, IN_USE


def _units(request: HttpRequest | None) -> QuerySet[Unit]:
    return queries.units_kept(request.user) if request is not None else Unit.objects.none()  # type: ignore[arg-type]


def _unit_filter() -> filters.ModelChoiceFilter:
    return filters.ModelChoiceFilter(
        label="单位", queryset=_units, method="within", error_messages={"invalid_choice": NOT_OFFERED}, widget=LongSelect
    )


def _word(placeholder: str) -> filters.CharFilter:
    return filters.CharFilter(
        label="关键词", method="search", max_length=60, widget=forms.TextInput(attrs={"placeholder": placeholder})
    )


class DirectoryFilter(filters.FilterSet):
    """Words, unit and use. A filter that makes no sense shows nothing."""

    WORDS: ClassVar[tuple[str, ...]] = ("name",)
    UNIT: ClassVar[str] = "unit"
    below = filters.BooleanFilter(label="含下级单位", method="nothing", widget=forms.CheckboxInput)
    active = filters.ChoiceFilter(label="启用状态", choices=IN_USE, method="in_use", widget=LongSelect)

    ORDER: ClassVar = ("q", "unit", "below", "kind", "category", "key", "active")

    @classmethod
    def get_filters(cls) -> Any:
        """What is asked most often comes first; on a phone it is all that shows."""
        found = super().get_filters()
        return {name: found[name] for name in cls.ORDER if name in found}

    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.none() if self.form.errors else super().filter_queryset(queryset)

    def search(self, rows: Any, name: str, value: str) -> Any:
        """Every word somewhere in the names."""
        for word in value.split():
            wanted = Q()
            for field in self.WORDS:
                wanted |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(wanted)
        return rows

    def within(self, rows: Any, name: str, value: Unit) -> Any:
        """One unit, with those below it when asked."""
        if self.form.cleaned_data.get("below"):
            return rows.filter(**{f"{self.UNIT}__path__startswith" if self.UNIT else "path__startswith": value.path})
        return rows.filter(**{self.UNIT or "pk": value.pk})

    def in_use(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_active=value == "1")

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        """Read together with the unit."""
        return rows


class UnitFilter(DirectoryFilter):
    """组织机构."""

    WORDS = ("name", "short_name", "code", "credit_code")
    UNIT = ""
    q = _word("全称、简称、代码")
    unit = _unit_filter()
    kind = filters.ChoiceFilter(label="层级", choices=Unit.Kind.choices, widget=LongSelect)

    class Meta:
        model = Unit
        fields: ClassVar[list[str]] = []


class DepartmentFilter(DirectoryFilter):
    """部门."""

    q = _word("部门名称")
    unit = _unit_filter()

    class Meta:
        model = Department
        fields: ClassVar[list[str]] = []


class PostFilter(DirectoryFilter):
    """岗位."""

    WORDS = ("name", "code", "department__name")
    q = _word("岗位、部门、编号")
    unit = _unit_filter()
    key = filters.BooleanFilter(label="仅关键岗位", method="key_posts", widget=forms.CheckboxInput)

    class Meta:
        model = Post
        fields: ClassVar[list[str]] = []

    def key_posts(self, rows: Any, name: str, value: bool) -> Any:
        return rows.filter(is_key=True) if value else rows


class PersonFilter(DirectoryFilter):
    """人员. A whole 身份证号 or phone finds its person by the blind index; a part of one finds nobody (PR-02)."""

    WORDS = ("name", "title")
    q = _word("姓名、职务、身份证号、手机号")
    unit = _unit_filter()
    category = filters.ChoiceFilter(label="人员类别", choices=Person.Category.choices, widget=LongSelect)
    active = filters.ChoiceFilter(label="在职状态", choices=IN_SERVICE, method="in_use", widget=LongSelect)

    class Meta:
        model = Person
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        digest = blind_index(value)
        exact = Q(id_number_index=digest) | Q(phone_index=digest) if digest else Q(pk__in=[])
        return rows.filter(exact | Q(pk__in=super().search(rows, name, value).values("pk")))


class AccountFilter(DirectoryFilter):
    """账号."""

    WORDS = ("username", "name")
    UNIT = "person__unit"
    q = _word("账号、姓名")
    unit = _unit_filter()

    class Meta:
        fields: ClassVar[list[str]] = []
