"""The password rules of AU-02 as Django validators, each with the sentence that says what to change."""
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from .rules import PASSWORDS_REMEMBERED

if TYPE_CHECKING:
    from .models import User

SHORTEST, LONGEST, CLASSES = 12, 128, 3
HOUSE_WORDS = ("qinglian", "guoqi", "清廉", "国企")
YEAR = re.compile(r"(19|20)\d\d")
RUNS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
RUN_LENGTH = 6
COMMON_FILE = Path(__file__).with_name("common_passwords.txt")


class PasswordRule:
    """A rule that raises ValidationError with its sentence; `get_help_text` is shown beside the field."""

    help_text = ""

    def validate(self, password: str, user: "User | None" = None) -> None:
        if fault := self.fault(password, user):
            raise ValidationError(fault, code=type(self).__name__)

    def fault(self, password: str, user: "User | None") -> str | None:
        """The sentence to show, or None when the password passes."""
        raise NotImplementedError

    def get_help_text(self) -> str:
        return self.help_text


class LengthRule(PasswordRule):
    """12 to 128 characters; nothing is ever cut off."""

    help_text = f"{SHORTEST}至{LONGEST}位"

    def fault(self, password: str, _user: "User | None") -> str | None:
        if len(password) < SHORTEST:
            return f"密码不少于{SHORTEST}位，现有{len(password)}位"
        if len(password) > LONGEST:
            return f"密码不超过{LONGEST}位，现有{len(password)}位"
        return None


class ClassesRule(PasswordRule):
    """Three of: capital letters, small letters, digits, everything else."""

    help_text = "大写字母、小写字母、数字、符号至少三类"

    def fault(self, password: str, _user: "User | None") -> str | None:
        found = {
            "大写字母" if c.isupper() else "小写字母" if c.islower() else "数字" if c.isdigit() else "符号" for c in password
        }
        return None if len(found) >= CLASSES else f"密码须含大写字母、小写字母、数字、符号中的三类，现有{len(found)}类"


class WordsRule(PasswordRule):
    """Not the account's name, the person's name, the platform's own words or a year."""

    help_text = "不含账号、姓名、平台名称和年份"

    def fault(self, password: str, user: "User | None") -> str | None:
        folded = _folded(password)
        if user is not None and any(word in folded for word in _own_words(user)):
            return "密码不得包含账号、姓名或邮箱名"
        if any(word in folded for word in HOUSE_WORDS):
            return "密码不得包含平台名称（qinglian、guoqi、清廉、国企）"
        if YEAR.search(folded):
            return "密码不得包含年份（如1998、2026）"
        return None


class CommonRule(PasswordRule):
    """Not a well-known password with ornaments, no keyboard rows, no character four times in a row."""

    help_text = "不用常见密码、连续或重复的字符"

    def fault(self, password: str, _user: "User | None") -> str | None:
        folded = _folded(password)
        letters = "".join(c for c in folded if c.isalpha())
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded).translate(LOOKALIKES)
        if not common_passwords().isdisjoint({folded, letters, core}):
            return "此密码过于常见，换一个"
        if any(_holds_run(folded, row) for row in RUNS):
            return f"密码不得含{RUN_LENGTH}位以上连续字符（如123456、qwerty）"
        if re.search(r"(.)\1{3}", password):
            return "密码不得连续四次使用同一字符"
        return None


class HistoryRule(PasswordRule):
    """None of the last five passwords, the present one included."""

    help_text = f"不与最近{PASSWORDS_REMEMBERED}次密码相同"

    def fault(self, password: str, user: "User | None") -> str | None:
        if user is None or not user.pk:
            return None
        known = [user.password, *user.old_passwords][:PASSWORDS_REMEMBERED]
        return f"不得使用最近{PASSWORDS_REMEMBERED}次用过的密码" if any(check_password(password, old) for old in known) else None


LOOKALIKES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """The words of our own list, lower case."""
    lines = COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _own_words(user: "User") -> set[str]:
    """Parts of three characters and more of the user name and mail name; the Chinese name from two."""
    mail_name = user.email.partition("@")[0]
    parts = {part for source in (user.username, mail_name) for part in re.split(r"[^a-z0-9]+|(?<=[a-z])(?=\d)", _folded(source)) if part}
    words = {part for part in parts if len(part) >= 3 and not part.isdigit()} | {part for part in parts if len(part) >= 6}
    whole = _folded(user.username)
    return words | ({whole} if len(whole) >= 3 else set()) | ({_folded(user.name)} if len(user.name) >= 2 else set())


def _holds_run(folded: str, row: str) -> bool:
    """Whether six neighbours of a row stand in the password, forwards or backwards."""
    return any(
        piece in folded or piece[::-1] in folded
        for piece in (row[i : i + RUN_LENGTH] for i in range(len(row) - RUN_LENGTH + 1))
    )
