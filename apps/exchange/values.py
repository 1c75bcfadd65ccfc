"""What a text of a sheet means where a form offers a choice: the same words, however somebody spelled them.

Pure. A text that fits nothing, or more than one choice, is never guessed: it is asked about, once for all rows that bear it.
"""
from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

Choices = Iterable[tuple[object, object]]
LONGEST = 200  # characters of a text that may name a choice
_BRACKET = re.compile(r"[（(].*$")


@dataclass(frozen=True)
class Meant:
    """The key of the choice; or the labels between which nobody can tell; or neither."""

    key: str = ""
    between: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.key)


def bare(text: str) -> str:
    """A text without spaces, full width, quotation marks and the numbering in front: 「一、“三重一大” 决策」 is 三重一大决策."""
    return _kept_bare(text) if len(text) <= LONGEST else _bare(text)


def _bare(text: str) -> str:
    said = re.sub(r"\s+|[“”\"'‘’《》]", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"^(?:[(（]?[一二三四五六七八九十]+[)）、.]|[(（]?\d+[)）、.](?!\d))", "", said)


_kept_bare = lru_cache(maxsize=20_000)(_bare)  # the labels of a choice are held against every row


def meant(text: str, choices: Choices, *, also: Mapping[str, str] | None = None, loose: bool = True) -> Meant:
    """The choice a text names: its label, its label without the bracket, a known other spelling (`also`: text to key).

    `loose`: a label that is part of the text or the other way round, when it is the only one. Two that fit equally well
    (two people of one name) are told in `between`.
    """
    said = bare(text) if len(text) <= LONGEST else ""  # longer than any label: no choice
    if not said:
        return Meant()
    offered = [(str(key), str(label)) for key, label in choices if key not in ("", None)]
    if also and (key := also.get(said)) and any(key == known for known, _ in offered):
        return Meant(key)
    for fits in (
        lambda label: bare(label) == said,
        lambda label: bare(_BRACKET.sub("", label)) == said,
        lambda label: loose and _ends(label, said),
        lambda label: loose and len(said) > 1 and (said in bare(label) or bare(_BRACKET.sub("", label)) in said),
    ):
        found = [(key, label) for key, label in offered if fits(label)]
        if len(found) == 1:
            return Meant(found[0][0])
        if found:
            return Meant(between=tuple(label for _, label in found))
    return Meant()


def _ends(label: str, said: str) -> bool:
    """「工程管理部 现场工程师」 is called 现场工程师 by whoever stands in that department."""
    return " " in label.strip() and bare(label.strip().rpartition(" ")[2]) == said


def several(text: str) -> list[str]:
    """The parts of a cell that lists: 、 ， ; / and line breaks."""
    return [part.strip() for part in re.split(r"[、，,；;/\n]+", text) if part.strip()]


_MEASURE = re.compile(r"(?:^|\n)(?:[(（]?\d{1,2}[)）]|\d{1,2}[.、．](?!\d)|[一二三四五六七八九十]{1,3}、|[①-⑳])\s*")
_INSIDE = re.compile(r"(?:^|(?<=[;；。\n]))\s*(?:[(（]?(\d{1,2})[)）]|(\d{1,2})[.、．](?!\d))\s*|([①-⑳])\s*")


def numbered(text: str) -> list[str]:
    """The numbered parts of a cell: 「1.登记\n2.公示」, 「1、登记；2、公示」, 「①登记②公示」 are two; a text without such numbers is one.

    Inside a line only numbers that count up from 1 part it: a text that speaks of 1、2年 stays whole.
    """
    whole, text = text.strip(), "\n".join(line for line in (part.strip() for part in text.splitlines()) if line)
    marks = list(_INSIDE.finditer(text))
    counts = [ord(one[3]) - ord("①") + 1 if one[3] else int(one[1] or one[2]) for one in marks]
    if len(marks) > 1 and marks[0].start() == 0 and counts == list(range(1, len(marks) + 1)):
        ends = [*(one.start() for one in marks[1:]), len(text)]
        found = [text[one.end() : end].strip(" \n;；") for one, end in zip(marks, ends, strict=True)]
        return [part for part in found if part]
    found = [part for part in (part.strip(" \n;；") for part in _MEASURE.split(text)) if part]
    return found if len(found) > 1 and _MEASURE.match(text) else [whole] if whole else []


_NUMBER = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）]|\d{1,2}[.、．](?=\D|20\d\d)|[①-⑳])\s*")


def one_each(text: str) -> list[str]:
    """The lines of a cell that says something of each measure, without their numbers: 「1.2026-06-30\n2.长期坚持」 are two."""
    return [_NUMBER.sub("", part).strip() for part in re.split(r"[;；\n]+", text) if part.strip()]


# -- days ------------------------------------------------------------------------------------------------------------

_DAY = re.compile(r"(20\d\d)(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年|(\d\d)(\d\d))(?:底|末|月底|月末)?(?:之?前|以前|内)?(?:完成)?")


def day_of(text: str) -> datetime.date | None:
    """The day a text names: 2026-06-30, 2026.6.30, 2026年6月30日前, 20260630; of a month or a year (2026年6月底, 2026年底) the last.

    None for what names no day, or none without its year: 6月底 is not guessed.
    """
    said = _DAY.fullmatch(re.sub(r"\s+|00:00(?::00)?$", "", unicodedata.normalize("NFKC", text)))
    if said is None:
        return None
    year, month = int(said[1]), int(said[2] or said[4] or 12)
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    day = int(said[3] or said[5] or last)
    return datetime.date(year, month, day) if 1 <= day <= last else None


def no_such_day(text: str) -> str:
    """What is wrong with a day that is written as one and is none: 「2026年2月没有30日」; "" for any other text."""
    said = _DAY.fullmatch(re.sub(r"\s+|00:00(?::00)?$", "", unicodedata.normalize("NFKC", text)))
    if said is None or day_of(text) is not None:
        return ""
    year, month, day = int(said[1]), int(said[2] or said[4] or 12), int(said[3] or said[5] or 1)
    return f"{year}年{month}月没有{day}日" if 1 <= month <= 12 else f"{year}年没有{month}月"


# -- levels ----------------------------------------------------------------------------------------------------------

WORDS = {"high": ("高", "较高", "重大", "极高"), "mid": ("中", "中等", "较大", "一般"), "low": ("低", "较低", "轻微", "较小")}
RANKS = ("一二三", "123", "ⅠⅡⅢ", "ABC", "甲乙丙")
_LEVEL_END = re.compile(r"(?:级|类|等)?(?:风险)?(?:等级|级别|点)?$")


def _word(text: str) -> str:
    """A spelling without what is added to it: 较高风险, 风险等级较高 …"""
    said = re.sub(r"(?:廉政|廉洁)?风险(?:等级|点)?$|级$|度$|等级$", "", re.sub(r"风险$", "", bare(text)))
    return said.removesuffix("级")


def level_word(text: str) -> str:
    """The level that a word says by itself, or ""."""
    return next((level for level, words in WORDS.items() if _word(text) in words), "")


def level_rank(text: str) -> int:
    """The rank an ordinal says: 一级, Ⅰ类, A, 1, 甲等 are 1; stars count backwards from three; 0 for what is none."""
    raw = re.sub(r"\s+", "", text).upper()
    if raw and set(raw) <= {"★", "☆"}:
        return 4 - raw.count("★") if 1 <= raw.count("★") <= 3 else 0
    said = _LEVEL_END.sub("", raw.removesuffix("风险"))
    said = unicodedata.normalize("NFKC", said).replace("III", "3").replace("II", "2").replace("I", "1")
    return next((ranks.index(said) + 1 for ranks in RANKS if len(said) == 1 and said in ranks), 0)


@dataclass(frozen=True)
class Scheme:
    """How a column writes the levels: the level of each spelling, and whether somebody must say that it is so."""

    levels: Mapping[str, str]
    sure: bool
    unknown: tuple[str, ...] = ()


REVERSED = re.compile(r"由低到高|从低到高|[三3ⅢC]级?(?:为|是|最)高|[一1ⅠA]级?(?:为|是|最)低|数字越大|越大.{0,4}风险越[高大]")


def scheme_of(spellings: Sequence[str], *, notes: Iterable[str] = ()) -> Scheme:
    """What the spellings of a column mean. Words say it themselves, unless two of them (极高, 高) fall on one level; ranks are
    proposed with the first as the highest. Both have to be confirmed; where the sheet's own words (`notes`) speak of the other
    direction nothing is proposed.
    """
    texts = [text for text in dict.fromkeys(spellings) if text.strip()]
    levels = {text: level_word(text) for text in texts}
    ranks = {text: level_rank(text) for text in texts if not levels[text]}
    turned = any(REVERSED.search(bare(note)) for note in notes)
    for text, rank in ranks.items():
        levels[text] = "" if turned or not rank else ("high", "mid", "low")[rank - 1]
    unknown = tuple(text for text in texts if not levels[text])
    words = {(level, "中" if (word := _word(text)) == "中等" else word) for text, level in levels.items() if text not in ranks}
    falls_together = len(words) > len({level for level, _ in words})
    return Scheme(levels, sure=not any(ranks.values()) and not unknown and not falls_together, unknown=unknown)
