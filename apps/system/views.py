"""The pages of 系统管理 over the directory: lists, sheets in and out. Whoever does not keep it finds no such page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator

from apps.accounts.models import User
from apps.accounts.request import PortalRequest
from apps.accounts.stepup import step_up_required
from apps.org.models import Department, Person, Post, Unit
from apps.org.scope import scope_of
from apps.pages import exports
from apps.pages.answers import file_answer
from apps.pages.export_pages import ExportPages
from apps.pages.imports import ImportPages
from apps.pages.views import RecordPages
from apps.system import passwords, queries, tables
from apps.system.sheet_out import FILTERS, KEPT


class DirectoryPages(ExportPages, RecordPages):
    """The list of one kind of record."""

    HANDLERS: ClassVar[dict[str, dict[str, str]]] = RecordPages.HANDLERS | ExportPages.HANDLERS
    ROUTES: ClassVar[dict[str, str]] = {"list": "", "view": "views/"} | ExportPages.ROUTES
    LETTERS: ClassVar[dict[str, str]] = {"passwords": "C"}
    function = queries.FUNCTION
    title: ClassVar[str]
    joins: ClassVar[tuple[str, ...]] = ()
    unit_word: ClassVar[str] = "条"

    def get_queryset(self) -> QuerySet[Any]:
        """Those of the units he keeps."""
        return KEPT[self.base](self.request.user)

    def for_list(self, rows: Any) -> Any:
        return rows.select_related(*self.joins) if self.joins else rows

    def may_add(self) -> bool:
        """One by one they are kept on pages of their own."""
        return False

    def list_context(self, rows: Any) -> dict[str, Any]:
        actions: list[dict[str, Any]] = [{"label": "导出", "icon": "dl", "wide_only": True, "menu": self.export_menu()}]
        if scope_of(self.request.user).may(self.function, "C"):
            actions.insert(0, {"label": "批量导入", "icon": "up", "url": reverse(f"{self.base}-import"), "wide_only": True})
        empty = {"title": f"还没有登记{self.title}", "text": "下载登记表模板，填写后批量导入。"}
        return {"title": self.title, "actions": actions, "unit_word": self.unit_word, "empty": empty, "bulk": self.export_chosen()}

    def crumbs(self) -> Any:
        return [("工作台", reverse("home")), ("系统管理", ""), (self.title, "")]


class UnitPages(DirectoryPages):
    """组织机构."""

    model, base, place, title, unit_word = Unit, "unit", "system/units", "组织机构", "个"
    table_class, filterset_class, joins = tables.UnitTable, FILTERS["unit"], ("parent",)


class DepartmentPages(DirectoryPages):
    """部门."""

    model, base, place, title, unit_word = Department, "department", "system/departments", "部门", "个"
    table_class, filterset_class, joins = tables.DepartmentTable, FILTERS["department"], ("unit", "head", "leader")


class PostPages(DirectoryPages):
    """岗位."""

    model, base, place, title, unit_word = Post, "post", "system/posts", "岗位", "个"
    table_class, filterset_class, joins = tables.PostTable, FILTERS["post"], ("unit", "department")


class PersonPages(DirectoryPages):
    """人员."""

    model, base, place, title, unit_word = Person, "person", "system/people", "人员", "人"
    table_class, filterset_class, joins = tables.PersonTable, FILTERS["person"], ("unit", "department", "account")


ASK = {
    "title": "为所选账号发放初始密码？",
    "body": "只发给从未登录、尚未授权的账号，此前发放的初始密码同时作废。密码表只生成一次，下载后妥善保管，分别交给本人。",
    "label": "发放",
}


class AccountPages(DirectoryPages):
    """账号. A person who was never here gets an initial password by 发放初始密码."""

    model, base, place, title, unit_word = User, "account", "system/accounts", "账号", "个"
    table_class, filterset_class, joins = tables.AccountTable, FILTERS["account"], ("person__unit",)
    HANDLERS: ClassVar[dict[str, dict[str, str]]] = DirectoryPages.HANDLERS | {"passwords": {"post": "hand_out"}}
    ROUTES: ClassVar[dict[str, str]] = DirectoryPages.ROUTES | {"passwords": "passwords/"}

    def list_context(self, rows: Any) -> dict[str, Any]:
        context = super().list_context(rows)
        return context | {"bulk": [*context["bulk"], {"label": "发放初始密码", "url": reverse("account-passwords"), "confirm": ASK}]}

    @method_decorator(step_up_required)
    def hand_out(self, request: PortalRequest) -> HttpResponseBase:
        """A sheet with fresh initial passwords for the ticked accounts nobody used yet; it is made once and kept nowhere."""
        waiting = passwords.waiting(self.chosen())
        if not waiting:
            messages.error(request, "所选账号都已登录过、已授权或已停用，不能发放初始密码。")
            return redirect("account-list")
        if len(waiting) > passwords.MOST:
            messages.error(request, f"一次最多发放 {passwords.MOST} 个账号的初始密码，所选的有 {len(waiting)} 个。")
            return redirect("account-list")
        at = timezone.now()
        name = f"初始密码_{timezone.localtime(at):%Y%m%d%H%M}.xlsx"
        return file_answer(name, lambda path: passwords.write(path, waiting, by=request.user, at=at))

    def chosen(self) -> QuerySet[Any]:
        """The ticked accounts, or all of the filter, of those that are his alone to give."""
        asked, every = self.export_asked(), bool(self.request.POST.get("all"))
        rows: Any = exports.select(asked, by=self.request.user).rows if asked.keys or every else self.get_queryset().none()
        managed = queries.accounts_managed(self.request.user, on=timezone.localdate())
        return managed.filter(pk__in=rows.values("pk")).select_related("person__unit")


class DirectoryImport(ImportPages):
    """The wizard for one kind of record."""

    function = queries.FUNCTION
    has_detail = False
    unit_label = "所属单位"
    within = (("系统管理", ""),)
    kept_as = "24小时内未改动的，可以整批撤销。"


class UnitImport(DirectoryImport):
    """组织机构."""

    model, register, base, place = Unit, "unit", "unit", "system/units"
    unit_label = "默认上级单位"


class DepartmentImport(DirectoryImport):
    """部门."""

    model, register, base, place = Department, "department", "department", "system/departments"


class PostImport(DirectoryImport):
    """岗位."""

    model, register, base, place = Post, "post", "post", "system/posts"


class PersonImport(DirectoryImport):
    """人员."""

    model, register, base, place = Person, "person", "person", "system/people"


class AccountImport(DirectoryImport):
    """账号."""

    model, register, base, place = User, "account", "account", "system/accounts"
    kept_as = "新账号还没有密码，在账号列表中勾选后“发放初始密码”；发放后再由安全保密管理员授予权限。24小时内未使用的，可以整批撤销。"


LISTS = (UnitPages, DepartmentPages, PostPages, PersonPages, AccountPages)
IMPORTS = (UnitImport, DepartmentImport, PostImport, PersonImport, AccountImport)
