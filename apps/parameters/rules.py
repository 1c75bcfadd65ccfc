"""Checking and showing values of 参数: pure, no queries."""
import re
from datetime import date
from decimal import Decimal
from itertools import pairwise

from apps.core.errors import Refused

from .catalogue import CATALOGUE, JsonValue, Kind, Parameter

Value = int | Decimal | str | list[int] | list[str]

NUMBER = re.compile(r"[+-]?\d{1,9}")
FRACTION = re.compile(r"[+-]?\d{1,9}(\.\d{1,4})?")
MONTH_DAY = re.compile(r"(\d{1,2})(?:-|月)(\d{1,2})日?")
SEPARATORS = re.compile(r"[\s,，、/;；]+")


def refuse(parameter: Parameter, need: str) -> Refused:
    """The refusal that tells what to write for this parameter."""
    return Refused(f"「{parameter.name}」{need}", field="value")


def checked(parameter: Parameter, raw: object) -> JsonValue:
    """The value as it is stored (JSON-ready, one spelling per value); takes what a form, a sheet or Python gives.

    Raises Refused on the field `value` when the text is no value of the parameter's kind or outside its limits.
    """
    if parameter.kind is Kind.LIST:
        return _checked_list(parameter, raw)
    text = str(raw).strip()
    if parameter.kind is Kind.CHOICE:
        if text not in dict(parameter.choices):
            raise refuse(parameter, "应从所列选项中选择。")
        return text
    return _checked_item(parameter, parameter.kind, text)


def _checked_item(parameter: Parameter, kind: Kind, text: str) -> int | str:
    if kind is Kind.DATE:
        return _month_day(parameter, text)
    if kind is Kind.DECIMAL:
        if not FRACTION.fullmatch(text):
            raise refuse(parameter, "应填写数字，小数不超过四位。")
        number = Decimal(text)
        _check_limits(parameter, number)
        return f"{number.normalize():f}"
    if not NUMBER.fullmatch(text):
        raise refuse(parameter, "应填写整数。")
    _check_limits(parameter, int(text))
    return int(text)


def _check_limits(parameter: Parameter, number: int | Decimal) -> None:
    if parameter.allowed and number not in parameter.allowed:
        raise refuse(parameter, f"应为{'、'.join(map(str, parameter.allowed))}之一。")
    if not parameter.minimum <= number <= parameter.maximum:
        raise refuse(parameter, f"应在{parameter.minimum}到{parameter.maximum}之间。")


def _month_day(parameter: Parameter, text: str) -> str:
    found = MONTH_DAY.fullmatch(text)
    try:
        # 2001 is no leap year: a day that does not come every year is no yearly day.
        return date(2001, int(found[1]), int(found[2])).strftime("%m-%d") if found else _no_day(parameter)
    except ValueError:
        return _no_day(parameter)


def _no_day(parameter: Parameter) -> str:
    raise refuse(parameter, "应填写每年都有的月和日，如6-30。")


def _checked_list(parameter: Parameter, raw: object) -> list[int] | list[str]:
    parts = [str(part).strip() for part in raw] if isinstance(raw, list | tuple) else SEPARATORS.split(str(raw).strip())
    expected = len(parameter.default) if isinstance(parameter.default, list) else 0
    if not parameter.free_length and len(parts) != expected:
        raise refuse(parameter, f"应填写{expected}个数，用“/”隔开。")
    items = [_checked_item(parameter, parameter.of, part) for part in parts]
    if parameter.order and any(not _in_order(parameter.order, a, b) for a, b in pairwise(items)):
        raise refuse(parameter, "应从小到大填写。" if parameter.order == "asc" else "应从大到小填写。")
    if parameter.total and sum(map(int, items)) != parameter.total:
        raise refuse(parameter, f"各项之和应为{parameter.total}。")
    return items  # type: ignore[return-value]  # all items have the one kind `of`


def _in_order(order: str, first: int | str, second: int | str) -> bool:
    # Month-days have two digits each, so their text sorts like the days.
    return first < second if order == "asc" else first > second  # type: ignore[operator]


def loaded(key: str, stored: JsonValue) -> Value:
    """A stored (or frozen) value as Python uses it: a decimal becomes Decimal, the rest stays."""
    return Decimal(str(stored)) if CATALOGUE[key].kind is Kind.DECIMAL else stored


def thawed(frozen: dict[str, JsonValue]) -> dict[str, Value]:
    """What `queries.frozen` stored on a record, as values for calculation."""
    return {key: loaded(key, stored) for key, stored in frozen.items()}


def shown(parameter: Parameter, stored: JsonValue) -> str:
    """The value as an official reads it: 3个工作日, 30/25/25/10/10%, 6月30日, LC法."""
    if parameter.kind is Kind.CHOICE:
        return dict(parameter.choices)[str(stored)]
    items = stored if isinstance(stored, list) else [stored]
    if Kind.DATE in {parameter.kind, parameter.of}:
        return "至".join(f"{int(text[:2])}月{int(text[3:])}日" for text in map(str, items))
    unit = {"工作日": "个工作日", "月": "个月"}.get(parameter.unit, parameter.unit)
    return "/".join(map(str, items)) + unit


def day_in(month_day: str, year: int) -> date:
    """The day of `year` that a parameter of kind date names."""
    return date(year, int(month_day[:2]), int(month_day[3:]))


def stays_below(low: JsonValue, high: JsonValue) -> bool:
    """Whether the first of a rising pair (catalogue.RISING_PAIRS, whole numbers and decimals only) is below the second."""
    return Decimal(str(low)) < Decimal(str(high))
