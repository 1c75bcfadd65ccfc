"""How a row of a directory sheet becomes a record: texts are looked up inside the row's own unit, the page's form judges."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.core.errors import Refused
from apps.core.fields import blind_index
from apps.core.masking import mask_id_number, mask_phone
from apps.core.stored import held
from apps.exchange.registers import Faults, Values, Written
from apps.exchange.values import bare
from apps.org.models import Department, Person, Post, Unit
from apps.system import queries
from apps.system.forms import DirectoryForm

if TYPE_CHECKING:
    from apps.accounts.models import User

MASKS: dict[str, Callable[[str], str]] = {"id_number": mask_id_number, "phone": mask_phone}
SEVERAL = "同名人员，请填写人员编号"
FURTHER = "{name}的账号在其他单位也有权限，由上级单位的系统管理员维护，此行选择不导入"
STALE = "校验之后已被修改，重新导入此表"


class Unclear(Exception):  # noqa: N818 -- what a text means cannot be told; the message says what to do
    """A text of a sheet that names nothing, or more than one thing."""


def posted_of(form_class: Any, record: Any) -> dict[str, str]:
    """A record as a browser would post it."""
    found = forms.model_to_dict(record, fields=form_class.Meta.fields)
    if hasattr(record, "person"):
        found["person"] = record.person.pk
    return {name: _posted(value) for name, value in found.items()}


def _posted(value: Any) -> str:
    return {True: "1", False: "0", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def version_of(record: Any) -> int:
    """A number that is another one once somebody changed the record; an account also once its person logged in.

    Keyed, for it is stored in clear and people's numbers are part of it.
    """
    facts = [(field.attname, _plain(getattr(record, field.attname))) for field in record._meta.concrete_fields]
    digest = hashlib.sha256(json.dumps(facts, cls=DjangoJSONEncoder).encode()).hexdigest()
    return int(blind_index(digest)[:8], 16) & 0x7FFFFFFF


def _plain(value: Any) -> Any:
    """A moment just set and the same moment read back are one."""
    return value.astimezone(datetime.UTC) if isinstance(value, datetime.datetime) else value


@dataclass(frozen=True)
class Ready:
    """A row without faults: what it sets, of a record that is there also which and what it was. `later`: rows above it that it names."""

    fields: Mapping[str, Any]
    record: Any = None
    version: int = 0
    before: Mapping[str, str] | None = None
    key: tuple[Any, ...] = ()
    later: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


class Directory:
    """What is asked for once: the units the person keeps, by what a sheet may call them."""

    def __init__(self, user: User) -> None:
        self.user = user
        self._inside: dict[tuple[Any, ...], Any] = {}

    @cached_property
    def units(self) -> dict[str, Unit]:
        """By code, name and short name; a short name that two bear is none."""
        found: dict[str, Unit] = {}
        rows = list(queries.units_kept(self.user))
        short = [bare(unit.short_name) for unit in rows]
        for unit in rows:
            if short.count(bare(unit.short_name)) == 1:
                found[bare(unit.short_name)] = unit
        return found | {bare(unit.name): unit for unit in rows} | {bare(unit.code): unit for unit in rows}

    def unit(self, text: str) -> Unit:
        """Raises Unclear."""
        found = self.units.get(bare(text))
        if found is None:
            raise Unclear(f"没有单位“{text}”，填写单位全称、简称或代码")
        return found

    def _of(self, kind: type[models.Model], unit: Unit) -> dict[str, list[Any]]:
        """The departments, posts or people of a unit by name, asked for once a unit."""
        key = (kind, unit.pk)
        if key not in self._inside:
            found: dict[str, list[Any]] = {}
            rows = kind._default_manager.filter(unit=unit)
            for row in rows.select_related("account") if kind is Person else rows:
                found.setdefault(bare(row.name), []).append(row)  # type: ignore[attr-defined]
            self._inside[key] = found
        return self._inside[key]

    def department(self, text: str, unit: Unit) -> Department:
        """Raises Unclear."""
        rows = self._of(Department, unit).get(bare(text), [])
        if not rows:
            raise Unclear(f"{unit.short_name}没有部门“{text}”，先导入部门")
        found: Department = rows[0]
        return found

    def posts(self, text: str, unit: Unit, department: Department | None) -> list[Post]:
        """The posts of this name, of one department or of all."""
        rows = self._of(Post, unit).get(bare(text), [])
        return [row for row in rows if department is None or row.department_id == department.pk]

    def post(self, text: str, unit: Unit, department: Department | None) -> Post:
        """Raises Unclear."""
        rows = self.posts(text, unit, department)
        if len(rows) != 1:
            raise Unclear(f"有几个部门都有岗位“{text}”，填写部门" if rows else f"{unit.short_name}没有岗位“{text}”，先导入岗位")
        return rows[0]

    def people(self, text: str, unit: Unit) -> list[Person]:
        """The people of this name in a unit."""
        return self._of(Person, unit).get(bare(text), [])

    def person(self, text: str, unit: Unit) -> Person:
        """By 人员编号, or by name. Raises Unclear."""
        rows = self.people(text, unit) or [row for rows in self._of(Person, unit).values() for row in rows if row.number == text.upper()]
        if len(rows) != 1:
            raise Unclear(SEVERAL if rows else f"{unit.short_name}没有人员“{text}”，先导入人员")
        return rows[0]


class Row:
    """One row on the form."""

    def __init__(self, desk: DirectoryDesk, values: Values, *, given: Set[str]) -> None:
        self.desk: Any = desk
        self.faults: Faults = {}
        self.hints: Faults = {}
        self.texts = {name: (found or [""])[0].strip() for name, found in values.items()}
        self.later: dict[str, tuple[Any, ...]] = {}
        self.unit = self.take("unit", desk.directory.unit) or desk.unit
        self.record: Any = self._found()
        self.named = str(self.record or "")  # before the form writes onto it
        self.before = posted_of(desk.form_class, self.record) if self.record is not None else None
        self.given = {name for name in given if name in desk.form_class.base_fields and not self._is_masked(name)}
        self.form = desk.form_class(self._data(), instance=self.record, user=desk.directory.user)
        self.changed = [name for name in self.form.data if self.before is None or self.form.data[name] != self.before.get(name, "")]
        self._judge()

    def take(self, name: str, ask: Callable[..., Any], *more: Any) -> Any:
        """What a text names, or None with the fault."""
        text = self.texts.get(name, "")
        if not text:
            return None
        try:
            return ask(text, *more)
        except Unclear as no:
            self.faults[name] = str(no)
            return None

    def _found(self) -> Any:
        try:
            return self.desk.find(self)
        except Unclear as no:
            self.faults[self.desk.key] = str(no)
            return None

    def _is_masked(self, name: str) -> bool:
        """The portal's own export hides a value: what comes back like that was not changed."""
        hide, text = MASKS.get(name), self.texts.get(name, "")
        return hide is not None and "*" in text and self.record is not None and text == hide(getattr(self.record, name))

    def _data(self) -> dict[str, str]:
        """As a browser would post it: what the sheet does not speak of stays, or has its usual value."""
        data = dict(self.before) if self.before is not None else dict(self.desk.usual) | {"unit": str(self.unit.pk)}
        for name in self.given - {"unit"}:
            link = self.desk.LINKS.get(name)
            if link is None:
                data[name] = self.texts.get(name, "") or self.desk.usual.get(name, "")
                continue
            found = self.take(name, lambda text, ask=link: ask(self, text))
            data[name] = str(found.pk) if found is not None else ""
        if self.texts.get("unit"):
            data["unit"] = str(self.unit.pk)
        self.desk.complete(self, data)
        return {name: text for name, text in data.items() if name in self.desk.form_class.base_fields}

    def _judge(self) -> None:
        for name, said in self.form.errors.get_json_data().items():
            target = name if name in self.desk.form_class.base_fields else self.desk.key
            self.faults.setdefault(target, said[0]["message"])
        key = self.desk.key_of(self)
        if key in self.desk.seen:
            self.faults.setdefault(self.desk.key, "本表中此记录出现两次，只保留一行")
        self.desk.seen[key] = self
        if self.does == "update":
            self.desk.judge_change(self)
        if not self.faults and self.before is not None:
            said = "；".join(self._told(name) for name in self.changed)
            self.hints["update"] = f"更新 {self.named}　{said}" if self.changed else "与已有的记录相同，导入时不作更改"

    def _told(self, name: str) -> str:
        """One change in words; personal values only as changed."""
        label = self.form.fields[name].label
        if name in MASKS or self.before is None:
            return f"{label}已更改"
        old, new = (self._shown(name, text) for text in (self.before.get(name, ""), self.form.data[name]))
        return f"{label}：{old or '（空）'} → {new or '（空）'}"

    def _shown(self, name: str, text: str) -> str:
        """The words of a posted value; asked for once a sheet."""
        if (name, text) not in self.desk.words:
            asked: Any = self.form.fields[name]
            rows = getattr(asked, "queryset", None)
            choices: Any = getattr(asked, "choices", ()) if rows is None else [(text, rows.filter(pk=text or None).first() or "")]
            self.desk.words[name, text] = str(dict(choices).get(text, text))
        found: str = self.desk.words[name, text]
        return found

    @property
    def does(self) -> str:
        return "new" if self.before is None else "update" if self.changed else "same"

    def ready(self) -> Ready:
        cleaned, key = self.form.cleaned_data, self.desk.key_of(self)
        if self.before is None:
            return Ready(cleaned, key=key, later=self.later)
        fields = {name: cleaned[name] for name in self.changed}
        kept = {name: text for name, text in self.before.items() if name in fields} | self.desk.beside(self.record, fields)
        return Ready(fields, self.record, self.desk.versions[self.record.pk], kept, key, self.later)


class DirectoryDesk:
    """The form of one person and unit over a sheet; each kind of record says how it is found and written."""

    form_class: ClassVar[type[DirectoryForm]]
    model: ClassVar[Any]
    key: ClassVar[str]  # the field beside which a fault of the whole row stands
    usual: ClassVar[Mapping[str, str]] = {"sort_no": "1000", "is_active": "1"}
    LINKS: ClassVar[Mapping[str, Callable[[Row, str], Any]]] = {}
    HELP: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, user: User, unit: Unit, today: datetime.date) -> None:
        self.unit, self.today, self.directory = unit, today, Directory(user)
        self.seen: dict[tuple[Any, ...], Row] = {}
        self.versions: dict[int, int] = {}
        self.words: dict[tuple[str, str], str] = {}
        self.form = self.form_class(user=user)

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        """Fixed choices only: what stands in the directory is looked up by its name."""
        asked: Any = self.form.fields.get(name)
        if asked is None or name == "unit" or name in self.LINKS or not hasattr(asked, "choices"):
            return None
        return [(str(key), str(label)) for key, label in asked.choices if key]

    def help(self, name: str) -> str:
        """How the field is filled."""
        asked = self.form.fields.get(name)
        longest = getattr(asked, "max_length", None)
        return self.HELP.get(name) or (f"不超过{longest}字" if longest else "")

    def presets(self, given: Set[str]) -> list[tuple[str, str]]:
        """Only what a list shows anyway: the place in it, and that the record is in use."""
        return []

    def expect(self, rows: Sequence[Values]) -> None:
        """Everything is asked for once a unit, when the first row of it comes."""

    def bind(self, values: Values, *, given: Set[str]) -> Row:
        return Row(self, values, given=given)

    def managed(self) -> set[int]:
        """The accounts that are his to change; asked for once, when a sheet changes one."""
        if not hasattr(self, "_managed"):
            rows = queries.accounts_managed(self.directory.user, on=self.today)
            self._managed = set(rows.values_list("pk", flat=True))
        return self._managed

    def know(self, record: Any) -> Any:
        """Remember how a record stood before the form wrote onto it."""
        if record is not None:
            self.versions.setdefault(record.pk, version_of(record))
        return record

    def find(self, row: Row) -> Any:
        """The record a row speaks of, or None for a new one. Raises Unclear."""
        raise NotImplementedError

    def complete(self, row: Row, data: dict[str, str]) -> None:
        """What follows from other cells of the row."""

    def kept(self, record: Any, *, by: User) -> bool:
        """Whether this person may change the record now."""
        raise NotImplementedError

    def judge_change(self, row: Row) -> None:
        """What is asked before a record that is there is changed."""

    def beside(self, record: Any, fields: Mapping[str, Any]) -> dict[str, str]:
        """What the change will do beside its fields, for the undo."""
        return {}

    def restore(self, record: Any, before: Mapping[str, str], *, by: User, at: datetime.datetime) -> None:
        """Take that back."""

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """What makes two rows the same record."""
        raise NotImplementedError

    def create(self, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        """Make a record."""
        raise NotImplementedError

    def change(self, record: Any, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        """Change one."""
        raise NotImplementedError

    def write(self, ready: Sequence[Ready], *, by: User, at: datetime.datetime) -> list[Written]:
        """One after the other, as they stand in the sheet: a row may name one above it."""
        made: dict[tuple[Any, ...], Any] = {}
        found = []
        for one in ready:
            fields = dict(one.fields) | {name: made[key] for name, key in one.later.items()}
            if one.record is None:
                done = Written(self.create(fields, by=by, at=at))
            elif not fields:
                done = Written(one.record, is_changed=False)
            else:
                done = Written(self._changed(one, fields, by=by, at=at), dict(one.before or {}))
            made[one.key] = done.record
            found.append(done)
        return found

    def _changed(self, one: Ready, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        stored = held(self.model._default_manager, one.record.pk)
        if version_of(stored) != one.version:
            raise Refused(f"{stored}{STALE}。")
        return self.change(stored, fields, by=by, at=at)
