"""How a sheet's row becomes a risk point: the words offices use, and the page's own form as the judge of every cell."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.http import QueryDict

from apps.core.errors import Refused
from apps.exchange.registers import Faults, Register, Target, Values
from apps.exchange.values import scheme_of
from apps.org.queries import units_for
from apps.risks import services
from apps.risks.forms import MeasureFormSet, RiskPointForm, content_from, errors_of
from apps.risks.models import RiskPoint
from apps.risks.queries import by_number
from apps.risks.rules import missing_for_submission

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.org.models import Unit

NAME = 60  # characters of 风险点名称

WORDS = {
    "seq": ("序号", "权限序号", "编码序号"),
    "number": ("风险点编号",),
    "department": ("部门", "科室", "处室", "责任部门", "责任科室", "所属部门", "责任主体", "单位/科室", "部门/岗位", "单位"),
    "post": ("岗位", "岗位名称", "风险岗位", "所在岗位"),
    "layer": ("风险层级", "层级"),
    "year": ("年度", "执行年度"),
    "topic": ("专题类别", "专题"),
    "category": ("风险类别", "风险类型", "风险种类"),
    "domain": ("业务领域", "风险领域", "重点领域", "业务大类"),
    "power": ("权力事项", "职权内容", "权力名称", "职权名称", "业务流程", "业务事项", "职权事项", "工作职责"),
    "authority": ("掌握的权力", "权力类型"),
    "step_name": ("流程环节", "业务环节", "风险环节"),
    "name": ("风险点名称", "风险点", "廉政风险点", "廉洁风险点", "风险"),
    "manifestation": (
        "风险内容及表现形式", "表现形式", "风险表现", "风险情况描述", "风险描述", "风险内容", "风险点描述", "主要内容及表现形式",
    ),
    "likelihood": ("发生可能性",),
    "severity": ("后果严重性", "危害程度"),
    "level": ("风险等级", "评定等级", "等级", "风险级别", "风险级次", "级别", "风险程度"),
    "level_reason": ("等级调整理由",),
    "measure": ("防控措施", "防范措施", "防控措施建议", "预防措施", "控制措施", "整改措施", "措施"),
    "indicator": ("监测指标",),
    "responsible": ("责任人", "岗位责任人", "直接责任人", "负责人"),
    "head": ("部门负责人", "科室负责人", "处室负责人"),
    "leader": ("责任领导", "分管领导", "责任校领导"),
    "secretary": ("党组织书记", "党委书记"),
    "ways": ("排查方式",),
    "basis": ("制度依据", "依据"),
    "source": ("来源问题",),
}  # fmt: skip
SAME = (
    "layer", "department", "topic", "category", "domain", "authority", "responsible", "head", "leader", "secretary", "ways",
    "publicity_scope", "publicity_channels", "year",
)  # fmt: skip
NEEDED = {"name": "填写风险点名称", "manifestation": "填写风险内容及表现形式", "measure": "至少填写一条防控措施"}
PEOPLE = ("responsible", "head", "leader", "secretary")
MANY = ("ways", "publicity_channels")


def _targets() -> list[Target]:
    fields = {field.name: str(field.verbose_name) for field in RiskPoint._meta.fields}
    names = [*(name for name in WORDS if name not in {"seq"}), "publicity_scope", "publicity_channels"]
    return [
        Target(
            name,
            "防控措施" if name == "measure" else "风险点编号" if name == "number" else fields[name],
            needed=name in NEEDED,
            same=name in SAME,
            many=name in MANY,
            lines=name == "measure",
            loose=name not in PEOPLE,
        )
        for name in names
    ]


def short(text: str) -> str:
    """A name out of a longer text: without its numbering, up to the first mark that ends a thought. The text itself stays whole."""
    first = re.sub(r"^\s*(?:[(（]?\d{1,2}[)）.、．]|[一二三四五六七八九十]+、)\s*", "", text.strip())
    if len(first) <= NAME and "\n" not in first:
        return first.rstrip("；;。")
    return re.split(r"[。；;\n，,]", first, maxsplit=1)[0][:NAME].strip()


class Row:
    """One row on the page's form."""

    def __init__(self, desk: Desk, values: Values) -> None:
        self.desk, self.values = desk, {name: list(given) for name, given in values.items()}
        self.hints: Faults = {}
        self.faults: Faults = {}
        self.record = self._old()
        self._complete_names()
        self.form, self.measures = desk.forms(self.values, self.record)
        self._judge()

    def _first(self, name: str) -> str:
        return (self.values.get(name) or [""])[0].strip()

    def _old(self) -> RiskPoint | None:
        """The point a 风险点编号 names; a number that names none he may change is a fault."""
        number = self._first("number")
        if not number:
            return None
        record = by_number(self.desk.user, number)
        if record is None or record.unit_id != self.desk.unit.pk or not record.is_editable:
            self.faults["number"] = "编号对应的风险点不存在或当前不能修改，清空编号则作为新的风险点导入"
            return None
        return record

    def _complete_names(self) -> None:
        """Many sheets have one column for both: its text is the 表现形式, its beginning the name."""
        name, shown = self._first("name"), self._first("manifestation")
        if name and not shown:
            self.values["manifestation"] = [name]
        if (name or shown) and (not name or (not shown and len(name) > NAME)):
            self.values["name"] = [short(name or shown)]

    def _judge(self) -> None:
        self.form.is_valid()
        self.measures.is_valid()
        found = errors_of(self.form, self.measures)
        self.faults |= {"measure" if name.startswith("measures") else name: text for name, text in found.items()}
        for name, message in NEEDED.items():
            if name not in self.faults and not self._first(name):
                self.faults[name] = message
        key = (self._first("name"), self._first("layer"), self._first("department"), self._first("post"))
        if self.record is None and key[0] and key in self.desk.seen:
            self.faults.setdefault("name", "本表中已有同名风险点，修改名称或不导入此行")
        self.desk.seen.add(key)
        if not self.faults:
            self._hint()

    def _hint(self) -> None:
        if not self.form.instance.level:
            self.hints["level"] = "原表没有风险等级，提交前评定"
        kept = [row.instance for row in self.measures.kept_forms]
        lacking = missing_for_submission(self.form.instance, kept, today=self.desk.today)
        if lacking:
            self.hints["submit"] = f"导入为草稿，提交前还需补充 {len(lacking)} 项"

    def write(self, *, by: User, at: datetime.datetime) -> RiskPoint:
        """A new draft, or the new content of the draft that the number names."""
        fields, measures = content_from(self.form, self.measures)
        if self.record is not None:
            return services.update_point(self.record, fields=fields, measures=measures, by=by, at=at)
        return services.create_draft(fields, measures=measures, by=by, at=at, level_source="sheet" if fields.get("level") else "")


class Desk:
    """The form of one person and unit; what it offers is asked for once and lent to every row."""

    def __init__(self, *, user: User, unit: Unit, today: datetime.date) -> None:
        self.user, self.unit, self.today = user, unit, today
        self.seen: set[tuple[str, ...]] = set()
        self.first = RiskPointForm(self._data({}), user=user, today=today)
        self.rows = MeasureFormSet(self._data({}), user=user)

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        field = self.first.fields.get(name)
        offered = getattr(field, "choices", None)
        return [(str(key), str(label)) for key, label in offered] if offered is not None else None

    def bind(self, values: Values) -> Row:
        return Row(self, values)

    def forms(self, values: Values, record: RiskPoint | None) -> tuple[RiskPointForm, Any]:
        """The page's two forms, filled with these values."""
        data = self._data(values)
        form = RiskPointForm(data, user=self.user, instance=record, today=self.today, like=self.first)
        return form, MeasureFormSet(data, user=self.user, like=self.rows)

    def _data(self, values: Values) -> QueryDict:
        """As a browser would post it."""
        data = QueryDict(mutable=True)
        data["unit"], data["year"] = str(self.unit.pk), str(self.today.year)
        data["secrecy"] = RiskPoint.Secrecy.UNIT
        for name, given in values.items():
            if name not in {"measure", "number"} and any(given):
                data.setlist(name, list(given))
        measures: Sequence[str] = values.get("measure") or ()
        data["measures-TOTAL_FORMS"], data["measures-INITIAL_FORMS"] = str(len(measures)), "0"
        for at, text in enumerate(measures):
            data[f"measures-{at}-content"] = text
        return data


def take_back(record: RiskPoint, *, by: User, at: datetime.datetime) -> None:
    """Undo of an import: a draft nobody touched goes. Raises Refused for one that was there before."""
    if record.created_at != record.updated_at:
        raise Refused("本批次更新过原有的风险点，不能整批撤销，请逐条修改。")
    services.delete_draft(record, by=by, at=at)


REGISTER = Register(
    name="risk",
    label="廉政风险点",
    vocabulary=WORDS,
    needed=[("name", "manifestation"), ("measure", "level")],
    targets=_targets(),
    desk=Desk,
    units=lambda user: units_for(user, RiskPoint.FUNCTION),
    asks_for="“风险点”或“表现形式”，以及“防控措施”或“风险等级”",
    scales={"level": scheme_of},
    undo=take_back,
)


