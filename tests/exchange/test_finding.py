"""The register in a sheet laid out for paper. The sheets are written here in the shapes that offices use."""

import pytest

from apps.exchange.finding import Column, Lexicon, find, plain

WORDS = {
    "seq": ["序号"], "department": ["部门", "科室", "责任主体", "单位/科室"], "category": ["风险类别"], "power": ["权力事项", "职权内容"],
    "name": ["风险点名称", "风险点", "风险"], "manifestation": ["表现形式", "风险描述"], "level": ["风险等级", "等级"],
    "measure": ["防控措施", "措施"], "responsible": ["责任人"], "head": ["部门负责人"], "leader": ["责任领导"],
}  # fmt: skip
NEEDED = [("name", "manifestation"), ("measure", "level")]
HEAD = ["序号", "科室", "风险点", "风险等级", "防控措施"]
ONE = ["1", "办公室", "公车私用", "高", "登记备案"]
TWO = ["2", "财务科", "违规报销", "中", "双人复核"]


def sheet(rows, *, merged=(), name="台账"):
    return {"name": name, "rows": rows, "merged": [list(area) for area in merged]}


def tables(rows, **more):
    return find(sheet(rows, **more), WORDS, needed=NEEDED)


def only(rows, **more):
    (table,) = tables(rows, **more)
    return table


def numbers(table):
    return [line.number for line in table.lines]


# -- what a heading means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "field", "sure"),
    [
        ("风险点", "name", 3), (" 风 险\n点 ", "name", 3), ("风险点（必填）*", "name", 3), ("廉政风险点", "name", 2),
        ("防控措施建议", "measure", 1),
        ("廉政风险主要内容及表现形式", "manifestation", 2), ("（一）风险等级", "level", 3), ("部门负责人", "head", 3), ("备注", "", 0),
        ("这是一段写在表头位置的很长的说明文字，讲的是风险点应当怎样填写", "", 0), ("", "", 0),
    ],
)  # fmt: skip
def test_a_heading_is_known_by_its_word_however_it_is_written(title, field, sure):
    assert Lexicon(WORDS).meaning(title) == (field, sure)


def test_of_two_columns_that_mean_the_same_the_surer_one_counts():
    assert Lexicon(WORDS).named(["防控措施建议", "防控措施", "措施"]) == {1: "measure"}
    assert Lexicon(WORDS).named(["风险点", "风险点"]) == {0: "name"}


def test_no_more_registers_than_asked_for_are_looked_for():
    rows = [HEAD, ONE, ["序号", "部门", "风险描述", "等级", "措施"], TWO]
    assert len(find(sheet(rows), WORDS, needed=NEEDED)) == 2
    assert [numbers(table) for table in find(sheet(rows), WORDS, needed=NEEDED, most=1)] == [[2]]


def test_a_title_that_says_nothing_alone_is_read_with_its_group():
    assert Lexicon(WORDS).named(["名称", "备注", "措施"], ["廉政风险点", "风险情况", ""]) == {0: "name", 2: "measure"}
    known = Lexicon(WORDS | {"name": ["风险点名称", "风险"]})
    assert known.named(["名称", "备注", "等级"], ["廉政风险点", "风险情况", "风险情况"]) == {0: "name", 2: "level"}


def test_a_heading_is_read_without_what_does_not_tell():
    assert plain("＊ 风险　点（填写 名称）：") == "风险点"


# -- where the register is -------------------------------------------------------------------------------------------


def test_title_and_office_lines_stand_above_and_closing_lines_below():
    rows = [
        ["廉政风险点防控一览表", "", "", "", ""], ["填报单位：M城建开发有限公司　　填报日期：2026年5月", "", "", "", ""], HEAD, ONE, TWO,
        ["填表人：　　审核人：　　日期：", "", "", "", ""],
    ]  # fmt: skip
    table = only(rows, merged=[(0, 0, 0, 4), (1, 0, 1, 4), (5, 0, 5, 4)])
    assert (table.first, table.height, table.title, table.unit) == (3, 1, "廉政风险点防控一览表", "M城建开发有限公司")
    assert numbers(table) == [4, 5]
    assert table.lines[0].cells == ONE
    assert table.left_out == [(6, "填表人： 审核人： 日期：", "表尾或说明")]


def test_headings_of_two_lines_are_read_together():
    upper = ["序号", "科室", "风险情况", "", "防控措施"]
    lower = ["", "", "风险点", "风险\n等级", ""]
    merged = [(0, 2, 0, 3), (0, 0, 1, 0), (0, 1, 1, 1), (0, 4, 1, 4)]
    for table in (only([upper, lower, ONE, TWO], merged=merged), only([upper, lower, ONE, TWO])):  # a CSV has no merged cells
        assert table.height == 2
        assert [column.field for column in table.columns] == ["seq", "department", "name", "level", "measure"]
        assert table.columns[3] == Column(3, "风险等级", "风险情况", "level")
        assert numbers(table) == [3, 4]


def test_one_line_of_headings_is_not_read_with_the_first_record():
    table = only([HEAD, ["", "", "公车私用", "高", "登记备案"], TWO])
    assert (table.height, numbers(table)) == (1, [2, 3])


def test_a_title_that_nobody_merged_is_no_group_of_headings():
    table = only([["廉政风险点汇总表", "", "", "", ""], ["填报单位：工程公司", "", "", "", ""], HEAD, ONE, TWO])
    assert ({column.group for column in table.columns}, table.title, table.unit) == ({""}, "廉政风险点汇总表", "工程公司")


def test_headings_may_stand_in_line_seven():
    rows = [["说明", "", "", "", ""], ["一、填写要求", "", "", "", ""], [""] * 5, ["二、", "", "", "", ""], [""] * 5, [""] * 5, HEAD, ONE]
    assert (only(rows).first, numbers(only(rows))) == (7, [8])


def test_thirty_columns_are_kept_and_the_unknown_ones_named():
    head = [*HEAD, *(f"自定{i}" for i in range(25))]
    table = only([head, [*ONE, *["x"] * 25]])
    assert len(table.columns) == 30
    assert table.fields == {"seq", "department", "name", "level", "measure"}


def test_an_empty_column_without_heading_is_no_column():
    table = only([[*HEAD[:2], "", *HEAD[2:]], [*ONE[:2], "", *ONE[2:]]])
    assert [column.index for column in table.columns] == [0, 1, 3, 4, 5]


@pytest.mark.parametrize(
    "rows",
    [
        [["业务大类", "业务事项", "子环节"], ["选人用人", "员工录用", ""]],
        [["序号", "权力名称", "授权依据", "负责人"], ["1", "管理决策权", "高等教育法", "书记"]],
        [["风险点"], ["公车私用"]],
        [[]],
        [],
    ],
)
def test_a_sheet_that_is_no_risk_register_is_known_as_such(rows):
    assert tables(rows) == []


# -- which lines are records -----------------------------------------------------------------------------------------


def test_blank_lines_and_headings_repeated_on_every_page_are_no_records():
    table = only([HEAD, ONE, [""] * 5, HEAD, TWO, ["合计", "2", "", "", ""]])
    assert numbers(table) == [2, 5]
    assert [(number, why) for number, _, why in table.left_out] == [(4, "重复的表头"), (6, "表尾或说明")]


def test_a_repeated_heading_of_two_lines_is_left_out_whole():
    upper, lower = ["序号", "科室", "风险情况", "", "防控措施"], ["", "", "风险点", "风险等级", ""]
    table = only([upper, lower, ONE, upper, lower, TWO])
    assert (numbers(table), len(table.left_out)) == ([3, 6], 2)


def test_a_merged_cell_counts_for_every_line_it_covers():
    table = only([HEAD, ONE, ["2", "", "虚报差旅", "低", "随机抽查"]], merged=[(1, 1, 2, 1)])
    assert [line.cells[1] for line in table.lines] == ["办公室", "办公室"]


def test_a_blank_line_inside_a_merged_cell_is_no_record():
    table = only([HEAD, ONE, [""] * 5, TWO], merged=[(1, 1, 3, 1)])
    assert numbers(table) == [2, 4]


@pytest.mark.parametrize("merged", [[(1, 0, 2, 0), (1, 2, 2, 2)], []])
def test_further_measures_of_the_same_point_continue_it(merged):
    table = only([HEAD, ONE, ["", "", "", "", "轨迹核查"], TWO], merged=merged)
    assert numbers(table) == [2, 4]
    assert [more[4] for more in table.lines[0].more] == ["轨迹核查"]


def test_a_numbered_line_without_its_point_is_a_record_with_a_gap():
    table = only([HEAD, ONE, ["2", "财务科", "", "中", "双人复核"]])
    assert numbers(table) == [2, 3]


def test_a_heading_over_a_part_of_the_records_is_left_out_and_said():
    table = only([HEAD, ["一、工程建设类", "", "", "", ""], ONE, ["二、财务类", "", "", "", ""], TWO], merged=[(1, 0, 1, 4), (3, 0, 3, 4)])
    assert numbers(table) == [3, 5]
    assert [text for _, text, _ in table.left_out] == ["一、工程建设类", "二、财务类"]


def test_one_text_over_the_line_is_no_record_though_the_first_column_is_the_name():
    head = ["风险点", "部门", "风险等级", "防控措施"]
    table = only([head, ["一、工程建设类", *[""] * 3], ["公车私用", "办公室", "高", "登记"]], merged=[(1, 0, 1, 3)])
    assert (numbers(table), table.left_out) == ([3], [(2, "一、工程建设类", "标题行")])
    assert numbers(only([head, ["公车私用", "", "", ""]])) == [2]  # a name alone is a record with gaps


def test_the_lines_that_show_how_to_fill_it_in_are_no_records():
    table = only([HEAD, ["示例1", *ONE[1:]], ["示例 ", *ONE[1:]], TWO])
    assert (numbers(table), [why for _, _, why in table.left_out]) == ([4], ["示例", "示例"])


def test_words_of_a_heading_without_those_that_are_needed_are_none():
    assert only([["部门", "责任人", "责任领导", "权力事项", "风险类别"], HEAD, ONE]).first == 2


def test_two_registers_in_one_sheet_are_two():
    other = ["序号", "职权内容", "风险点", "防控措施", "责任人"]
    first, second = tables([HEAD, ONE, TWO, [""] * 5, ["附表", "", "", "", ""], other, ["1", "采购", "围标串标", "公开招标", "张三"]],
                           merged=[(4, 0, 4, 4)])  # fmt: skip
    assert (numbers(first), numbers(second)) == ([2, 3], [7])
    assert [column.field for column in second.columns] == ["seq", "power", "name", "measure", "responsible"]


def test_headings_without_a_record_are_still_told():
    assert (only([HEAD]).fields, only([HEAD]).lines) == ({"seq", "department", "name", "level", "measure"}, [])
