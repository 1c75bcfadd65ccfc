"""Which faces this machine has, and which characters each of them can draw (lessons.md C.5: never a silent box)."""
from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from django.conf import settings
from fontTools.ttLib import TTCollection, TTFont, TTLibError

from apps.core.errors import Refused

# Family and cut of each role, the customer's own licensed face before the free one (domain.md 3.1; setting PORTAL_FONTS).
# Fandol's bold files call themselves regular, so a face is always taken by its file, never by family and weight.
REGULAR, BOLD = "Regular", "Bold"
FACES: dict[str, tuple[tuple[str, str], ...]] = {
    "fang": (("仿宋_GB2312", REGULAR), ("FangSong_GB2312", REGULAR), ("仿宋", REGULAR), ("FangSong", REGULAR), ("FandolFang", REGULAR)),
    "title": (("方正小标宋简体", REGULAR), ("FZXiaoBiaoSong-B05S", REGULAR), ("方正小标宋_GBK", REGULAR), ("FandolSong", BOLD)),
    "song": (("宋体", REGULAR), ("SimSun", REGULAR), ("FandolSong", REGULAR)),
    "hei": (("黑体", REGULAR), ("SimHei", REGULAR), ("FandolHei", REGULAR)),
    "kai": (("楷体_GB2312", REGULAR), ("KaiTi_GB2312", REGULAR), ("楷体", REGULAR), ("KaiTi", REGULAR), ("FandolKai", REGULAR)),
    "rare": (("Noto Serif CJK SC", REGULAR), ("Source Han Serif SC", REGULAR), ("Noto Serif SC", REGULAR),
             ("Noto Sans CJK SC", REGULAR), ("LXGW WenKai", REGULAR), ("霞鹜文楷", REGULAR)),
}
LABELS = {"fang": "仿宋", "title": "小标宋", "song": "宋体", "hei": "黑体", "kai": "楷体", "rare": "生僻字补充字体"}


@dataclass(frozen=True)
class Face:
    """One face: its family and name, its file, and its place in a collection (-1 for a file of its own)."""

    family: str
    name: str  # the PostScript name: ASCII, one per cut
    path: Path
    number: int


def _folders() -> Iterator[Path]:
    """The folders fontconfig reads, from its own configuration file."""
    todo = [Path(settings.FONTCONFIG_FILE or os.environ.get("FONTCONFIG_FILE") or "/etc/fonts/fonts.conf")]
    for file in todo:
        if not file.is_file():
            continue
        tree = ElementTree.parse(file)  # noqa: S314 -- the machine's own configuration
        todo += [Path(node.text.strip()) for node in tree.iter("include") if node.text]
        yield from (Path(node.text.strip()).expanduser() for node in tree.iter("dir") if node.text)


@cache
def installed() -> dict[tuple[str, str], Face]:
    """Every family and cut on this machine; the first folder wins. Read once per process."""
    faces: dict[tuple[str, str], Face] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*.[ot]t[fc]")) if folder.is_dir() else ():
            for number, (families, cut, name) in enumerate(_names(path)):
                for family in families:
                    faces.setdefault((family, cut), Face(family, name, path, number if path.suffix == ".ttc" else -1))
    return faces


def _names(path: Path) -> Iterator[tuple[set[str], str, str]]:
    """Family names, cut and PostScript name of each face in a file; nothing for a file that is no font."""
    try:
        with path.open("rb") as file:
            for font in TTCollection(file, lazy=True).fonts if path.suffix == ".ttc" else [TTFont(file, lazy=True)]:
                names = font["name"]
                cut = BOLD if names.getDebugName(2) == BOLD else REGULAR
                yield {record.toUnicode() for record in names.names if record.nameID in (1, 16)}, cut, names.getDebugName(6) or path.stem
    except (TTLibError, UnicodeDecodeError, OSError, KeyError):
        return


@cache
def chosen() -> dict[str, Face]:
    """The face used for each role; a role nobody fills is absent."""
    there = installed()
    return {role: next(there[name] for name in names if name in there) for role, names in FACES.items() if there.keys() & set(names)}


def missing() -> list[str]:
    """Chinese names of the faces this machine lacks."""
    return [label for role, label in LABELS.items() if role not in chosen()]


@cache
def _characters(face: Face) -> frozenset[str]:
    with TTFont(face.path, fontNumber=face.number, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def plain() -> frozenset[str]:
    """Characters that every official face has: they need no other font wherever they stand."""
    sets = [_characters(face) for role, face in chosen().items() if role != "rare"]
    return frozenset.intersection(*sets) if sets else frozenset()


def rare(text: str) -> set[str]:
    """Characters of `text` that must be drawn by the fallback face.

    Raises Refused naming the characters no face has, so that a paper never carries a box.
    """
    strange = {char for char in set(text) - plain() if not char.isspace()}
    nowhere = strange - (_characters(chosen()["rare"]) if "rare" in chosen() else frozenset())
    if nowhere:
        named = "、".join(f"“{char}”（U+{ord(char):04X}）" for char in sorted(nowhere))
        raise Refused(f"没有字体能打印字符{named}。请改用其他字，或由系统管理员在字体目录中补充字体。")
    return strange


def printable(text: str) -> str:
    """`text` without characters that have no shape: controls, direction marks, variation selectors."""
    return "".join(char for char in text if char in "\n\t" or not _is_shapeless(char))


def _is_shapeless(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs") or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def css() -> str:
    """The chosen faces as CSS variables --fang, --title, --song, --hei, --kai and --rare.

    A face with a file of its own is taken by that file (address `font:<role>`), one of a collection by its family.
    """
    own = [role for role, face in chosen().items() if face.number < 0]
    files = [f'@font-face {{ font-family: "{chosen()[role].name}"; src: url("font:{role}") }}' for role in own]
    names = [f'--{role}: "{face.name if role in own else face.family}"' for role, face in chosen().items()]
    return "\n".join([*files, f"html {{ {'; '.join(names)} }}"])


def forget() -> None:
    """Read the machine's fonts anew (tests, and after fonts were added)."""
    for function in (installed, chosen, _characters, plain):
        function.cache_clear()
