"""How a sheet's row becomes a risk point: the words offices use, and the page's own form as the judge of every cell."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict

from apps.exchange.registers import Faults, Register, Target, Values, Written
from apps.exchange.values import day_of, no_such_day, one_each, scheme_of
from apps.flow.queries import compare
from apps.org.queries import units_for
from apps.risks import services
from apps.risks.content import FIELDS, MEASURE_FIELDS, plain, snapshot
from apps.risks.forms import MeasureFormSet, RiskPointForm, content_from, errors_of
from apps.risks.models import RiskPoint
from apps.risks.queries import by_number, may_change, namesakes_of
from apps.risks.sheet_measures import matched, parts, posted_value, until_over, with_each

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
    "name": ("风险点名称", "廉政风险点名称", "廉洁风险点名称", "风险名称", "风险点", "廉政风险点", "廉洁风险点", "风险"),
    "manifestation": (
        "风险内容及表现形式", "表现形式", "风险表现", "风险情况描述", "风险描述", "风险内容", "风险点描述", "主要内容及表现形式",
        "主要表现", "表现",
    ),
    "likelihood": ("发生可能性",),
    "severity": ("后果严重性", "危害程度"),
    "level": ("风险等级", "评定等级", "等级", "风险级别", "风险级次", "级别", "风险程度"),
    "level_reason": ("等级调整理由",),
    "measure": ("防控措施", "防范措施", "防控措施建议", "预防措施", "控制措施", "整改措施", "具体措施", "措施内容", "措施"),
    "due": ("完成时限", "整改时限", "防控时限", "完成时间", "时限", "措施完成时限", "完成期限", "整改期限", "防控期限"),
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
SAID = {
    "number": "更新已有的草稿时填写，新登记的不填",
    "measure": "有几条的，一格内按“1. 2.”分行写；每条不超过1000字",
    "due": "如2026-06-30、2026年6月底、长期坚持；各条措施不同的，按“1. 2.”分行写",
}
SAMPLES = (
    {
        "department": "#1", "layer": "部门级", "level": "低", "name": "公车管理",
        "manifestation": "公车私用、违规加油及维修，费用报销审核把关不严。",
        "measure": "1. 用车审批、登记、台账管理\n2. 每季度公示用车情况",
    },
    {
        "department": "#2", "layer": "部门级", "level": "高", "name": "混凝土进场验收",
        "manifestation": "与供应商串通虚报方量，不按规定现场取样。",
        "measure": "双人验收并上传影像",
    },
)  # fmt: skip
LABELS = {"measure": "防控措施", "number": "风险点编号", "due": "完成时限"}
STANDING = re.compile(r"长期|持续|常态|一贯")
PEOPLE = ("responsible", "head", "leader", "secretary")
MANY = ("ways", "publicity_channels")


def _targets() -> list[Target]:
    fields = {field.name: str(field.verbose_name) for field in RiskPoint._meta.fields}
    names = [*(name for name in WORDS if name not in {"seq"}), "publicity_scope", "publicity_channels"]
    return [
        Target(
            name,
            LABELS.get(name) or fields[name],
            needed=name in NEEDED,
            same=name in SAME,
            many=name in MANY,
            lines=name == "measure",
            beside="measure" if name == "due" else "",
            spills="post" if name == "department" else "",
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

    def __init__(
        self, desk: Desk, values: Values, *, given: Set[str], each: Values | None = None, overwrites: bool = True
    ) -> None:
        """`each`: what every stored measure gets, over what it has only when it `overwrites`."""
        self.each, self.overwrites = each or {}, overwrites
        self.desk, self.given, self.values = desk, set(given), {name: list(texts) for name, texts in values.items()}
        self.hints: Faults = {}
        self.faults: Faults = {}
        self.is_changed = True
        self.record = self._old()
        self.named = str(self.record or "")  # before the form writes onto it
        self.before = plain(self.record, self.record.listed_measures) if self.record is not None else None
        self._complete_names()
        self.due = [part for text in self.values.get("due") or () for part in one_each(text) or [""]]
        self.until = [self._until(text) for text in self.due]
        self.form, self.measures = desk.forms(self)
        self._judge()

    def _first(self, name: str) -> str:
        return (self.values.get(name) or [""])[0].strip()

    def _old(self) -> RiskPoint | None:
        """The point a 风险点编号 names; a number that names none he sees is a fault."""
        number = self._first("number").upper()
        if not number:
            return None
        record = self.desk.known.get(number)
        if record is None:
            self.faults["number"] = "没有此编号的风险点，清空编号则作为新的风险点导入"
        elif number in self.desk.updated:
            self.faults["number"] = "本表中此编号出现两次，只保留一行"
        self.desk.updated.add(number)
        return record

    def _until(self, text: str) -> dict[str, list[str]] | None:
        """A 完成时限 as the measure's form has it: {} for none, None for what names no day."""
        if not text.strip("—- "):
            return {}
        day = day_of(text)
        return {"due_on": [day.isoformat()]} if day else {"is_standing": ["on"]} if STANDING.search(text) else None

    def until_of(self, at: int, total: int) -> dict[str, list[str]]:
        """What the sheet says of when measure `at` of `total` is to be done; one text is for all."""
        if len(self.until) not in {1, total}:
            return {}
        return self.until[at if len(self.until) > 1 else 0] or {}

    def _complete_names(self) -> None:
        """Many sheets have one column for both: its text is the 表现形式, its beginning the name."""
        if self.record is not None:
            return
        name, shown = self._first("name"), self._first("manifestation")
        if name and not shown:
            self.values["manifestation"] = [name]
            self.hints["manifestation"] = "表中没有表现形式，导入时暂用风险点名称，提交前补充"
        if (name or shown) and (not name or (not shown and len(name) > NAME)):
            self.values["name"] = [short(name or shown)]
            self.hints["name"] = f"导入时取为“{self.values['name'][0]}”"

    def _judge(self) -> None:
        self.form.is_valid()
        self.measures.is_valid()
        found = errors_of(self.form, self.measures)
        self.faults |= {"measure" if name.startswith("measures") else name: text for name, text in found.items()}
        for name, message in NEEDED.items():
            if name not in self.faults and not self._first(name) and self._may_not_lack(name):
                self.faults[name] = message
        point = self.form.instance
        key = (point.name, point.layer, point.department_id, point.post_id, point.year)
        if point.name and key in self.desk.seen:
            self.faults.setdefault("name", "本表中已有同名风险点，修改名称或不导入此行")
        self.desk.seen.add(key)
        if not self.faults:
            self._hint()
        if self.record is not None and (self.faults or self.is_changed) and not may_change(self.desk.user, self.record):
            said = f"{self.named}（{self.record.state_label}）当前不能修改"
            self.faults = {"number": f"{said}，选择不导入此行，或清空编号作为新的风险点导入"}

    def _may_not_lack(self, name: str) -> bool:
        """A new point needs it; one that is there may lack it only as it did before."""
        if self.before is None:
            return True
        had = self.before["measures"] if name == "measure" else self.before["fields"][name]["value"]
        return name in self.given and bool(had)

    def _hint(self) -> None:
        if not self.form.instance.level:
            self.hints["level"] = "原表没有风险等级，提交前评定"
        if self.record is None and (number := self.desk.namesakes.get(self.form.instance.name)):
            self.hints["name"] = f"与 {number} 同名：已登记过的选择不导入；要更新它的，在表中加“风险点编号”一列后重新上传"
        kept = [row.instance for row in self.measures.kept_forms]
        self._hint_until(len(kept))
        if self.before is not None:
            changed = compare(snapshot(self.before), snapshot(plain(self.form.instance, kept)))
            self.is_changed = bool(changed)
            said = "；".join(f"{row['label']}：{row['old'] or '（空）'} → {row['new'] or '（空）'}" for row in changed)
            self.hints["update"] = f"更新 {self.named}　{said}" if changed else "与已有的风险点相同，导入时不作更改"

    def _hint_until(self, measures: int) -> None:
        """A text that says no day is told and stays with the record as it stood; so is a day that is past."""
        days = [until["due_on"][0] for until in self.until if until and "due_on" in until]
        if late := [day for day in days if day < self.desk.today.isoformat()]:
            self.hints["due"] = f"{late[0]} 已过，提交前改为今天以后的日期"
        if None in self.until:
            text = self.due[self.until.index(None)]
            self.hints["due"] = f"{no_such_day(text) or f'“{text[:20]}”不是日期'}，改为日期（如2026-12-31）或长期坚持，也可以导入后填写"
        elif self.until and len(self.until) not in {1, measures}:
            self.hints["due"] = f"完成时限有 {len(self.until)} 项，防控措施有 {measures} 条，导入后逐条填写"

    @property
    def does(self) -> str:
        return "new" if self.record is None else "update" if self.is_changed else "same"

    def ready(self) -> Ready:
        fields, measures = content_from(self.form, self.measures)
        point = services.NewPoint(fields, measures, "sheet" if fields.get("level") else "")
        return Ready(point, self.record, self.before, self.is_changed)


@dataclass(frozen=True)
class Ready:
    """A row without faults: the point as it shall be; of one that is there, the record and the content it has."""

    point: services.NewPoint
    record: RiskPoint | None = None
    before: dict[str, Any] | None = None
    is_changed: bool = True


class Desk:
    """The form of one person and unit; what it offers is asked for once and lent to every row."""

    def __init__(self, *, user: User, unit: Unit, today: datetime.date) -> None:
        self.user, self.unit, self.today = user, unit, today
        self.seen: set[tuple[Any, ...]] = set()
        self.updated: set[str] = set()
        self.known: dict[str, RiskPoint] = {}
        self.namesakes: dict[str, str] = {}
        self.usual: dict[str, list[str]] = {}
        self.first = RiskPointForm(self._data({}), user=user, today=today)
        self.rows = MeasureFormSet(self._data({}), user=user)
        usual = {name: posted_value(self.first.get_initial_for_field(field, name)) for name, field in self.first.fields.items()}
        self.usual = {name: given for name, given in usual.items() if given and name != "unit"}

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        field = self.first.fields.get(name)
        offered = getattr(field, "choices", None)
        return [(str(key), str(label)) for key, label in offered] if offered is not None else None

    def help(self, name: str) -> str:
        """The form's own help, and how long a text may be."""
        if name in SAID:
            return SAID[name]
        field = self.first.fields[name]
        longest = getattr(field, "max_length", None)
        return "；".join(part for part in (str(field.help_text), f"不超过{longest}字" if longest else "") if part)

    def presets(self, given: Set[str]) -> list[tuple[str, str]]:
        """What the page's empty form shows already."""
        data, found = self._data({}, usual=self.usual), []
        for name in ("year", "secrecy", *self.usual):
            field = self.first.fields.get(name)
            if field is not None and name not in given:
                names = dict(self.choices(name) or ())
                found.append((str(field.label), "、".join(names.get(value, value) for value in data.getlist(name))))
        return list(dict.fromkeys(found))

    def expect(self, rows: Sequence[Values]) -> None:
        """The points their numbers name, and the names registered already."""
        numbers = {text.strip().upper() for values in rows for text in values.get("number") or ()}
        self.known = by_number(self.user, numbers - {""}, unit=self.unit)
        said = {text.strip() for values in rows for name in ("name", "manifestation") for text in values.get(name) or ()}
        self.namesakes = namesakes_of(said | {short(text) for text in said}, self.user, unit=self.unit)

    def bind(self, values: Values, *, given: Set[str]) -> Row:
        return Row(self, values, given=given)

    def write(self, ready: Sequence[Ready], *, by: User, at: datetime.datetime) -> list[Written]:
        """The new ones at once, the others one by one; what is there already as it shall be is left alone."""
        made = iter(services.create_drafts(new, by=by, at=at) if (new := [one.point for one in ready if one.record is None]) else [])
        return [Written(next(made)) if one.record is None else self._updated(one, by=by, at=at) for one in ready]

    def _updated(self, one: Ready, *, by: User, at: datetime.datetime) -> Written:
        assert one.record is not None
        if not one.is_changed:
            return Written(one.record, is_changed=False)
        wanted: dict[str, Any] = {"fields": one.point.fields, "measures": one.point.measures, "version": one.record.version}
        return Written(services.update_point(one.record, **wanted, by=by, at=at), one.before)

    def forms(self, row: Row) -> tuple[RiskPointForm, Any]:
        """The page's two forms, filled with the row's values; of a record that is there, the others stay as they are."""
        record, values = row.record, row.values
        given = {name: texts for name, texts in values.items() if record is None or name in row.given}
        data = self._data(given, usual=self.usual if record is None else {})
        if record is not None:
            self._keep(data, record, row)
        else:
            total = len(values.get("measure") or ())
            for at in range(total):
                for name, texts in row.until_of(at, total).items():
                    data.setlist(f"measures-{at}-{name}", texts)
        form = RiskPointForm(data, user=self.user, instance=record, today=self.today, like=self.first)
        return form, MeasureFormSet(data, user=self.user, instance=record, like=self.rows)

    def _keep(self, data: QueryDict, record: RiskPoint, row: Row) -> None:
        """What the sheet does not speak of, as a browser would post it back; a measure whose text is there keeps all it has."""
        for name, value in forms.model_to_dict(record, fields=[*FIELDS, "phone"]).items():
            if name not in row.given:
                data.setlist(name, posted_value(value))
        stored, texts = record.listed_measures, row.values.get("measure") or ()
        kept = [(m, m.content) for m in stored] if "measure" not in row.given else matched(parts(texts, stored), stored)
        data["measures-TOTAL_FORMS"], data["measures-INITIAL_FORMS"] = str(len(kept)), "0"
        for at, (measure, content) in enumerate(kept):
            known = forms.model_to_dict(measure, fields=["id", *MEASURE_FIELDS]) if measure is not None else {}
            facts = known | {"content": content}
            posted = {name: posted_value(value) for name, value in facts.items()}
            for name, given in until_over(with_each(posted, row), row.until_of(at, len(kept))).items():
                data.setlist(f"measures-{at}-{name}", given)

    def _data(self, values: Values, *, usual: Values = MappingProxyType({})) -> QueryDict:
        """As a browser would post it; `usual` is what the page's empty form shows already."""
        data = QueryDict(mutable=True)
        data["unit"], data["year"] = str(self.unit.pk), str(self.today.year)
        data["secrecy"] = RiskPoint.Secrecy.UNIT
        for name, given in [*usual.items(), *values.items()]:
            if name not in LABELS and any(given):
                data.setlist(name, list(given))
        measures: Sequence[str] = values.get("measure") or ()
        data["measures-TOTAL_FORMS"], data["measures-INITIAL_FORMS"] = str(len(measures)), "0"
        for at, text in enumerate(measures):
            data[f"measures-{at}-content"] = text
        return data


def take_back(done: Sequence[Written], *, by: User, at: datetime.datetime) -> None:
    """Undo of an import: new drafts go, a changed one gets the content it had."""
    if made := [one.record for one in done if one.before is None]:
        services.delete_drafts(made, by=by, at=at)
    for one in done:
        if one.before is not None:
            services.bring_back(one.record, one.before, by=by, at=at)


TARGETS = _targets()
REGISTER = Register(
    name="risk",
    label="廉政风险点",
    vocabulary={target.name: (*WORDS.get(target.name, ()), target.label) for target in TARGETS} | {"seq": WORDS["seq"]},
    needed=[("name", "manifestation"), ("measure", "level")],
    targets=TARGETS,
    desk=Desk,
    units=lambda user: units_for(user, RiskPoint.FUNCTION),
    asks_for="“风险点”或“表现形式”，以及“防控措施”或“风险等级”",
    scales={"level": scheme_of},
    samples=SAMPLES,
    undo=take_back,
)


