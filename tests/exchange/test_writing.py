"""Sheets out: readable, with their title line, and nothing in them that runs."""

import datetime
import zipfile

import pytest

from apps.exchange.writing import Head, Page, neutral, write_csv, write_xlsx
from tests.kit.sheets import sheets_of

PAGE = Page("M城建2026年度台账", "导出人：孙莉　2026-11-27 10:00", [Head("序号", 6), Head("风险点"), Head("期限")])
LINK = "https://example.org"
NASTY = ["=1+1", "+86", "-2", "@SUM(A1)", "\tx", "＝1+1", "＋1", "－1", "＠a", '=HYPERLINK("http://x","y")', LINK]


def test_an_xlsx_reads_back_as_it_was_written(tmp_path):
    path = tmp_path / "a.xlsx"
    assert write_xlsx(path, PAGE, [[1, "公车\n管理", datetime.date(2026, 5, 20)], [2, "喆㛃䶮", None]]) == 2
    rows = sheets_of(path)[0]["rows"]
    assert (rows[0][0], rows[1][0], rows[2]) == (PAGE.title, PAGE.line, ["序号", "风险点", "期限"])
    assert rows[3:] == [["1", "公车\n管理", "2026-05-20"], ["2", "喆㛃䶮"]]


@pytest.mark.parametrize("text", NASTY)
def test_no_text_becomes_a_formula_or_a_link_in_an_xlsx(tmp_path, text):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, PAGE, [[1, text, None]])
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet
        assert (b'quotePrefix="1"' in package.read("xl/styles.xml")) is (text != LINK)
    assert sheets_of(path)[0]["rows"][3][1] == text


@pytest.mark.parametrize("text", NASTY[:-1])
def test_no_text_of_a_csv_begins_like_a_formula(tmp_path, text):
    path = tmp_path / "a.csv"
    write_csv(path, PAGE, [[1, text, None]])
    assert neutral(text) == f"'{text}"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert f"'{text.strip()[:1]}" in path.read_text("utf-8-sig") or "'\t" in path.read_text("utf-8-sig")


def test_a_column_with_choices_has_a_drop_down_from_a_sheet_of_its_own(tmp_path):
    path = tmp_path / "a.xlsx"
    levels = Head("风险等级*", choices=("高", "中", "低"), note="必填")
    write_xlsx(path, Page("模板", "", [Head("风险点"), levels]), [])
    with zipfile.ZipFile(path) as package:
        assert "字典!$A$2:$A$4" in package.read("xl/worksheets/sheet1.xml").decode()
        assert "必填" in package.read("xl/comments1.xml").decode()
    assert sheets_of(path)[1]["rows"] == [["风险等级"], ["高"], ["中"], ["低"]]


def test_what_no_cell_can_hold_is_cut_aloud(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, PAGE, [[1, "很" * 40_000, None]])
    with zipfile.ZipFile(path) as package:
        texts = package.read("xl/worksheets/sheet1.xml").decode()
    assert f"{'很' * 32_000}……（内容过长" in texts
    assert "很" * 32_001 not in texts


def test_progress_is_told_on_the_way(tmp_path):
    told = []
    write_xlsx(tmp_path / "a.xlsx", PAGE, ([n, "x", None] for n in range(1100)), total=1100, progress=lambda *at: told.append(at))
    assert told == [(500, 1100), (1000, 1100)]
