"""What is done to many risk points at once: the gaps of imported drafts are filled, and they are handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from apps.core.errors import Refused
from apps.org.scope import scope_of
from apps.pages.bulk import Act
from apps.pages.forms import worded
from apps.risks import services
from apps.risks.models import RiskPoint
from apps.risks.queries import may_change
from apps.risks.rules import Incomplete
from apps.risks.sections import SECTIONS, in_order
from apps.risks.sheets import PEOPLE, Desk, Row

if TYPE_CHECKING:
    from apps.accounts.models import User

FILLED = (
    "layer", "department", "post", "power", "topic", "domain", "category", "authority", "likelihood", "severity", "level", "level_reason",
    "responsible", "head", "leader", "secretary", "ways", "basis", "publicity_scope", "publicity_channels",
)  # fmt: skip
OF_UNIT = ("department", "post", *PEOPLE)  # offered only where all chosen points are of one unit
OF_MEASURE = {
    "kind": "措施类型", "department": "措施责任部门", "person": "措施责任人", "is_standing": "措施长期坚持", "due_on": "措施完成时限",
}  # fmt: skip


class FillForm(forms.Form):
    """The fields of the page's own form, none of them needed: what is left empty stays as it is on every point."""

    left_blank = "没有填写的栏目保持原样"

    mode = forms.ChoiceField(
        label="填写方式", choices=[("gaps", "只填写空白的栏目"), ("all", "覆盖已填写的内容")], initial="gaps", widget=forms.RadioSelect
    )

    def __init__(self, records: Sequence[RiskPoint], user: User, data: QueryDict | None) -> None:
        super().__init__(data)
        units = {record.unit for record in records}
        desk = Desk(user=user, unit=records[0].unit, today=timezone.localdate())
        left_out = set(OF_UNIT) if len(units) > 1 else set()
        for name in FILLED:
            if name not in left_out:
                self.fields[name] = _optional(desk.first.fields[name])
        measure = desk.rows.empty_form
        for name, label in OF_MEASURE.items():
            if name not in left_out and not (left_out and name == "person"):
                self.fields[f"measure-{name}"] = _optional(measure.fields[name], label=label)
        worded(self)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Its fields under the headings of the page."""
        places = [(title, in_order(names)) for title, names in SECTIONS]
        shown = [{"title": "", "fields": [self["mode"]]}]
        shown += [{"title": title, "fields": [self[name] for name in names if name in self.fields]} for title, names in places]
        shown.append({"title": "六、防控措施（填写到每一条措施）", "fields": [self[n] for n in self.fields if n.startswith("measure-")]})
        return [group for group in shown if group["fields"]]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        given = [name for name in self.fields if name != "mode" and any(self.data.getlist(name))]  # type: ignore[attr-defined]
        if not given and not self.errors:
            raise forms.ValidationError("至少填写一个栏目。")
        return found


def _optional(field: Any, *, label: str = "") -> Any:
    own = copy(field)
    own.required, own.help_text, own.initial = False, "", None  # nothing is written that nobody chose
    own.needed = False
    own.label = label or own.label
    return own


def start_filling(records: Sequence[RiskPoint], data: QueryDict, by: User) -> Callable[[RiskPoint], None]:
    """Write the posted fields onto each point, through the page's own form."""
    everything, today = data.get("mode") == "all", timezone.localdate()
    typed = {name: data.getlist(name) for name in FILLED if any(data.getlist(name))}
    measures = {name: data.getlist(f"measure-{name}") for name in OF_MEASURE if any(data.getlist(f"measure-{name}"))}
    desks: dict[int, Desk] = {}
    for record in records:
        desks.setdefault(record.unit_id, Desk(user=by, unit=record.unit, today=today))
    for desk in desks.values():
        desk.expect([{"number": [record.number]} for record in records if record.unit_id == desk.unit.pk])

    def fill(record: RiskPoint) -> None:
        desk = desks[record.unit_id]
        stored = desk.known.get(record.number)
        if stored is None or not may_change(by, stored):
            raise Refused(f"当前状态为“{record.state_label}”，不能修改。" if not record.is_editable else "没有修改此风险点的权限。")
        wanted = {name: values for name, values in typed.items() if everything or getattr(stored, name) in (None, "", [])}
        row = Row(desk, {"number": [record.number], **wanted}, given=set(wanted), each=measures, overwrites=everything)
        if row.faults:
            raise Refused("；".join(row.faults.values()))
        if not row.is_changed:
            raise Refused("没有需要填写的空白栏目。")
        desk.write([row.ready()], by=by, at=timezone.now())

    return fill


def start_submitting(_records: Sequence[RiskPoint], _data: QueryDict, by: User) -> Callable[[RiskPoint], None]:
    """Hand each point in, by the full rules."""

    def submit(record: RiskPoint) -> None:
        try:
            services.submit(record, by=by, at=timezone.now(), version=record.version)
        except Incomplete as no:
            faults = list(dict.fromkeys(no.errors.values()))
            raise Refused(f"还缺 {len(faults)} 项：{'；'.join(faults)}") from no

    return submit


def keeps_register(user: User) -> bool:
    """Who registers points."""
    return scope_of(user).may(RiskPoint.FUNCTION, "C")


ACTS = (
    Act("fill", "批量填写", "已填写", start_filling, FillForm, may=keeps_register, goes_on=True),
    Act("submit", "批量提交", "已提交", start_submitting, ask="按提交要求逐条检查，缺项的留为草稿并列出缺少的内容。", may=keeps_register),
)
