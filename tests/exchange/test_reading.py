"""A file in, its sheets out: what offices send, and what was made to hurt."""

import datetime
import os
import zipfile
from functools import partial
from threading import BoundedSemaphore

import pytest

from apps.core.errors import Refused
from apps.exchange import reader, reading
from apps.exchange.reading import registers_in
from tests.kit.sheets import rewrite, sheets_of, write_book

ROWS = [["风险点", "防控措施"], ["公车管理", "登记备案"]]


def refused(path, match):
    with pytest.raises(Refused, match=match) as no:
        sheets_of(path)
    assert no.value.field == "file"


# -- what offices send -----------------------------------------------------------------------------------------------


def test_a_workbook_gives_its_sheets_as_a_person_reads_them(tmp_path):
    cells = [["风险点", "份数", "比例", "期限", "是否"], ["公车\n管理", 3, 0.25, datetime.date(2026, 5, 20), True]]

    def also(book, sheet):
        sheet.write_formula("B3", "=B2*2", None, 6)
        sheet.set_row(2, None, None, {"hidden": True})
        book.add_worksheet("底稿").hide()

    (first, second) = sheets_of(write_book(tmp_path / "a.xlsx", {"台账": cells}, also=also))
    assert (first["name"], first["hidden"], second["name"], second["hidden"]) == ("台账", False, "底稿", True)
    assert first["rows"][1] == ["公车\n管理", "3", "0.25", "2026-05-20", "是"]
    assert (first["rows"][2][1], first["formulas"], first["hidden_rows"]) == ("6", ["B3"], [3])


def test_merged_cells_are_told(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": [["标题", "", ""], ["一", "二", "三"]]}, merged=["A1:C1"])
    assert sheets_of(path)[0]["merged"] == [[0, 0, 0, 2]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_is_read_in_whatever_an_office_saved_it(tmp_path, encoding, mark):
    path = tmp_path / "a.csv"
    path.write_bytes(f'风险点{mark}防控措施\r\n"公车{mark}管理"{mark}"一\n二"\r\n'.encode(encoding))
    assert sheets_of(path)[0]["rows"] == [["风险点", "防控措施"], [f"公车{mark}管理", "一\n二"]]


def test_a_rare_character_in_a_name_survives_gb18030(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("责任人\n喆㛃䶮\n".encode("gb18030"))
    assert sheets_of(path)[0]["rows"][1] == ["喆㛃䶮"]


# -- what was made to hurt -------------------------------------------------------------------------------------------


def test_a_value_in_the_last_cell_of_the_sheet_is_refused_at_once(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS}, also=lambda _, sheet: sheet.write("XFD1048576", "x"))
    refused(path, "台账”的内容一直到 XFD1048576")


def test_colour_down_to_the_last_line_is_no_content(tmp_path):
    def also(book, sheet):
        grey = book.add_format({"bg_color": "gray"})
        for row in range(1000, 1_048_576, 1000):
            sheet.write_blank(row, 0, None, grey)

    assert sheets_of(write_book(tmp_path / "a.xlsx", {"台账": ROWS}, also=also))[0]["rows"] == ROWS


def test_a_file_that_unpacks_too_far_is_refused_at_once(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    rewrite(path, "xl/sharedStrings.xml", lambda old: old + b" " * 60_000_000)
    refused(path, "展开后过大")


def test_too_many_files_in_the_package_are_refused(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    with zipfile.ZipFile(path, "a") as package:
        for number in range(2_001):
            package.writestr(f"xl/media/{number}.txt", "")
    refused(path, "展开后过大")


def test_too_many_cells_are_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    write_book(path, {"台账": [["x"] * 30 for _ in range(6_700)]})
    refused(path, "台账”超过20万个单元格")


def test_millions_of_empty_cells_are_refused(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    cells = b"<row>" + b"<c/>" * 2_100_000 + b"</row></sheetData>"
    rewrite(path, "xl/worksheets/sheet1.xml", lambda old: old.replace(b"</sheetData>", cells))
    pad = path.with_suffix(".pad")
    pad.write_bytes(os.urandom(200_000))  # so that it is not refused for unpacking too far
    with zipfile.ZipFile(path, "a") as package:
        package.write(pad, "xl/media/image1.png")
    refused(path, "空单元格过多")


def test_a_line_of_a_thousand_commas_over_empty_lines_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("风险点" + "," * 999 + "x\n" + "\n" * 40_000 + "末行\n")
    refused(path, "的内容一直到第 40002 行、第 1000 列")


def test_empty_lines_and_cells_at_the_end_are_none(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("风险点,防控措施,,,\n公车,登记,,,\n" + ",,,,\n" * 1000)
    assert sheets_of(path)[0]["rows"] == [["风险点", "防控措施"], ["公车", "登记"]]


def test_one_long_text_in_every_cell_is_refused(tmp_path):
    refused(write_book(tmp_path / "a.xlsx", {"台账": [["很" * 4_000] * 4] * 1_000}), "超过1000万字")


def test_too_much_merged_is_refused_and_what_reaches_below_the_sheet_is_cut(tmp_path):
    def also(_, sheet):
        for column in range(4, 16):
            sheet.merge_range(4, column, 70_000, column + 12 * (column == 15), "x")

    wide = [["x"] * 16 for _ in range(3)]
    path = write_book(tmp_path / "a.xlsx", {"台账": wide}, also=lambda _, sheet: sheet.merge_range(4, 0, 70_000, 1, "x"))
    assert sheets_of(path)[0]["merged"] == [[4, 0, 4, 1]]
    tall = [["x"] * 16, *[["x"]] * 100_000]
    refused(write_book(path, {"台账": tall}, also=also), "合并单元格过多")


def test_what_nobody_sees_is_left_out(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    rewrite(path, "xl/sharedStrings.xml", lambda old: old.replace("公车".encode(), "公_x0000_车_x0007_".encode()))
    assert "公车" in str(sheets_of(path)[0]["rows"])


def test_a_package_under_the_name_of_an_old_sheet_is_looked_at_like_any_package(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    assert sheets_of(path.rename(tmp_path / "a.et"))[0]["rows"] == ROWS
    rewrite(tmp_path / "a.et", "xl/sharedStrings.xml", lambda old: old + b" " * 60_000_000)
    refused(tmp_path / "a.et", "展开后过大")


def test_no_more_than_two_files_are_read_at_a_time(tmp_path, monkeypatch):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    monkeypatch.setattr("apps.exchange.reading.SECONDS", 0)
    monkeypatch.setattr("apps.exchange.reading._places", BoundedSemaphore(1))
    with reading._places:
        refused(path, "正在读取的文件较多")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_doctype_is_refused_wherever_it_stands(tmp_path, part):
    path = write_book(tmp_path / "a.xlsx", {"台账": ROWS})
    bomb = b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]>'
    rewrite(path, part, lambda old: old.replace(b"?>", b"?>" + bomb, 1))
    refused(path, "不允许的 XML 声明")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", b"not a package"), ("a.xlsx", b""), ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600), ("a.xlsx", b"PK\x03\x04" + b"\0" * 40)],
)
def test_what_is_no_workbook_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    refused(path, "文件无法打开，用 Excel 或 WPS 另存为")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfa\x00\x01\x02" * 10)
    refused(path, "无法识别文件的文字编码")


def test_a_cell_longer_than_any_field_is_refused_not_cut(tmp_path):
    refused(write_book(tmp_path / "a.xlsx", {"台账": [["很" * 4_001]]}), "有单元格超过4000字")


def test_a_reader_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("apps.exchange.reading.SECONDS", 0.01)
    refused(write_book(tmp_path / "a.xlsx", {"台账": ROWS}), "文件无法打开")


@pytest.mark.parametrize(("reference", "found"), [("A1", (1, 1)), ("AB12", (12, 28)), ("XFD1048576", (1_048_576, 16_384)), ("?", (0, 0))])
def test_a_reference_is_a_row_and_a_column(reference, found):
    assert reader.place(reference) == found


def test_a_file_of_more_registers_than_anybody_fills_in_is_refused(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {f"台账{number}": ROWS for number in range(reader.MOST_TABLES + 1)})
    with pytest.raises(Refused, match=f"超过 {reader.MOST_TABLES} 张"):
        registers_in(path, {"name": ["风险点"], "measure": ["防控措施"]}, needed=[["name"], ["measure"]], most=100)


def test_the_reading_process_gives_way_to_the_pages(tmp_path, monkeypatch):
    """Asked at its end: a module that Python imports at every start leaves a note."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, os\natexit.register(lambda: open(os.environ['NICE'], 'w').write(str(os.nice(0))))\n", "utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NICE", str(tmp_path / "nice"))
    sheets_of(write_book(tmp_path / "a.xlsx", {"台账": ROWS}))
    assert int((tmp_path / "nice").read_text("utf-8")) == os.nice(0) + 10


def test_lines_without_end_below_one_record_are_refused(tmp_path):
    for count in (reader.MOST_BELOW, reader.MOST_BELOW + 1):
        rows = [["序号", "风险点", "防控措施"], ["1", "公车管理", "登记"], *[["", "", "公示"]] * count]
        path = write_book(tmp_path / f"{count}.xlsx", {"台账": rows})
        ask = partial(registers_in, path, {"seq": ["序号"], "name": ["风险点"], "measure": ["防控措施"]}, needed=[["name"]], most=100)
        if count == reader.MOST_BELOW:
            assert len(ask()[0][1][0].lines[0].more) == count
        else:
            with pytest.raises(Refused, match="第 2 行下面有 201 行没有风险点名称和序号"):
                ask()


def test_a_register_of_hundreds_of_columns_is_refused(tmp_path):
    wide = [["风险点", "防控措施", *(f"列{number}" for number in range(reader.MOST_COLUMNS))]]
    path = write_book(tmp_path / "a.xlsx", {"台账": [*wide, ["公车管理", "登记"]]})
    with pytest.raises(Refused, match="登记表有 202 列，最多 200 列"):
        registers_in(path, {"name": ["风险点"], "measure": ["防控措施"]}, needed=[["name"]], most=100)


def test_marks_inside_the_texts_of_a_csv_part_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("风险点,表现形式,防控措施,等级\n" + "公车,私用;加油;维修,1.审批;2.登记;3.公示,低\n" * 8, "utf-8")
    assert sheets_of(path)[0]["rows"][1] == ["公车", "私用;加油;维修", "1.审批;2.登记;3.公示", "低"]
    path.write_text("风险点,防控措施,等级\n" + '公车,"1.审批;\n2.登记;\n3.公""示"";\n4.抽查;\n5.通报;",低\n' * 2, "utf-8")
    assert sheets_of(path)[0]["rows"][1] == ["公车", '1.审批;\n2.登记;\n3.公"示";\n4.抽查;\n5.通报;', "低"]
    path.write_text("风险点;防控措施;等级\n" + "公车,用车;1.审批,登记,公示;低\n" * 3, "utf-8")
    assert sheets_of(path)[0]["rows"][1] == ["公车,用车", "1.审批,登记,公示", "低"]
