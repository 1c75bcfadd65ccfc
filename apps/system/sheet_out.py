"""The directory as sheets out, under the headings the import knows; personal numbers are hidden in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from apps.core.masking import mask_id_number, mask_phone
from apps.exchange.registers import Register
from apps.org.models import Person
from apps.pages.exports import Column, Records, Sheet
from apps.system import filters, queries
from apps.system.sheets import REGISTERS
from apps.system.words import IN_SERVICE, IN_USE, YES

WIDE = {"name": 18, "party_name": 30, "title": 20, "credit_code": 22, "email": 24, "id_number": 22, "unit": 20, "parent": 20}
Value = Callable[[Any], Any]


def _words(pairs: Sequence[tuple[str, str]], name: str) -> Value:
    yes, no = (label for _, label in pairs)
    return lambda record: yes if getattr(record, name) else no


def _values(register: str) -> dict[str, Value]:
    """How a record says the fields that are not simply a text of its own."""
    named: dict[str, Value] = {"is_active": _words(IN_SERVICE if register == "person" else IN_USE, "is_active")}
    if register == "account":
        named |= {"unit": _of_person("unit.name"), "person": _of_person("number")}
    else:
        named |= {"unit": lambda record: record.unit.name}
    return named | {
        "phone": lambda record: mask_phone(record.phone), "id_number": lambda record: mask_id_number(record.id_number),
        "kind": lambda record: record.get_kind_display(), "category": lambda record: record.get_category_display(),
        "is_key": _words(YES, "is_key"), "is_secretary": _words(YES, "is_secretary"),
        **{name: _name_of(name) for name in ("parent", "department", "post")}, **{name: _person_of(name) for name in ("head", "leader")},
    }  # fmt: skip


def _of_person(path: str) -> Value:
    """An account may be nobody's."""
    return lambda record: attrgetter(path)(record.person) if hasattr(record, "person") else ""


def _name_of(name: str) -> Value:
    return lambda record: found.name if (found := getattr(record, name)) is not None else ""


def _person_of(name: str) -> Value:
    """A number says it without doubt where two people of the unit share the name; the name is what people read."""

    def said(record: Any) -> str:
        found: Person | None = getattr(record, name)
        return "" if found is None else found.number if getattr(record, f"{name}_is_shared", False) else found.name

    return said


def _columns(register: Register) -> Sequence[Column]:
    values = _values(register.name)
    plain = lambda name: lambda record: getattr(record, name)  # noqa: E731 -- one per column
    told = [Column(t.label, values.get(t.name) or plain(t.name), WIDE.get(t.name, 12), under=t.name) for t in register.targets]
    if register.name == "person":
        told.append(Column("账号", lambda record: record.account.username if record.account else "", 16, under="account"))
    return told


def _conditions(found: Any) -> str:
    cleaned = found.form.cleaned_data if found.form.is_valid() else {}
    return "，".join(f"{found.form.fields[name].label}：{value}" for name, value in cleaned.items() if value not in ("", None, False, []))


JOINS = {
    "unit": ("parent",), "department": ("unit", "head", "leader"), "post": ("unit", "department"),
    "person": ("unit", "department", "post", "account"), "account": ("person__unit",),
}  # fmt: skip
KEPT: dict[str, Callable[[Any], QuerySet[Any]]] = {
    "unit": queries.units_kept, "department": queries.departments_kept, "post": queries.posts_kept,
    "person": queries.people_kept, "account": queries.accounts_kept,
}  # fmt: skip
FILTERS = {
    "unit": filters.UnitFilter, "department": filters.DepartmentFilter, "post": filters.PostFilter,
    "person": filters.PersonFilter, "account": filters.AccountFilter,
}  # fmt: skip


def _lines(register: Register) -> Callable[[Any], Records]:
    def opened(rows: Any) -> Records:
        found = rows.select_related(*JOINS[register.name])
        return Records(queries.with_shared_names(found) if register.name == "department" else found, _columns(register))

    return opened


SHEETS = [
    Sheet(
        name=register.name, label=register.label, function=queries.FUNCTION, visible=KEPT[register.name], filterset=FILTERS[register.name],
        lines=_lines(register), conditions=_conditions,
    )
    for register in REGISTERS
]  # fmt: skip
