"""The lists of the directory."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.masking import mask_phone
from apps.core.templatetags.ui import moment, pill
from apps.org.models import Person
from apps.pages.tables import RecordTable

NOWRAP = {"td": {"class": "nw"}}
GREY = {"td": {"class": "nw sec m-hide"}}


def _use(record: Any, words: tuple[str, str] = ("启用", "停用")) -> SafeString:
    return pill("ok" if record.is_active else "grey", words[0] if record.is_active else words[1])


class UnitTable(RecordTable):
    """组织机构, each unit below its parent."""

    code = tables.Column("单位代码", attrs=NOWRAP)
    name = tables.Column("单位全称", order_by=("name", "pk"), attrs={"td": {"class": "m1 wide"}})
    kind = tables.Column("层级", order_by=("kind", "path"), attrs=NOWRAP)
    parent = tables.Column("上级单位", accessor="parent__short_name", orderable=False, attrs=GREY)
    credit_code = tables.Column("统一社会信用代码", orderable=False, attrs=GREY)
    is_active = tables.Column("启用状态", orderable=False, empty_values=(), attrs={"td": {"class": "nw m2"}})

    def render_name(self, record: Any) -> SafeString:
        return format_html('<span class="t1">{}</span><div class="sub">{}</div>', record.name, record.short_name)

    def render_is_active(self, record: Any) -> SafeString:
        return _use(record)


class DepartmentTable(RecordTable):
    """部门."""

    name = tables.Column("部门名称", order_by=("name", "pk"), attrs={"td": {"class": "m1 wide"}})
    unit = tables.Column("单位", accessor="unit__short_name", order_by=("unit__path", "sort_no", "pk"), attrs=NOWRAP)
    head = tables.Column("部门负责人", accessor="head__name", orderable=False, attrs=NOWRAP)
    leader = tables.Column("分管领导", accessor="leader__name", orderable=False, attrs=GREY)
    is_active = tables.Column("启用状态", orderable=False, empty_values=(), attrs={"td": {"class": "nw m2"}})

    def render_is_active(self, record: Any) -> SafeString:
        return _use(record)


class PostTable(RecordTable):
    """岗位."""

    name = tables.Column("岗位名称", order_by=("name", "pk"), attrs={"td": {"class": "m1 wide"}})
    unit = tables.Column("单位", accessor="unit__short_name", order_by=("unit__path", "pk"), attrs=NOWRAP)
    department = tables.Column("部门", accessor="department__name", order_by=("department__name", "pk"), attrs=NOWRAP)
    code = tables.Column("岗位编号", orderable=False, attrs=GREY)
    is_key = tables.Column("关键岗位", orderable=False, empty_values=(), attrs=NOWRAP)
    is_active = tables.Column("启用状态", orderable=False, empty_values=(), attrs={"td": {"class": "nw m2"}})

    def render_is_key(self, record: Any) -> str:
        return "是" if record.is_key else "否"

    def render_is_active(self, record: Any) -> SafeString:
        return _use(record)


class PersonTable(RecordTable):
    """人员."""

    number = tables.Column("人员编号", orderable=False, attrs={"td": {"class": "nw sec m-hide lg-hide"}})
    name = tables.Column("姓名", order_by=("name", "pk"), attrs={"td": {"class": "m1 nw"}})
    unit = tables.Column("单位", accessor="unit__short_name", order_by=("unit__path", "sort_no", "pk"), attrs=NOWRAP)
    department = tables.Column("部门", accessor="department__name", orderable=False, attrs=NOWRAP)
    title = tables.Column("职务", orderable=False)
    category = tables.Column("人员类别", orderable=False, attrs=NOWRAP)
    phone = tables.Column("手机号", orderable=False, attrs=GREY)
    account = tables.Column("账号", accessor="account__username", orderable=False, attrs=GREY)
    is_active = tables.Column("在职状态", orderable=False, empty_values=(), attrs={"td": {"class": "nw m2"}})

    def render_name(self, record: Person) -> SafeString:
        return format_html('<span class="t1">{}</span>', record.name)

    def render_phone(self, value: str) -> str:
        return mask_phone(value)

    def render_is_active(self, record: Person) -> SafeString:
        return _use(record, ("在职", "离职"))


class AccountTable(RecordTable):
    """账号."""

    username = tables.Column("账号", order_by=("username",), attrs={"td": {"class": "m1 nw"}})
    name = tables.Column("姓名", order_by=("name", "pk"), attrs=NOWRAP)
    unit = tables.Column("单位", accessor="person__unit__short_name", orderable=False, attrs=NOWRAP)
    title = tables.Column("职务", accessor="person__title", orderable=False, attrs={"td": {"class": "m-hide"}})
    phone = tables.Column("手机号", orderable=False, attrs=GREY)
    email = tables.Column("邮箱", orderable=False, attrs=GREY)
    last_login = tables.Column("最近登录", order_by=("last_login", "pk"), empty_values=(), attrs=GREY)
    is_active = tables.Column("启用状态", orderable=False, empty_values=(), attrs={"td": {"class": "nw m2"}})

    def render_username(self, record: Any) -> SafeString:
        return format_html('<span class="t1">{}</span>', record.username)

    def render_phone(self, value: str) -> str:
        return mask_phone(value)

    def render_last_login(self, record: Any) -> str:
        return moment(record.last_login) if record.last_login else "未登录过"

    def render_is_active(self, record: Any) -> SafeString:
        return _use(record)
