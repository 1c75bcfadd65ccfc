"""Find the register in a sheet that somebody laid out for paper: title lines, one or two lines of headings, data, closing lines.

Pure: sheets come from `reader` as text, in whose process this runs; what a heading may mean comes from the register.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Vocabulary = Mapping[str, Sequence[str]]  # field: what officials call it, the most usual first
Grid = list[list[str]]

LEAST = 2  # fields that a line of headings has to name
HEADING = 24  # characters; a longer text is no heading
LOOK_AT = 60  # lines from the top in which the first heading stands
_HINT = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]|[*＊:：]")
_CLOSING = re.compile(
    r"^(填报|填表|制表|编制|导出人[:：]|审核|审批|批准|负责人签|单位负责人|主要负责人签|签字|签章|日期|时间|联系电话|联系人"
    r"|备注[:：]|注[:：]|注释|说明[:：]|填表说明|合计|小计|总计|共计|以上|第\d+页|\(盖章\)|（盖章）)"
)
SAMPLE = re.compile(r"示例\d*\s")  # how a line of the blank sheet begins that shows how to fill it in
_UNIT_LINE = re.compile(r"(?:填报|编制|所属|责任)?(?:单位|部门)(?:名称)?(?:[（(]盖章[）)])?[:：]\s*([^\s:：]+)")


@dataclass(frozen=True)
class Column:
    """A column of a table: where it is, what stands above it, and what it seems to mean ("" when unknown)."""

    index: int
    title: str
    group: str = ""
    field: str = ""


@dataclass
class Line:
    """A record of the table: the number of its first line in the sheet, its cells, and the lines that continue it."""

    number: int
    cells: list[str]
    more: list[list[str]] = field(default_factory=list)


@dataclass
class Table:
    """A register found in a sheet. `left_out`: (number, text, why) of every line below the headings that is no record."""

    sheet: str
    first: int
    height: int
    columns: list[Column]
    lines: list[Line] = field(default_factory=list)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    title: str = ""
    unit: str = ""

    @property
    def fields(self) -> set[str]:
        """What its headings name."""
        return {column.field for column in self.columns if column.field}


# -- headings --------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A heading without what does not tell: spaces, line breaks, full width, brackets, stars, colons."""
    return re.sub(r"\s+", "", _HINT.sub("", unicodedata.normalize("NFKC", text)))


class Lexicon:
    """What headings may mean. A text is looked at once, however many cells bear it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = [(name, plain(word)) for name, words in vocabulary.items() for word in words]
        self._known: dict[str, tuple[str, int]] = {}
        self._short: dict[str, bool] = {}

    def is_short(self, text: str) -> bool:
        """Whether a text could be a heading by its length."""
        if text not in self._short:
            self._short[text] = len(text) <= 4 * HEADING and len(plain(text)) <= HEADING
        return self._short[text]

    def meaning(self, title: str) -> tuple[str, int]:
        """The field a heading names and how sure that is: 3 the very word, 2 ends with it, 1 has it somewhere, 0 not at all."""
        if title not in self._known:
            self._known[title] = self._looked_up(plain(title)) if self.is_short(title) else ("", 0)
        return self._known[title]

    def _looked_up(self, said: str) -> tuple[str, int]:
        best = ("", 0, 0)
        for name, word in self.words:
            sure = 0 if word not in said else 3 if said == word else 2 if said.endswith(word) else 1
            if sure and (sure, len(word)) > best[1:]:
                best = (name, sure, len(word))
        return best[:2]

    def named(self, titles: Sequence[str], groups: Sequence[str] = ()) -> dict[int, str]:
        """Which column means what; of two that mean the same the surer keeps it, of equals the first.

        A title that says nothing alone is read with its group: 廉政风险点 over 名称.
        """
        found: dict[str, tuple[int, int]] = {}
        for index, title in enumerate(titles):
            name, sure = self.meaning(title)
            if not sure and title.strip() and index < len(groups) and groups[index].strip():
                name, sure = self.meaning(f"{groups[index]}{title}")
                sure = sure if sure > 1 else 0  # a group that only has the word somewhere says nothing of 备注 below it
            if sure and sure > found.get(name, (0, 0))[1]:
                found[name] = (index, sure)
        return {index: name for name, (index, _) in found.items()}


# -- the sheet as a grid ---------------------------------------------------------------------------------------------


@dataclass
class Paper:
    """A sheet with its merged cells filled: `text` what a reader sees in a cell, `own` what is stored in it."""

    name: str
    own: Grid
    text: Grid
    above: set[tuple[int, int]]  # cells that belong to a merged cell of a line above

    def is_blank(self, row: int) -> bool:
        """Nothing is stored in the line."""
        return not any(cell.strip() for cell in self.own[row])

    def is_alone(self, row: int) -> bool:
        """At most one text stands in the line: a title nobody merged, a line of the office; never headings."""
        return len({cell.strip() for cell in self.text[row] if cell.strip()}) < 2

    def is_banner(self, row: int) -> bool:
        """One text over the line: a title, a line of the office, a closing line."""
        texts = {cell.strip() for cell in self.text[row] if cell.strip()}
        return len(texts) == 1 and (sum(1 for c in self.text[row] if c.strip()) > len(self.text[row]) / 2 or len(self.text[row]) < 3)


def paper_of(sheet: Mapping[str, Any]) -> Paper:
    """Fill the merged cells of a sheet as `reader` gives it."""
    width = max((len(row) for row in sheet["rows"]), default=0)
    own = [[*row, *[""] * (width - len(row))] for row in sheet["rows"]]
    text, above = [list(row) for row in own], set()
    for top, left, bottom, right in sheet["merged"]:
        for row in range(top, min(bottom, len(own) - 1) + 1):
            for column in range(left, min(right, width - 1) + 1):
                text[row][column] = own[top][left]
                if row > top:
                    above.add((row, column))
    return Paper(sheet["name"], own, text, above)


# -- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    """One or two lines of headings."""

    row: int
    height: int
    titles: tuple[str, ...]
    groups: tuple[str, ...]
    fields: Mapping[int, str]


def heading_at(paper: Paper, row: int, lexicon: Lexicon) -> Heading | None:
    """The headings that begin in this line, or None. Two lines where the second names more than the first alone."""
    upper = paper.text[row]
    if not all(map(lexicon.is_short, upper)) or paper.is_alone(row) or paper.is_banner(row):
        return None
    one = Heading(row, 1, tuple(upper), ("",) * len(upper), lexicon.named(upper))
    best = one
    if row + 1 < len(paper.text):
        lower = paper.text[row + 1]
        spread = sum(1 for a, b in pairwise(upper) if a and a == b) + sum(1 for a in upper if not a.strip())
        if spread and all(map(lexicon.is_short, lower)) and not paper.is_banner(row + 1):
            titles = tuple(low or up for up, low in zip(_rightwards(upper), lower, strict=True))
            groups = tuple(up if low and low != up else "" for up, low in zip(_rightwards(upper), lower, strict=True))
            two = Heading(row, 2, titles, groups, lexicon.named(titles, groups))
            best = two if len(two.fields) > len(one.fields) else one
    return best if len(best.fields) >= LEAST else None


def _rightwards(cells: Sequence[str]) -> Iterator[str]:
    """A group heading stands over the empty cells to its right (a CSV knows no merged cells)."""
    last = ""
    for cell in cells:
        last = cell or last
        yield last


def find(sheet: Mapping[str, Any], vocabulary: Vocabulary, *, needed: Sequence[Sequence[str]] = (), most: int = 0) -> list[Table]:
    """The first `most` registers of a sheet (0: all); none where no line names `needed` (one field of each group).

    A register ends where the sheet ends or where the headings of another one begin.
    """
    paper, lexicon = paper_of(sheet), Lexicon(vocabulary)
    found: list[Table] = []
    table: Table | None = None
    heading: Heading | None = None
    row = 0
    while row < len(paper.own):
        new = heading_at(paper, row, lexicon) if table is not None or row < LOOK_AT else None
        if new is not None and not all(any(name in new.fields.values() for name in group) for group in needed):
            new = None
        if new is not None and heading is not None and table is not None and new.titles == heading.titles:
            table.left_out += [(row + at + 1, _line(paper, row + at), "重复的表头") for at in range(new.height)]
            row += new.height
        elif new is not None and (table is None or _is_another(new)):
            if most and len(found) == most:
                break
            heading, table = new, _table(paper, new)
            found.append(table)
            row += new.height
        else:
            if table is not None and not _leads(paper, row, table, lexicon):
                _take(paper, row, table)
            row += 1
    return [table for table in found if table.lines] or found[:1]


def _is_another(new: Heading) -> bool:
    """Whether a line below a register begins another: every cell of it is a heading."""
    return len(new.fields) >= 3 and len(new.fields) * 2 > sum(1 for title in new.titles if title.strip())


def _table(paper: Paper, heading: Heading) -> Table:
    columns = [
        Column(index, re.sub(r"\s+", "", title), re.sub(r"\s+", "", heading.groups[index]), heading.fields.get(index, ""))
        for index, title in enumerate(heading.titles)
        if title.strip() or any(index < len(line) and line[index].strip() for line in paper.own[heading.row + heading.height :])
    ]
    over = [row for row in range(max(0, heading.row - 6), heading.row) if not paper.is_blank(row)]
    above = [_line(paper, row) for row in over if paper.is_banner(row) or paper.is_alone(row)]
    unit = next((found[1] for text in above if (found := _UNIT_LINE.search(unicodedata.normalize("NFKC", text)))), "")
    title = next((text for text in above if not _UNIT_LINE.search(unicodedata.normalize("NFKC", text))), "")
    return Table(paper.name, heading.row + 1, heading.height, columns, title=title, unit=unit)


def _line(paper: Paper, row: int) -> str:
    """The texts of a line, each once."""
    return "　".join(dict.fromkeys(re.sub(r"\s+", " ", cell).strip() for cell in paper.text[row] if cell.strip()))[:120]


def _leads(paper: Paper, row: int, table: Table, lexicon: Lexicon) -> bool:
    """Whether the line is one text over what follows, merged or not: the next register's title, the name of a group of records."""
    if paper.is_blank(row) or not paper.is_alone(row):
        return False
    after = next((at for at in range(row + 1, len(paper.own)) if not paper.is_blank(at)), row)
    at = next(index for index, cell in enumerate(paper.text[row]) if cell.strip())
    told = {column.index: column.field for column in table.columns}.get(at, "")
    leads = paper.is_banner(row) or (after > row and heading_at(paper, after, lexicon) is not None)
    if leads or told not in {*KEYS, "measure"}:
        text = _line(paper, row)
        table.left_out.append((row + 1, text, "表尾或说明" if _CLOSING.match(unicodedata.normalize("NFKC", text)) else "标题行"))
        return True
    return False


def _take(paper: Paper, row: int, table: Table) -> None:
    """One line below the headings: a record, the continuation of one, or left out with the reason."""
    if paper.is_blank(row):
        return
    text = _line(paper, row)
    if _CLOSING.match(unicodedata.normalize("NFKC", text)):
        table.left_out.append((row + 1, text, "表尾或说明"))
        return
    if SAMPLE.match(text):
        table.left_out.append((row + 1, text, "示例"))
        return
    cells = [paper.text[row][column.index].strip() for column in table.columns]
    if table.lines and _continues(paper, row, table):
        own = [paper.own[row][column.index].strip() for column in table.columns]
        table.lines[-1].more.append(own)
    else:
        table.lines.append(Line(row + 1, cells))


KEYS = ("name", "manifestation", "number")
BESIDE = "seq"


def _continues(paper: Paper, row: int, table: Table) -> bool:
    """Whether a line only adds to the record above: its key cells are part of merged ones, or empty with no number of its own."""
    keys = [column.index for column in table.columns if column.field in KEYS]
    if keys and all((row, index) in paper.above for index in keys):
        return True
    own = {column.field: paper.own[row][column.index].strip() for column in table.columns if column.field}
    return not any(own.get(name) for name in (*KEYS, BESIDE)) and bool(own.get("measure"))
