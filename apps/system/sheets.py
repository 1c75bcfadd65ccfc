"""The directory as sheets: units, departments, posts, people, accounts. Each row is found by its key, else it is new."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from apps.accounts.models import User
from apps.accounts.services import change_details, disable_account, enable_account, register_account, remove_account
from apps.core.errors import Refused
from apps.core.fields import blind_index
from apps.exchange.registers import Register, Target, Written
from apps.exchange.values import bare
from apps.org import directory
from apps.org.models import Department, Person, Post, Unit
from apps.org.rules import may_stand_below
from apps.org.scope import forget_scope
from apps.system import queries
from apps.system.desk import FURTHER, SEVERAL, DirectoryDesk, Row, Unclear, posted_of, version_of
from apps.system.forms import AccountForm, DepartmentForm, PersonForm, PostForm, UnitForm

if TYPE_CHECKING:
    pass

UNIT_WORDS = ("单位", "所属单位", "所在单位", "单位名称", "公司")
UNIT_HELP = "单位全称、简称或代码；不填为所选的填报单位"
NUMBER_HELP = "系统生成；更新时填写，同名人员必须填写，新登记的不填"


class OrgDesk(DirectoryDesk):
    """Units, departments, posts and people are written by `org.directory`."""

    def create(self, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        return directory.create(self.model, by=by, at=at, **fields)

    def change(self, record: Any, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        return directory.change(record, by=by, at=at, **fields)

    def kept(self, record: Any, *, by: User) -> bool:
        return KEPT[self.model](by).filter(pk=record.pk).exists()

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return (row.record.pk,) if row.record is not None else (row.unit.pk, bare(row.texts.get("name", "")))


KEPT: dict[Any, Callable[[User], Any]] = {
    Unit: queries.units_kept, Department: queries.departments_kept, Post: queries.posts_kept, Person: queries.people_kept,
}  # fmt: skip


class UnitDesk(OrgDesk):
    """单位, by its code. Its parent may stand above it in the same sheet."""

    form_class, model, key = UnitForm, Unit, "code"
    HELP: ClassVar = {
        "code": "编号用的代码，2至12位大写字母和数字，登记后不能修改",
        "parent": "全称、简称或代码，也可以是本表中排在上面的单位",
    }

    def create(self, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> Any:
        made = super().create(fields, by=by, at=at)
        forget_scope(by)  # it stands below a unit he keeps
        return made

    def parent(self, row: Row, text: str) -> Unit:
        """A unit he keeps, one that comes with this sheet, or the one it is below already."""
        if row.record is not None and (old := row.record.parent) is not None and bare(text) in {bare(old.name), bare(old.short_name)}:
            return old
        try:
            return self.directory.unit(text)
        except Unclear:
            names = lambda one: {bare(one.texts.get(name, "")) for name in ("name", "short_name", "code")}  # noqa: E731 -- once, here
            above = next(((key, one) for key, one in self.seen.items() if bare(text) in names(one)), None)
            if above is None:
                raise
            row.later["parent"] = above[0]
            return self.unit

    LINKS: ClassVar = {"parent": lambda row, text: row.desk.parent(row, text)}

    def find(self, row: Row) -> Unit | None:
        code = row.texts.get("code", "")
        found = self.directory.units.get(bare(code)) if code else None
        return self.know(found) if found is not None and found.code == code else None

    def complete(self, row: Row, data: dict[str, str]) -> None:
        if row.before is None and not data.get("parent") and "parent" not in row.faults:
            data["parent"] = str(self.unit.pk)

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return ("code", row.texts.get("code", ""))

    def bind(self, values: Any, *, given: Any) -> Row:
        """The rank under a parent that is not there yet is held against that one's own row."""
        row = super().bind(values, given=given)
        if (key := row.later.get("parent")) is not None:
            kinds = [one.form.cleaned_data.get("kind") for one in (row, self.seen[key])]
            row.faults.pop("kind", None) if all(kinds) else None
            if all(kinds) and not may_stand_below(*map(str, kinds)):
                row.faults["kind"] = "层级须低于上级单位"
        return row


class DepartmentDesk(OrgDesk):
    """部门, by its name in the unit."""

    form_class, model, key = DepartmentForm, Department, "name"
    LINKS: ClassVar = {
        "head": lambda row, text: row.desk.directory.person(text, row.unit),
        "leader": lambda row, text: row.desk.directory.person(text, row.unit),
    }
    HELP: ClassVar = {"unit": UNIT_HELP, "head": "姓名；同名的填写人员编号", "leader": "姓名，应为班子成员"}

    def find(self, row: Row) -> Department | None:
        try:
            return self.know(self.directory.department(row.texts.get("name", ""), row.unit))
        except Unclear:
            return None


class PostDesk(OrgDesk):
    """岗位, by its name in the department."""

    form_class, model, key = PostForm, Post, "name"
    usual: ClassVar = {"is_active": "1", "is_key": "0"}
    LINKS: ClassVar = {"department": lambda row, text: row.desk.directory.department(text, row.unit)}
    HELP: ClassVar = {"unit": UNIT_HELP}

    def find(self, row: Row) -> Post | None:
        try:
            department = self.directory.department(row.texts.get("department", ""), row.unit)
        except Unclear:
            return None  # said beside its own cell
        found = self.directory.posts(row.texts.get("name", ""), row.unit, department)
        return self.know(found[0]) if found else None

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return (row.unit.pk, bare(row.texts.get("department", "")), bare(row.texts.get("name", "")))


class PersonDesk(OrgDesk):
    """人员, by 人员编号, else by 身份证号 or name in the unit (domain.md §3.6)."""

    form_class, model, key = PersonForm, Person, "name"
    usual: ClassVar = {"sort_no": "1000", "is_active": "1", "is_secretary": "0"}
    LINKS: ClassVar = {
        "department": lambda row, text: row.desk.directory.department(text, row.unit),
        "post": lambda row, text: row.desk.directory.post(text, row.unit, row.desk.department_of(row)),
    }
    HELP: ClassVar = {"unit": UNIT_HELP, "number": NUMBER_HELP, "id_number": "18位；导出的表中隐去中间各位，原样导入不会更改"}

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.numbers: dict[str, Row] = {}

    def department_of(self, row: Row) -> Department | None:
        """The department the row names, to tell posts of one name apart."""
        text = row.texts.get("department", "")
        try:
            return self.directory.department(text, row.unit) if text else None
        except Unclear:
            return None

    def find(self, row: Row) -> Person | None:
        if number := row.texts.get("number", "").upper():
            known = {one.number: one for one in self.everybody()}
            if number not in known:
                row.faults["number"] = "没有此编号的人员，清空编号则作为新的人员登记"
            return self.know(known.get(number))
        rows, said = self.directory.people(row.texts.get("name", ""), row.unit), row.texts.get("id_number", "")
        if said and "*" not in said:
            rows = [one for one in rows if one.id_number == said] or [one for one in rows if not one.id_number]
        if len(rows) > 1:
            raise Unclear(SEVERAL)
        return self.know(rows[0]) if rows else None

    def bind(self, values: Any, *, given: Any) -> Row:
        """One 身份证号 is one person, within the sheet as well."""
        row = super().bind(values, given=given)
        digest = blind_index(row.form.cleaned_data.get("id_number") or "")
        other = self.numbers.setdefault(digest, row) if digest else row
        if other is not row and "id_number" in row.changed:
            row.faults.setdefault("id_number", f"身份证号与本表中{other.texts.get('name') or other.named}的相同")
        return row

    def judge_change(self, row: Row) -> None:
        """Who leaves loses the account, who moves takes it along: not where it has rights that he does not keep."""
        account = row.record.account
        if account is not None and {"is_active", "unit"} & set(row.changed) and account.pk not in self.managed():
            row.faults["name"] = FURTHER.format(name=row.record.name)

    def beside(self, record: Any, fields: Mapping[str, Any]) -> dict[str, str]:
        leaves = fields.get("is_active") is False and record.account is not None and record.account.is_active
        return {"account_in_use": "1"} if leaves else {}

    def restore(self, record: Person, before: Mapping[str, str], *, by: User, at: datetime.datetime) -> None:
        if before.get("account_in_use") and record.account is not None and not record.account.is_active:
            enable_account(record.account, by=by, at=at)

    def everybody(self) -> list[Person]:
        """Everybody he keeps, asked for once and only when a sheet has numbers."""
        if not hasattr(self, "_everybody"):
            self._everybody = list(queries.people_kept(self.directory.user).select_related("account"))
        return self._everybody

    def key_of(self, row: Row) -> tuple[Any, ...]:
        told = (row.unit.pk, bare(row.texts.get("name", "")), row.texts.get("id_number", ""))
        return (row.record.pk,) if row.record is not None else told


class AccountDesk(DirectoryDesk):
    """账号, by its name; of a person who is registered."""

    form_class, model, key = AccountForm, User, "username"
    usual: ClassVar = {"is_active": "1"}
    LINKS: ClassVar = {"person": lambda row, text: row.desk.directory.person(text, row.unit)}
    HELP: ClassVar = {
        "unit": UNIT_HELP,
        "person": "同名人员填写，其余按姓名查找",
        "username": "2至40位小写字母、数字、点、下划线、短横线或@",
    }

    def find(self, row: Row) -> User | None:
        if not hasattr(self, "_known"):
            self._known = {one.username: one for one in queries.accounts_kept(self.directory.user).select_related("person")}
        return self.know(self._known.get(User.normalize_username(row.texts.get("username", ""))))

    def complete(self, row: Row, data: dict[str, str]) -> None:
        """Without a number the name says who it is; an account that is there stays with its person."""
        if row.before is not None:
            data["person"] = data.get("person") or row.before.get("person", "")
        elif not data.get("person") and "person" not in row.faults:
            found = row.take("name", self.directory.person, row.unit)
            data["person"] = str(found.pk) if found is not None else ""

    def judge_change(self, row: Row) -> None:
        """Nobody takes over, renames or stops an account that has rights where he keeps nothing."""
        if row.record.pk not in self.managed():
            row.faults["username"] = FURTHER.format(name=row.record.name)

    def kept(self, record: Any, *, by: User) -> bool:
        return queries.accounts_managed(by, on=self.today).filter(pk=record.pk).exists()

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return (User.normalize_username(row.texts.get("username", "")),)

    def create(self, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> User:
        person, active = fields.pop("person"), fields.pop("is_active")
        user = register_account(**fields, by=by, at=at)
        directory.change(person, by=by, at=at, account=user)
        return user if active else disable_account(user, by=by, at=at)

    def change(self, record: User, fields: dict[str, Any], *, by: User, at: datetime.datetime) -> User:
        wanted = dict(fields)
        active, person = wanted.pop("is_active", None), wanted.pop("person", None)
        if wanted:
            change_details(record, by=by, at=at, **wanted)
        if person is not None:
            self._hand_over(record, person, by=by, at=at)
        if active is not None:
            (enable_account if active else disable_account)(record, by=by, at=at)
        stored: User = User.objects.get(pk=record.pk)
        return stored

    def _hand_over(self, user: User, person: Person, *, by: User, at: datetime.datetime) -> None:
        """An account belongs to one person at a time."""
        for old in Person.objects.filter(account=user).exclude(pk=person.pk):
            directory.change(old, by=by, at=at, account=None)
        directory.change(person, by=by, at=at, account=user)


def _take_back(desk: type[DirectoryDesk]) -> Any:
    """Undo of an import: what it made goes, what it changed is as it was."""

    def take_back(many: Sequence[Written], *, by: User, at: datetime.datetime) -> None:
        for one in many:
            _one_back(one, by=by, at=at)

    def _one_back(done: Written, *, by: User, at: datetime.datetime) -> None:
        unit = next(iter(queries.units_kept(by)), None)
        if unit is None or not desk(user=by, unit=unit, today=at.date()).kept(done.record, by=by):
            raise Refused(f"{done.record}已不由您维护，不能撤销此批导入。")
        if done.before is None:
            (remove_account if desk is AccountDesk else directory.remove)(done.record, by=by, at=at)
            return
        form = desk.form_class(posted_of(desk.form_class, done.record) | done.before, instance=done.record, user=by)
        if not form.is_valid():
            raise Refused(f"{done.record}不能恢复为导入前的内容：{next(iter(form.errors.values()))[0]}")
        fresh = desk.model._default_manager.get(pk=done.record.pk)
        fields = {name: form.cleaned_data[name] for name in done.before if name in form.cleaned_data}
        own = desk(user=by, unit=unit, today=at.date())
        own.restore(own.change(fresh, fields, by=by, at=at), done.before, by=by, at=at)

    return take_back


def _targets(desk: type[DirectoryDesk], needed: str, names: Sequence[str], labels: Mapping[str, str]) -> list[Target]:
    fields = desk.form_class.base_fields
    return [
        Target(name, labels.get(name) or str(fields[name].label), needed=name in needed.split(), loose=False)
        for name in names
    ]


def _register(
    name: str, desk: type[DirectoryDesk], *, needed: str, order: str, words: Mapping[str, Sequence[str]], labels: Mapping[str, str],
    sample: Mapping[str, str], asks_for: str,
) -> Register:  # fmt: skip
    targets = _targets(desk, needed, order.split(), labels)
    return Register(
        name=name, label=str(desk.model._meta.verbose_name), vocabulary={t.name: (t.label, *words.get(t.name, ())) for t in targets},
        needed=[(field,) for field in needed.split()[:2]], targets=targets, desk=desk, units=queries.units_kept, asks_for=asks_for,
        also=ALSO, samples=[sample], version=version_of, keeps_rows=False, undo=_take_back(desk),
    )  # fmt: skip


ALSO = {
    "is_active": {"是": "1", "否": "0", "在用": "1", "正常": "1", "撤销": "0", "调离": "0", "退休": "0", "在岗": "1"},
    "category": {"党委成员": "committee", "领导班子": "leader", "中层": "head", "职工": "staff", "普通职工": "staff"},
    "kind": {
        "集团": "group", "一级": "group", "一级企业": "group",
        "二级": "second", "二级企业": "second", "三级": "third", "三级企业": "third",
    },
}
REGISTERS = [
    _register(
        "unit", UnitDesk, needed="code name short_name kind", labels={},
        order="code name short_name kind parent credit_code party_name sort_no is_active",
        words={
            "code": ("代码", "企业代码"), "name": ("单位名称", "企业名称", "公司名称"), "parent": ("上级", "主管单位"),
            "credit_code": ("信用代码",),
        },
        sample={"code": "CJ", "name": "某某城建开发有限公司", "short_name": "某某城建", "kind": "二级子公司"},
        asks_for="“单位代码”和“单位全称”",
    ),
    _register(
        "department", DepartmentDesk, needed="name", order="unit name head leader sort_no is_active", labels={"unit": "单位"},
        words={"unit": UNIT_WORDS, "name": ("部门", "科室", "处室"), "head": ("负责人", "部门经理"), "leader": ("责任领导",)},
        sample={"name": "工程管理部"}, asks_for="“部门名称”",
    ),
    _register(
        "post", PostDesk, needed="name department", order="unit department name code is_key is_active", labels={"unit": "单位"},
        words={
            "unit": UNIT_WORDS, "department": ("科室", "所属部门"), "name": ("岗位",), "code": ("岗位代码",), "is_key": ("是否关键岗位",),
        },
        sample={"department": "工程管理部", "name": "现场工程师", "is_key": "是"}, asks_for="“岗位名称”和“部门”",
    ),
    _register(
        "person", PersonDesk, needed="name title category", labels={"unit": "单位", "number": "人员编号"},
        order="number unit department post name title category is_secretary id_number phone sort_no is_active",
        words={
            "unit": UNIT_WORDS, "department": ("科室", "所在部门"), "post": ("岗位名称",), "title": ("职务名称",),
            "phone": ("电话", "手机", "联系电话"), "id_number": ("身份证", "身份证号码"), "category": ("人员类型",),
            "is_active": ("状态", "在职"),
        },
        sample={"name": "张某", "title": "工程管理部经理", "category": "中层正职"}, asks_for="“姓名”和“职务”",
    ),
    _register(
        "account", AccountDesk, needed="username name", labels={"unit": "单位", "person": "人员编号"},
        order="username name unit person email phone is_active",
        words={
            "username": ("登录名", "用户名", "登录账号"), "unit": UNIT_WORDS, "email": ("电子邮箱", "邮件"), "phone": ("电话", "手机"),
            "is_active": ("状态",),
        },
        sample={"username": "zhangmou", "name": "张某"}, asks_for="“账号”和“姓名”",
    ),
]  # fmt: skip
