"""National number formats with their check digits; each message says what to correct (domain.md §4.1, §4.2)."""
import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"
MOBILE = re.compile(r"1[3-9][0-9]{9}")
LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?")


def credit_check_digit(first17: str) -> str:
    """The 18th character of GB 32100-2015 for the first 17."""
    total = sum(CREDIT_ALPHABET.index(char) * weight for char, weight in zip(first17, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def id_check_digit(first17: str) -> str:
    """The 18th character of GB 11643-1999 for the first 17 digits."""
    return ID_CHECK[sum(int(char) * weight for char, weight in zip(first17, ID_WEIGHTS, strict=True)) % 11]


def validate_credit_code(value: str) -> None:
    """统一社会信用代码, GB 32100-2015. Raises ValidationError."""
    _length(value, "统一社会信用代码")
    for place, char in enumerate(value, start=1):
        if char in CREDIT_ALPHABET:
            continue
        if char.upper() in CREDIT_ALPHABET and char.isascii():
            raise ValidationError("统一社会信用代码中的字母须为大写", code="case")
        raise ValidationError(f"第{place}位“{char}”有误，统一社会信用代码只用数字和大写字母，不用I、O、S、V、Z", code="character")
    if not value[2:8].isdigit():
        raise ValidationError("第3至8位为行政区划，须为6位数字", code="region")
    _check_digit(value, credit_check_digit(value[:17]))


def validate_id_number(value: str) -> None:
    """身份证号, GB 11643-1999: region 11–82, a date from 1900 to today, check digit. Raises ValidationError."""
    _length(value, "身份证号")
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", value):
        raise ValidationError("身份证号前17位须为数字，第18位为数字或X", code="character")
    if value[-1] == "x":
        raise ValidationError("身份证号第18位的X须为大写", code="case")
    if not 11 <= int(value[:2]) <= 82:
        raise ValidationError(f"身份证号前两位“{value[:2]}”不是省级行政区划代码", code="region")
    try:
        born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        born = None
    if born is None or not date(1900, 1, 1) <= born <= timezone.localdate():
        raise ValidationError(f"第7至14位“{value[6:14]}”不是有效的出生日期", code="birth")
    _check_digit(value, id_check_digit(value[:17]))


def validate_phone(value: str) -> None:
    """手机号码, or a 固定电话 with its area code. Raises ValidationError."""
    if not (MOBILE.fullmatch(value) or LANDLINE.fullmatch(value)):
        raise ValidationError("填写11位手机号码，或带区号的固定电话，如0577-88880000", code="phone")


def _length(value: str, name: str) -> None:
    if len(value) != 18:
        raise ValidationError(f"{name}须为18位，现有{len(value)}位", code="length")


def _check_digit(value: str, expected: str) -> None:
    if value[17] != expected:
        raise ValidationError(f"校验码错误，第18位应为{expected}", code="check")
