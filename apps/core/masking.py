"""How personal data is shown to those who need not read it (domain.md §4.2, PR-01)."""


def mask_phone(value: str | None) -> str:
    """`138****0011`; a landline keeps its last four digits; what is too short to hide shows nothing."""
    text = value or ""
    if len(text) == 11 and text.isdigit():
        return f"{text[:3]}****{text[-4:]}"
    return _tail(text)


def mask_id_number(value: str | None) -> str:
    """`330000********001X` (前6后4); anything but 18 characters is hidden whole."""
    text = value or ""
    return f"{text[:6]}{'*' * 8}{text[-4:]}" if len(text) == 18 else "*" * len(text)


def mask_bank_account(value: str | None) -> str:
    """Only the last four digits."""
    return _tail("".join((value or "").split()))


def mask_email(value: str | None) -> str:
    """首字 + `***`, the domain stays."""
    name, at, domain = (value or "").rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else "*" * len(value or "")


def mask_name(value: str | None) -> str:
    """`张*`, whatever the length: the number of characters would tell too much."""
    return f"{value[0]}*" if value else ""


def _tail(text: str) -> str:
    """Four stars and the last four characters, when at least as many stay hidden."""
    return f"****{text[-4:]}" if len(text) >= 8 else "*" * len(text)
