"""The forms of the directory: one record each, judged by the same rules on a page and in a sheet."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.accounts.rules import USERNAME, USERNAME_ASKED
from apps.core.validators import validate_id_number, validate_phone
from apps.org.models import Department, Person, Post, Unit
from apps.org.rules import may_stand_below
from apps.pages.forms import worded
from apps.system import queries
from apps.system.words import IN_SERVICE, IN_USE, YES

UNIT_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")


class Flag(forms.TypedChoiceField):
    """A yes or no that a sheet can say in words."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices=choices, coerce=lambda text: text == "1", empty_value=None, **options)


class DirectoryForm(forms.ModelForm):
    """What the five forms share: only what this administrator keeps is offered."""

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        if "unit" in self.fields:
            self.fields["unit"].queryset = queries.units_kept(user)  # type: ignore[attr-defined]
        self.offer(user)
        worded(self)

    def offer(self, user: User) -> None:
        """Narrow the choices of the form to what this person keeps."""

    def same_unit(self, *names: str) -> None:
        """What a record refers to belongs to its unit."""
        unit = self.cleaned_data.get("unit")
        for name in names:
            other = self.cleaned_data.get(name)
            if unit is not None and other is not None and other.unit_id != unit.pk:
                self.add_error(name, f"{self.fields[name].label}不属于{unit.short_name}，重新选择")


class UnitForm(DirectoryForm):
    """单位. The code stands in every number of the unit's records and so is never changed."""

    is_active = Flag(IN_USE, label="启用状态")

    class Meta:
        model = Unit
        fields: ClassVar = ["name", "short_name", "code", "credit_code", "kind", "parent", "party_name", "sort_no", "is_active"]

    def offer(self, user: User) -> None:
        parent: Any = self.fields["parent"]
        parent.queryset = queries.parents_offered(user, self.instance)
        parent.required = self.instance.pk is None or self.instance.parent_id is not None

    def clean_code(self) -> str:
        """Capital letters and digits."""
        code = str(self.cleaned_data["code"]).strip()
        if not UNIT_CODE.fullmatch(code):
            raise ValidationError("单位代码为2至12位大写字母和数字，以字母开头")
        if self.instance.pk and code != self.instance.code:
            raise ValidationError("单位代码已用于编号，不能修改")
        return code

    def clean(self) -> dict[str, Any]:
        """A unit stands below its parent in the tree and in rank."""
        super().clean()
        kind, parent = self.cleaned_data.get("kind"), self.cleaned_data.get("parent")
        if kind and parent is not None and not may_stand_below(kind, parent.kind):
            self.add_error("kind", f"层级须低于上级单位（{parent.short_name}为{parent.get_kind_display()}）")
        if self.instance.pk and parent is not None and parent.path.startswith(self.instance.path):
            self.add_error("parent", "上级单位不能是本单位或其下级单位")
        return self.cleaned_data


class DepartmentForm(DirectoryForm):
    """部门."""

    is_active = Flag(IN_USE, label="启用状态")

    class Meta:
        model = Department
        fields: ClassVar = ["unit", "name", "head", "leader", "sort_no", "is_active"]

    def offer(self, user: User) -> None:
        for name in ("head", "leader"):
            self.fields[name].queryset = queries.people_kept(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Whoever is in charge belongs to the unit's leaders."""
        super().clean()
        self.same_unit("head", "leader")
        leader = self.cleaned_data.get("leader")
        if leader is not None and leader.category not in Person.LEADING:
            self.add_error("leader", f"分管领导应为班子成员，{leader.name}的人员类别为{leader.get_category_display()}")
        return self.cleaned_data


class PostForm(DirectoryForm):
    """岗位."""

    is_key = Flag(YES, label="关键岗位")
    is_active = Flag(IN_USE, label="启用状态")

    class Meta:
        model = Post
        fields: ClassVar = ["unit", "department", "name", "code", "is_key", "is_active"]

    def offer(self, user: User) -> None:
        self.fields["department"].queryset = queries.departments_kept(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The department is one of the unit."""
        super().clean()
        self.same_unit("department")
        return self.cleaned_data


class PersonForm(DirectoryForm):
    """人员."""

    is_secretary = Flag(YES, label="党组织书记")
    is_active = Flag(IN_SERVICE, label="在职状态")

    class Meta:
        model = Person
        fields: ClassVar = [
            "unit", "department", "post", "name", "title", "category", "is_secretary", "id_number", "phone", "sort_no", "is_active",
        ]  # fmt: skip
        widgets: ClassVar = {"id_number": forms.TextInput, "phone": forms.TextInput}

    def offer(self, user: User) -> None:
        self.fields["department"].queryset = queries.departments_kept(user)  # type: ignore[attr-defined]
        self.fields["post"].queryset = queries.posts_kept(user)  # type: ignore[attr-defined]
        self.fields["id_number"].validators.append(validate_id_number)
        self.fields["phone"].validators.append(validate_phone)

    def clean(self) -> dict[str, Any]:
        """Department and post are those of the unit; one 身份证号 is one person."""
        super().clean()
        self.same_unit("department", "post")
        post, department = self.cleaned_data.get("post"), self.cleaned_data.get("department")
        if post is not None and department is not None and post.department_id != department.pk:
            self.add_error("post", f"岗位不属于{department}，重新选择")
        return self.cleaned_data


class AccountForm(DirectoryForm):
    """账号 of a person; what it may do is granted by the 安全保密管理员, never here."""

    person = forms.ModelChoiceField(label="人员", queryset=Person.objects.none())
    is_active = Flag(IN_USE, label="启用状态")

    class Meta:
        model = User
        fields: ClassVar = ["username", "name", "email", "phone", "is_active"]
        error_messages: ClassVar = {"username": {"unique": "此账号已存在，换一个账号"}}
        widgets: ClassVar = {"phone": forms.TextInput}

    def offer(self, user: User) -> None:
        person: Any = self.fields["person"]
        person.queryset = queries.people_kept(user).select_related("account")
        person.required = self.instance.pk is None or hasattr(self.instance, "person")

    def clean_username(self) -> str:
        """As it is stored: small letters."""
        name = User.normalize_username(str(self.cleaned_data["username"]))
        if not USERNAME.fullmatch(name):
            raise ValidationError(USERNAME_ASKED)
        return name

    def clean(self) -> dict[str, Any]:
        """A person has one account, under his own name; one that has rights or was used stays with whom it was opened for."""
        super().clean()
        person = self.cleaned_data.get("person")
        old = getattr(self.instance, "person", None)
        if person is not None and old not in {None, person} and (self.instance.last_login or self.instance.assignments.exists()):
            self.add_error("person", f"账号已有权限或已使用，不能转给{person.name}，为其另开账号")
        if person is not None and not person.is_active and self.cleaned_data.get("is_active"):
            self.add_error("is_active", f"{person.name}已离职，账号不能启用")
        if person is not None and person.account_id not in {None, self.instance.pk}:
            self.add_error("person", f"{person.name}已有账号 {person.account.username}，一人一个账号")
        return self.cleaned_data
