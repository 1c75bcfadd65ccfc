"""会议登记: the register of what governing bodies held. The page lives here because `org` may not import pages."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.accounts.request import PortalRequest
from apps.core.errors import Refused
from apps.core.search import matching
from apps.core.templatetags.ui import day, moment, pill
from apps.flow.sittings import register_sitting
from apps.org.models import Body, Sitting, Unit
from apps.org.queries import members, units_for, units_seen
from apps.org.scope import scope_of
from apps.org.services import confirm_sitting
from apps.pages.forms import worded
from apps.pages.tables import RecordTable
from apps.pages.views import RecordPages

TITLE = "会议登记"
LEAST_SUBJECT = 4
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SittingForm(ModelForm):
    """One sitting of a body of a unit the user may record for."""

    class Meta:
        model = Sitting
        fields: ClassVar = ["body", "number", "met_on", "present", "subject"]
        widgets: ClassVar = {"met_on": DATE, "subject": forms.Textarea(attrs={"rows": 3, "maxlength": 200})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = Body.objects.filter(unit__in=units_for(user, Sitting.FUNCTION)).select_related("unit")
        bodies = bodies.order_by("unit__sort_no", "kind", "pk")
        self.fields["body"] = BodyField(queryset=bodies, label="会议类型", empty_label="选择会议类型")
        worded(self)
        self.fields["number"].help_text = "如“2026年第15次”"
        self.fields["subject"].help_text = "列明审定的事项，不超过 200 字"

    def clean_number(self) -> str:
        """Blanks at the ends make no other sitting."""
        return str(self.cleaned_data["number"]).strip()

    def clean_subject(self) -> str:
        """A summary says what was decided."""
        text = str(self.cleaned_data["subject"]).strip()
        if len(text) < LEAST_SUBJECT:
            raise forms.ValidationError(f"填写议题摘要，不少于{LEAST_SUBJECT}字。")
        return text


class BodyField(forms.ModelChoiceField):
    """A body with the unit it belongs to."""

    def label_from_instance(self, obj: Body) -> str:
        return f"{obj.unit.short_name}　{obj.get_kind_display()}"


def _units(request: HttpRequest | None) -> QuerySet[Unit]:
    return units_seen(request.user, Sitting.FUNCTION) if request is not None else Unit.objects.none()  # type: ignore[arg-type]


class SittingFilter(filters.FilterSet):
    """The conditions of the list."""

    q = filters.CharFilter(
        label="关键词", method="search", max_length=60, widget=forms.TextInput(attrs={"placeholder": "届次、议题"})
    )
    unit = filters.ModelChoiceFilter(label="单位", queryset=_units, empty_label="全部")
    kind = filters.ChoiceFilter(label="会议类型", field_name="body__kind", choices=Body.Kind.choices, empty_label="全部")
    confirmed = filters.ChoiceFilter(label="状态", choices=[("0", "待确认"), ("1", "已确认")], empty_label="全部", method="by_state")
    since = filters.DateFilter(label="会议日期起", field_name="met_on", lookup_expr="gte", widget=DATE)
    until = filters.DateFilter(label="会议日期止", field_name="met_on", lookup_expr="lte", widget=DATE)

    def search(self, rows: QuerySet[Sitting], name: str, value: str) -> QuerySet[Sitting]:
        """The same fields as the global search."""
        return rows.filter(matching("number", value) | matching("subject", value))

    def by_state(self, rows: QuerySet[Sitting], name: str, value: str) -> QuerySet[Sitting]:
        """Confirmed or not yet."""
        return rows.filter(confirmed_at__isnull=value == "0")


class SittingTable(RecordTable):
    """One line of the list."""

    title = tables.Column("会议", accessor="number", order_by=("body__kind", "number", "pk"), attrs={"td": {"class": "m1"}})
    unit = tables.Column("单位", accessor="unit__short_name", order_by=("unit__sort_no", "pk"), attrs={"td": {"class": "nw sec"}})
    met_on = tables.Column("会议日期", order_by=("met_on", "pk"), attrs={"td": {"class": "nw"}})
    present = tables.Column("实到人数", orderable=False, attrs={"td": {"class": "num m-hide"}, "th": {"class": "num"}})
    created_by = tables.Column("登记人", accessor="created_by__name", orderable=False, attrs={"td": {"class": "nw sec m-hide"}})
    state = tables.Column("状态", accessor="pk", orderable=False, attrs={"td": {"class": "nw m2"}})

    class Meta:
        order_by = "-met_on"

    def render_title(self, record: Sitting) -> SafeString:
        """Body and number, with what was on the agenda below."""
        link = reverse("sittings-detail", args=[record.pk])
        name = f"{record.body.get_kind_display()} {record.number}"
        return format_html('<a class="t1" href="{}">{}</a><div class="sub clip2">{}</div>', link, name, record.subject)

    def render_met_on(self, record: Sitting) -> str:
        """2026-11-20."""
        return day(record.met_on)

    def render_state(self, record: Sitting) -> SafeString:
        """已确认, or 待确认."""
        look = state_of(record)
        return pill(look["kind"], look["text"])


def state_of(sitting: Sitting) -> dict[str, Any]:
    """The state of a sitting as a pill."""
    return {"kind": "ok", "text": "已确认"} if sitting.is_confirmed else {"kind": "warn", "text": "待确认"}


class SittingPages(RecordPages):
    """List, new, detail, and 确认会议. A recorded sitting is not edited: what it decided hangs on it."""

    model = Sitting
    form_class = SittingForm
    table_class = SittingTable
    filterset_class = SittingFilter
    base = "sittings"
    new_label = "登记会议"
    HANDLERS: ClassVar = RecordPages.HANDLERS | {"confirm": {"post": "confirm"}}
    ROUTES: ClassVar = {k: v for k, v in RecordPages.ROUTES.items() if k not in {"edit", "draft"}} | {"confirm": "<int:pk>/confirm/"}

    def get_queryset(self) -> QuerySet[Sitting]:
        """The sittings the user may see, with what a page shows of them."""
        return super().get_queryset().select_related("body", "unit", "created_by", "confirmed_by")

    def may_edit(self, record: Sitting) -> bool:
        """Never: a wrong sitting is not confirmed, and another is recorded."""
        return False

    def list_context(self, rows: QuerySet[Sitting]) -> dict[str, Any]:
        """Tabs, count and the empty state."""
        return {
            "title": TITLE,
            "unit_word": "场",
            "views": self.views(),
            "filtered": any(self.request.GET.get(name) for name in SittingFilter.base_filters),
            "empty": {"title": "还没有登记会议", "text": "登记审定风险点等事项的会议，经党组织书记确认后方可引用。", "icon": "scale"},
        }

    def views(self) -> list[dict[str, Any]]:
        """全部 and 待确认, each with its count."""
        waiting = self.get_queryset().filter(confirmed_at__isnull=True).count()
        here, asked = reverse("sittings-list"), self.request.GET.get("confirmed", "")
        return [
            {"label": "全部", "url": here, "on": asked == ""},
            {"label": "待确认", "url": f"{here}?confirmed=0", "count": waiting, "hot": True, "on": asked == "0"},
            {"label": "已确认", "url": f"{here}?confirmed=1", "on": asked == "1"},
        ]

    def write(self, form: ModelForm, formsets: dict[str, BaseFormSet], *, submit: bool) -> tuple[Sitting, str]:
        """Record through the service."""
        data = form.cleaned_data
        sitting = register_sitting(
            data["body"],
            number=data["number"],
            met_on=data["met_on"],
            subject=data["subject"],
            present=data["present"],
            by=self.request.user,
            at=timezone.now(),
        )
        return sitting, "会议已登记，由党组织书记确认后可以引用。"

    def form_context(self, *, version: int | None = None) -> dict[str, Any]:
        """The words of the form's bar."""
        return super().form_context(version=version) | {"submit_label": "登记会议", "verb": "登记", "no_save": True}

    def crumbs(self) -> Any:
        """The list is called 会议登记, as in the menu."""
        return [(TITLE if label == str(Sitting._meta.verbose_name) else label, url) for label, url in super().crumbs()]

    def may_confirm(self) -> bool:
        """Whether the user confirms this sitting: the secretary of the unit, who did not record it himself."""
        scope = scope_of(self.request.user)
        own = self.object.created_by_id in scope.principals()
        return not self.object.is_confirmed and not own and scope.may_on(self.object, "A")

    def detail_context(self) -> dict[str, Any]:
        """The facts, who sat in the body that day, and the button of whoever confirms."""
        context = {"title": str(self.object), "status": state_of(self.object), "sections": [{"rows": self.facts()}]}
        return context | {"actions": self.actions(), "note": self.note()}

    def facts(self) -> list[tuple[Any, ...]]:
        """Label and value pairs of the page."""
        sitting, seats = self.object, list(members(self.object.body, on=self.object.met_on))
        return [
            ("单位", sitting.unit.name),
            ("会议类型", sitting.body.get_kind_display()),
            ("会议届次", sitting.number),
            ("会议日期", day(sitting.met_on)),
            ("应到人数", f"{len(seats)} 人" if seats else ""),
            ("实到人数", f"{sitting.present} 人"),
            ("登记人", sitting.created_by.name if sitting.created_by else ""),
            ("登记时间", moment(sitting.created_at)),
            ("确认人", sitting.confirmed_by.name if sitting.confirmed_by else ""),
            ("确认时间", moment(sitting.confirmed_at)),
            ("议题摘要", sitting.subject, True),
            ("应到人员", "、".join(seat.person.name for seat in seats), True),
        ]

    def actions(self) -> list[dict[str, Any]]:
        """确认会议, for whom it is open."""
        if not self.may_confirm():
            return []
        question = {"title": f"确认{self.object}？", "body": "确认后，会议可作为审定依据引用，不能再修改。", "label": "确认会议"}
        url = reverse("sittings-confirm", args=[self.object.pk])
        return [{"label": "确认会议", "url": url, "method": "post", "primary": True, "icon": "check", "confirm": question}]

    def note(self) -> str:
        """Why the reader cannot confirm, while somebody has to."""
        if self.object.is_confirmed or self.may_confirm():
            return ""
        return "待本单位党组织书记确认，登记人不能确认本人登记的会议。"

    def confirm(self, request: PortalRequest, pk: int) -> HttpResponse:
        """确认会议; only for who may confirm in this unit."""
        if not scope_of(request.user).may_on(self.object, "A"):
            raise PermissionDenied
        try:
            confirm_sitting(self.object, by=request.user, at=timezone.now())
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, "会议已确认，可以引用。")
        return redirect("sittings-detail", pk)
