"""PR-01: the masks of domain.md §4.2."""
import pytest

from apps.core.masking import mask_bank_account, mask_email, mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (mask_phone, "13800000011", "138****0011"),
        (mask_phone, "0577-88880000", "****0000"),
        (mask_phone, "12345", "*****"),
        (mask_phone, "", ""),
        (mask_phone, None, ""),
        (mask_id_number, "33000019800101001X", "330000********001X"),
        (mask_id_number, "330000800101001", "*" * 15),
        (mask_id_number, None, ""),
        (mask_bank_account, "6222 0000 0000 1234", "****1234"),
        (mask_bank_account, "1234", "****"),
        (mask_bank_account, None, ""),
        (mask_email, "zhoulan@example.invalid", "z***@example.invalid"),
        (mask_email, "a@b@c", "a***@c"),
        (mask_email, "none", "****"),
        (mask_email, None, ""),
        (mask_name, "张三丰", "张*"),
        (mask_name, "张", "张*"),
        (mask_name, "", ""),
        (mask_name, None, ""),
    ],
)
def test_the_mask_shows_just_what_is_allowed(mask, value, shown):
    assert mask(value) == shown
