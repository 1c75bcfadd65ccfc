"""What a holiday sheet may say, and what the fault of a row tells to write."""
import pytest

from apps.calendars.official import NOTICES
from apps.calendars.sheets import read_sheet

from .conftest import d

PUBLISHED = "年份,节日,放假开始,放假结束,天数,方式,调休上班日,文号,发文日期,source_url\n"
OURS = "日期,类型,名称,来源\n"
NOTICE = "国办发明电〔2026〕9号"
YEAR_2027 = (
    f"2027,元旦,2027-01-01,2027-01-03,3,放假,,{NOTICE},2026-11-10,\n"
    f"2027,春节,2027-02-05,2027-02-12,8,放假调休,2027-01-31 2027-02-20,{NOTICE},,\n"
    f"2027,清明节,2027/4/3,2027年4月5日,3,放假,,{NOTICE},,\n"
    f"2027,劳动节,2027-05-01,2027-05-05,5,放假调休,2027-04-25、2027-05-08,{NOTICE},,\n"
    f"2027,端午节,2027-06-09,2027-06-09,1,放假,,{NOTICE},,\n"
    f"2027,中秋节,2027-09-15,2027-09-15,,放假,,{NOTICE},,\n"
    f"2027,国庆节,2027-10-01,2027-10-07,7,放假调休,2027-09-26;2027-10-09,{NOTICE},,\n"
)
DAILY_2027 = "".join(f"{day},法定节假日,放假,{NOTICE}\n" for day in (
    "2027-01-01", "2027-02-06", "2027-04-05", "2027-05-01", "2027-06-09", "2027-09-15", "2027-10-01"
))


def read(text):
    return read_sheet(text.encode())


def faults(text):
    return read(text).faults


def test_the_published_layout_is_read():
    sheet = read(PUBLISHED + YEAR_2027)
    assert (sheet.faults, sheet.remarks, sheet.years()) == ([], [], [2027])
    assert [day.day for day in sheet.days if day.kind == "makeup"] == [
        d(day) for day in ("2027-01-31", "2027-02-20", "2027-04-25", "2027-05-08", "2027-09-26", "2027-10-09")
    ]
    assert sum(day.kind == "holiday" for day in sheet.days) == 28
    assert {day.source for day in sheet.days} == {NOTICE}


def test_our_layout_is_read_and_ordinary_days_make_no_exception():
    ordinary = "2027-03-09,工作日,,\n2027-03-13,周末,,\n\n,,,\n"
    sheet = read(OURS + DAILY_2027 + "2027-03-08,单位自定休息,司庆,党委会纪要\n" + ordinary + "2027-03-14,调休上班,调休,文\n")
    assert sheet.faults == []
    assert [(day.day, day.kind) for day in sheet.days[7:]] == [(d("2027-03-08"), "unit_rest"), (d("2027-03-14"), "makeup")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_of_office_programs_are_read(encoding):
    assert read_sheet(("放假安排表\n" + PUBLISHED + YEAR_2027).encode(encoding)).years() == [2027]


def test_the_collected_sheet_of_2024_to_2026_gives_the_days_we_ship():
    # The published table as the research collected it: its 2027 row only says that nothing was announced.
    rows = [
        f"{notice.year},{name},{first},{last},,,{' '.join(str(day) for festival, day in notice.makeup if festival == name)},"
        f"{notice.source},,\n"
        for notice in NOTICES for name, first, last in notice.off
    ]
    unnumbered = [row.replace("（2025年11月4日）", "国办发明电〔2025〕9号") for row in rows]
    sheet = read(PUBLISHED + "".join(unnumbered) + "2027,（未见公布）,,,,尚无安排,,,,\n")
    assert sheet.faults == []
    assert sheet.remarks == ["第22行：2027年没有放假日期，未导入。"]
    assert {day.day for day in sheet.days if day.kind == "holiday"} == {day for notice in NOTICES for day in notice.days_off()}
    assert sheet.years() == [2024, 2025, 2026]


def test_a_year_begins_in_the_december_before_when_the_notice_says_so():
    sheet = read(PUBLISHED + YEAR_2027.replace("2027-01-01,2027-01-03,3", "2026-12-31,2027-01-02,3"))
    assert sheet.faults == []
    assert (sheet.days[0].day, sheet.days[0].year) == (d("2026-12-31"), 2027)
    daily = read("年份," + OURS + "".join(f"2027年,{row}\n" for row in DAILY_2027.split()) + "2027,2026-12-31,法定节假日,元旦,文\n")
    assert (daily.faults, daily.years()) == ([], [2027])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("27,元旦,2027-01-01,2027-01-01,1,,,文,,x", "“年份”应填写四位年份，如2026，现为“27”。"),
        ("2027,元旦,1月1日,2027-01-01,1,,,文,,x", "“放假开始”应填写日期，如2026-10-01，现为“1月1日”。"),
        ("2027,元旦,2027-02-30,2027-01-01,1,,,文,,x", "“放假开始”应填写日期，如2026-10-01，现为“2027-02-30”。"),
        ("2027,元旦,2027-01-01,,1,,,文,,x", "“放假结束”应填写日期，如2026-10-01，现为“”。"),
        ("2027,元旦,2027-01-03,2027-01-01,1,,,文,,x", "“放假结束”应在“放假开始”之后16日以内，现为2027-01-03至2027-01-01。"),
        ("2027,元旦,2027-01-01,2027-01-03,2,,,文,,x", "“天数”应为3（2027-01-01至2027-01-03），现为“2”。"),
        ("2027,元旦,2027-01-01,2027-01-03,3,,2027-01-04,文,,x", "2027-01-04是星期一，本为工作日，调休上班日应为星期六或星期日。"),
        ("2027,元旦,2027-01-01,2027-01-03,3,,元月四日,文,,x", "“调休上班日”应填写日期，如2026-10-01，现为“元月四日”。"),
        ("2027,元旦,2028-01-01,2028-01-01,1,,,文,,x", "2028-01-01不在2027年的放假安排之内。"),
        ("2027,,2027-01-01,2027-01-01,1,,,文,,x", "应填写“节日”，不超过30字。"),
        ("2027,元旦,2027-01-01,2027-01-01,1,,,,,", "应填写“文号”或“source_url”，没有放假通知的年份不能导入。"),
        ("2027,元旦", "2027年没有放假日期，未导入。"),
    ],
)
def test_a_bad_row_of_the_published_layout_says_what_to_write(row, fault):
    sheet = read(PUBLISHED + row + "\n")
    assert f"第2行：{fault}" in sheet.faults + sheet.remarks


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2027-03-06,工作日,,文", "2027-03-06是星期六，“类型”应为调休上班。"),
        ("2027-03-08,周末,,文", "2027-03-08是星期一，“类型”应为工作日或法定节假日。"),
        ("2027-03-08,放假,,文", "“类型”应为工作日、周末、法定节假日、调休上班、单位自定休息之一，现为“放假”。"),
        ("2027-03-08,单位自定休息,,文", "应填写“名称”，不超过30字。"),
        ("2027-03-08,单位自定休息,司庆,", "应填写“来源”，不超过300字。"),
    ],
)
def test_a_bad_row_of_our_layout_says_what_to_write(row, fault):
    assert faults(OURS + row + "\n") == [f"第2行：{fault}"]


def test_all_faults_are_told_at_once():
    assert len(faults(OURS + "x,法定节假日,甲,文\n" * 3)) == 3


def test_a_day_arranged_twice_is_a_fault():
    assert faults(OURS + DAILY_2027 + "2027-10-01,单位自定休息,甲,文\n") == ["第9行：2027-10-01与第8行重复。"]


def test_a_year_without_one_of_the_festivals_is_refused():
    assert faults(PUBLISHED + "".join(row for row in YEAR_2027.splitlines(keepends=True) if "端午" not in row)) == [
        "2027年缺少端午（2027-06-09）的放假安排，补齐后再导入。"
    ]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "前10行内未找到表头，表头应有日期、类型、名称、来源各列，或年份、节日、放假开始、放假结束、调休上班日各列。"),
        (b"\n" * 30, "前10行内未找到表头，表头应有日期、类型、名称、来源各列，或年份、节日、放假开始、放假结束、调休上班日各列。"),
        (OURS.encode(), "表中没有放假日期，填写后再导入。"),
        (b"PK\x03\x04\x00\x00", "文件应为UTF-8或GB18030编码的CSV，另存后再导入。"),
        (b"\xff\xff\xff", "文件应为UTF-8或GB18030编码的CSV，另存后再导入。"),
        (b" " * 1_048_577, "文件应不超过1MB，核对是否为放假安排表。"),
        ((OURS + "\n" * 3001).encode(), "文件应不超过3000行，核对是否为放假安排表。"),
        ((OURS + "\n" + "x" * 140_000).encode(), "第3行无法读取，核对引号和逗号。"),
    ],
)
def test_a_file_that_is_no_holiday_sheet_says_so(data, fault):
    assert read_sheet(data).faults == [fault]


