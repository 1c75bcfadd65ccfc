"""Twenty sheets nobody would make on purpose, and everybody sends."""

import datetime

import pytest

from apps.exchange.finding import find
from apps.risks.sheets import REGISTER
from tests.kit.sheets import sheets_of, write_book

HEAD = ["序号", "部门", "风险点", "表现形式", "风险等级", "防控措施"]
ROW = ["1", "工程部", "公车管理", "公车私用", "高", "登记备案"]
TWO = ["2", "办公室", "印章管理", "违规用印", "低", "专人保管"]


def tables(tmp_path, sheets, **more):
    found = []
    for sheet in sheets_of(write_book(tmp_path / "a.xlsx", sheets, **more)):
        found += [table for table in find(sheet, REGISTER.vocabulary, needed=REGISTER.needed) if table.lines]
    return found


def cells(table, field):
    at = [column.field for column in table.columns].index(field)
    return [line.cells[at] for line in table.lines]


def wide(row, width=30):
    return [*row, *[f"附{n}" for n in range(width - len(row))]]


BLANK = [""] * 6
SHEETS = {
    "heading in row 7": [["廉政风险点登记表"], *[BLANK] * 5, HEAD, ROW, TWO],
    "thirty columns": [wide(HEAD), wide(ROW), wide(TWO)],
    "blank rows between": [HEAD, BLANK, ROW, BLANK, BLANK, TWO, BLANK],
    "the heading again on every page": [HEAD, ROW, HEAD, TWO],
    "spaces and full width in the headings": [
        ["序 号", "部　门", " 风险点 ", "表现\n形式", "风险等级（高／中／低）", "防控措施："], ROW, TWO,
    ],
    "stars and brackets in the headings": [
        ["序号*", "部门*", "风险点（必填）", "表现形式【必填】", "风险等级*", "防控措施*"], ROW, TWO,
    ],
    "numbers as numbers": [HEAD, [1, *ROW[1:]], [2, *TWO[1:]]],
    "columns in another order": [HEAD[::-1], ROW[::-1], TWO[::-1]],
    "an empty column in front": [["", *HEAD], ["", *ROW], ["", *TWO]],
    "an empty column in the middle": [[*HEAD[:3], "", *HEAD[3:]], [*ROW[:3], "", *ROW[3:]], [*TWO[:3], "", *TWO[3:]]],
    "totals and signatures below": [HEAD, ROW, TWO, ["合计", "2", "", "", "", ""], ["填表人：", "", "审核人：", "", "", ""]],
    "notes below": [HEAD, ROW, TWO, ["注：1.风险等级分高、中、低三级。", "", "", "", "", ""]],
    "no number column": [HEAD[1:], ROW[1:], TWO[1:]],
    "two lines of title and the unit": [
        ["某某集团"], ["廉政风险点一览表"], ["填报单位：工程公司", "", "", "", "填报日期：2026年3月1日", ""], HEAD, ROW, TWO,
    ],
    "cells that begin like formulas": [HEAD, [*ROW[:3], "=公车私用", *ROW[4:]], [*TWO[:3], "-违规用印", *TWO[4:]]],
    "trailing spaces in cells": [HEAD, [f"{text}  " for text in ROW], [f" {text}\n" for text in TWO]],
}


@pytest.mark.parametrize("name", SHEETS)
def test_both_rows_are_found_whole_and_nothing_else(tmp_path, name):
    (table,) = tables(tmp_path, {"表": SHEETS[name]})
    assert cells(table, "name") == ["公车管理", "印章管理"]
    assert cells(table, "measure") == ["登记备案", "专人保管"]
    assert cells(table, "level") == ["高", "低"]


def test_line_breaks_inside_a_cell_stay(tmp_path):
    (table,) = tables(tmp_path, {"表": [HEAD, [*ROW[:5], "1.登记\n2.公示"]]})
    assert cells(table, "measure") == ["1.登记\n2.公示"]


def test_dates_come_as_dates_whatever_they_were_written_as(tmp_path):
    head = [*HEAD, "完成时限"]
    (table,) = tables(tmp_path, {"表": [head, [*ROW, datetime.date(2026, 5, 20)], [*TWO, "2026年5月20日"]]})
    at = len(head) - 1
    assert [line.cells[at] for line in table.lines] == ["2026-05-20", "2026年5月20日"]


def test_two_registers_in_one_sheet_are_two(tmp_path):
    other = ["序号", "岗位", *HEAD[2:]]
    first, second = tables(tmp_path, {"表": [["一、机关"], HEAD, ROW, BLANK, ["二、基层"], other, TWO]})
    assert (cells(first, "name"), cells(second, "name")) == (["公车管理"], ["印章管理"])


def test_one_register_in_three_sheets_is_three_and_an_empty_one_is_none(tmp_path):
    found = tables(tmp_path, {"一季度": [HEAD, ROW], "二季度": [HEAD, TWO], "说明": [["填表说明"], ["按部门填写"]], "Sheet3": []})
    assert [(table.sheet, len(table.lines)) for table in found] == [("一季度", 1), ("二季度", 1)]


def test_merged_departments_and_several_measures_below_one_point(tmp_path):
    rows = [HEAD, ROW, ["", "", "", "", "", "公示"], ["2", "", *TWO[2:]]]
    (table,) = tables(tmp_path, {"表": rows}, merged=["B2:B4"])
    assert cells(table, "name") == ["公车管理", "印章管理"]
    assert cells(table, "department") == ["工程部", "工程部"]
    assert table.lines[0].more[0][-1] == "公示"
