"""What the moves post beside opinion and version; a page and the API read them the same way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.flow.services import Owner
from apps.org.models import Sitting
from apps.pages import side_forms
from apps.pages.forms import MoveForm
from apps.pages.picks import NOT_OFFERED, PickField
from apps.risks.content import FIELDS, GRADING
from apps.risks.machine import STRIKE_REASONS, node_of
from apps.risks.models import Adjustment, RiskPoint
from apps.risks.nodes import owners_of

NAMES = {field.name: field.verbose_name for field in RiskPoint._meta.fields}


def sittings_for(record: RiskPoint, user: Any) -> QuerySet[Sitting]:
    """The party committee sittings of the unit and of the units above that the person may read, newest first."""
    above = [int(part) for part in record.unit.path.strip("/").split("/")]
    rows = Sitting.objects.visible_to(user).filter(unit_id__in=above, body__kind="party")
    return rows.select_related("body").order_by("-met_on", "-pk")


class AgreeForm(MoveForm):
    """同意; at 纪检复核 also the express agreement to a lower level."""

    lowering_agreed = forms.BooleanField(label="同意降级", required=False)


class SittingForm(MoveForm):
    """登记会议通过."""

    sitting = PickField(label="审定会议", help_text="登记会议通过时选择。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = sittings_for(self.record, self.user)[:200]
        self.fields["sitting"].offer(offered, label=lambda s: f"{s} {s.met_on:%Y-%m-%d}")  # type: ignore[attr-defined]


class AgreeAdjustmentForm(SittingForm, AgreeForm):
    """同意调整; at the party committee with its sitting."""


class GiveBackForm(MoveForm):
    """退回, with the fields that are to be changed."""

    fields = forms.MultipleChoiceField(  # type: ignore[assignment]  # a form field of that name, taken away by the metaclass
        label="需要修改的栏目", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[*((n, str(NAMES[n])) for n in FIELDS if n != "unit"), ("measures", "防控措施")],
        error_messages={"invalid_choice": NOT_OFFERED},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Only the grading of the record's own method is offered."""
        super().__init__(*args, **kwargs)
        unused = {name for method, names in GRADING.items() if method != self.record.method for name in names}
        offered: Any = self.fields["fields"]  # type: ignore[index]  # as above
        offered.choices = [(name, label) for name, label in offered.choices if name not in unused]


class HandOverForm(side_forms.HandOverForm):
    """转办 to whoever is entitled to the node where the point waits."""

    def owners(self) -> Iterable[Owner]:
        return owners_of(self.record, node_of(self.record))


class ObjectForm(MoveForm):
    """提出异议."""

    content = forms.CharField(
        label="异议内容", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), error_messages={"required": "填写异议内容。"}
    )
    is_anonymous = forms.BooleanField(
        label="匿名", required=False, help_text="匿名的不留姓名、地址和登录信息，答复不能通知到您，可在此页查看"
    )


class AnswerForm(MoveForm):
    """答复异议: 采纳修改 or 不采纳; the opinion is the answer."""

    accepted = forms.TypedChoiceField(
        label="处理意见", choices=[("no", "不采纳"), ("yes", "采纳修改")], coerce=lambda text: text == "yes",
        error_messages={"required": "选择是否采纳。", "invalid_choice": NOT_OFFERED},
    )  # fmt: skip


class StrikeForm(MoveForm):
    """撤销."""

    reason = forms.ChoiceField(
        label="撤销原因", choices=[("", "未选择"), *STRIKE_REASONS.items()],
        error_messages={"required": "选择撤销原因。", "invalid_choice": NOT_OFFERED},
    )


class OpenAdjustmentForm(MoveForm):
    """发起调整: kind and reason; the content comes from the form of the point itself."""

    kind = forms.ChoiceField(
        label="调整类型", choices=[("", "未选择"), *Adjustment.Kind.choices],
        error_messages={"required": "选择调整类型。", "invalid_choice": NOT_OFFERED}
    )
    reason = forms.CharField(
        label="调整原因", max_length=500, widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": "填写调整原因。"}
    )
