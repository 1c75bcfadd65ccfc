"""domain.md §4.1 and §4.2: national numbers with their published vectors."""
import pytest
from django.core.exceptions import ValidationError

from apps.core.validators import validate_credit_code, validate_id_number, validate_phone


def fault(validate, value):
    with pytest.raises(ValidationError) as caught:
        validate(value)
    return caught.value.messages[0]


@pytest.mark.parametrize(
    "code", ["91000000MA0000007C", "91000000MA00000157", "91000000MA00000232", "91000000MA0000A19C", "91000000123456788T"]
)
def test_a_credit_code_of_the_standard_passes(code):
    assert validate_credit_code(code) is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("91000000MA0000007B", "校验码错误，第18位应为C"),
        ("19000000MA0000007C", "校验码错误，第18位应为"),
        ("91000000MA000007C", "统一社会信用代码须为18位，现有17位"),
        ("91000000MA0000007CC", "统一社会信用代码须为18位，现有19位"),
        ("", "统一社会信用代码须为18位，现有0位"),
        ("91000000MA000000OC", "第17位“O”有误"),
        ("91000000ma0000007c", "字母须为大写"),
        ("91000000MA00000０7C", "第16位“０”有误"),
        ("91A00000MA0000007C", "第3至8位为行政区划，须为6位数字"),
    ],
)
def test_a_wrong_credit_code_is_told_what_to_correct(code, message):
    assert message in fault(validate_credit_code, code)


@pytest.mark.parametrize("number", ["33000019800101001X", "330000197512311231", "33000019820315007X"])
def test_an_id_number_of_the_standard_passes(number):
    assert validate_id_number(number) is None


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("330000199002290011", "第7至14位“19900229”不是有效的出生日期"),
        ("330000209912310011", "第7至14位“20991231”不是有效的出生日期"),
        ("330000189912310011", "第7至14位“18991231”不是有效的出生日期"),
        ("330000198001010011", "校验码错误，第18位应为X"),
        ("33000019800101001x", "第18位的X须为大写"),
        ("00000019800101001X", "前两位“00”不是省级行政区划代码"),
        ("83000019800101001X", "前两位“83”不是省级行政区划代码"),
        ("3300001980010100X", "身份证号须为18位，现有17位"),
        ("33000019800101A01X", "前17位须为数字"),
        ("３３0000198001010011"[:18], "前17位须为数字"),
    ],
)
def test_a_wrong_id_number_is_told_what_to_correct(number, message):
    assert message in fault(validate_id_number, number)


@pytest.mark.parametrize("number", ["13800000011", "19912345678", "0577-88880000", "057788880000", "010-12345678", "0577-8888000-123"])
def test_telephone_numbers_pass(number):
    assert validate_phone(number) is None


@pytest.mark.parametrize(
    "number",
    ["12800000011", "1380000001", "138000000111", "88880000", "+8613800000011", "138 0000 0011", "", "１３８00000011"],
)
def test_what_is_no_telephone_number_is_refused(number):
    assert fault(validate_phone, number).startswith("填写11位手机号码")
