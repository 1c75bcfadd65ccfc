"""Pure rules of delivery: when to try again, what a mail server's answer means, what may stand in a header."""
import datetime
import re

BACKOFF = (1, 5, 30, 120, 120)  # minutes before the second, third, … attempt
ATTEMPTS = len(BACKOFF) + 1
KEEP = datetime.timedelta(days=7)  # a mail without an end of its own is not worth sending later

# Control characters, line separators and the marks that turn the reading direction round.
_UNPRINTABLE = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")


def one_line(text: str, *, limit: int = 200) -> str:
    """`text` on one line of at most `limit` characters, with nothing that ends a header or turns the reading direction."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_own_path(url: str) -> bool:
    """Whether `url` is empty or leads to a page of this portal."""
    return not url or (url.startswith("/") and not url.startswith(("//", "/\\")) and not _UNPRINTABLE.search(url))


def is_deliverable(address: str) -> bool:
    """Whether an SMTP envelope can carry `address` as it stands."""
    return _ADDRESS.fullmatch(address) is not None


def next_attempt(attempts: int, *, at: datetime.datetime) -> datetime.datetime | None:
    """When to try again after `attempts` failures; None when it is to be given up (security.md 4.3)."""
    if attempts >= ATTEMPTS:
        return None
    return at + datetime.timedelta(minutes=BACKOFF[attempts - 1])


def is_final(code: int) -> bool:
    """Whether an SMTP reply to the recipient or the text means "never": 5xx."""
    return 500 <= code < 600
