"""What a text of a sheet means where the form offers a choice."""

import datetime

import pytest

from apps.exchange import values
from apps.exchange.rows import along, beyond_stroke
from apps.exchange.values import bare, day_of, level_rank, level_word, meant, no_such_day, numbered, one_each, scheme_of, several

AREAS = [
    ("", "未选择"), ("top", "三重一大决策"), ("build", "工程建设（招投标、变更、结算）"), ("buy", "物资（服务）采购"), ("hr", "选人用人"),
]  # fmt: skip
PEOPLE = [(7, "张伟（工程部经理）"), (8, "张伟（财务部会计）"), (9, "赵静（工程管理部经理）")]
POSTS = [(1, "工程管理部 现场工程师"), (2, "成本合约部 计量工程师"), (3, "招标采购部 现场工程师")]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("三重一大决策", "top"), ("“三重一大” 决策", "top"), ("一、三重一大决策", "top"), ("三重一大", "top"), ("工程建设", "build"),
        ("工程建设（招投标、变更、结算）", "build"), ("1.选人 用人", "hr"), ("选人用人管理", "hr"), ("其他", ""), ("", ""), ("  ", ""),
    ],
)  # fmt: skip
def test_a_choice_is_known_by_its_label_however_it_is_written(text, key):
    assert meant(text, AREAS).key == key


def test_a_known_other_spelling_counts_before_everything_looser():
    assert meant("采购", AREAS, also={"采购": "buy"}).key == "buy"
    assert meant("采购", AREAS, also={"采购": "gone"}).key == "buy"
    assert not meant("采购", AREAS, loose=False)


def test_a_person_is_known_by_name_and_two_of_one_name_are_asked_about():
    assert meant("赵静", PEOPLE).key == "9"
    found = meant("张伟", PEOPLE)
    assert (found.key, found.between) == ("", ("张伟（工程部经理）", "张伟（财务部会计）"))
    assert meant("张伟（财务部会计）", PEOPLE).key == "8"
    assert not meant("科室负责人", PEOPLE, loose=False)


def test_a_post_is_known_by_its_name_when_only_one_department_has_it():
    assert meant("计量工程师", POSTS).key == "2"
    assert meant("现场工程师", POSTS).between == ("工程管理部 现场工程师", "招标采购部 现场工程师")


def test_one_letter_is_part_of_too_much_to_mean_anything():
    assert not meant("人", AREAS)


@pytest.mark.parametrize(
    ("text", "said"), [("（一）决策", "决策"), ("3、决策", "决策"), ("1.5倍", "1.5倍"), ("《办法》 第二条", "办法第二条")]
)
def test_numbering_and_marks_do_not_count(text, said):
    assert bare(text) == said


def test_a_list_in_a_cell_is_several():
    assert several("自己找、群众帮，领导提;集体定/组织审\n巡察") == ["自己找", "群众帮", "领导提", "集体定", "组织审", "巡察"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.登记;\n2.公示;", ["登记", "公示"]), ("（1）登记\n（2）公示", ["登记", "公示"]), ("一、登记\n二、公示", ["登记", "公示"]),
        ("严格执行1.5倍标准\n2.5倍除外", ["严格执行1.5倍标准\n2.5倍除外"]), ("登记\n公示", ["登记\n公示"]),
        ("1.登记", ["1.登记"]), ("", []),
        ("两人到场，1.登记\n2.公示", ["两人到场，1.登记\n2.公示"]),
        ("1、双人签证；2、影像留存；3、审计抽查", ["双人签证", "影像留存", "审计抽查"]), ("①登记②公示", ["登记", "公示"]),
        ("1.登记；2.公示\n3.抽查", ["登记", "公示", "抽查"]), ("1、2年的合同；3、年的合同", ["1、2年的合同；3、年的合同"]),
        ("一、登记\n二、公示。", ["登记", "公示。"]), ("1.登记；3.公示", ["1.登记；3.公示"]),
        ("0.登记\n1.公示", ["登记", "公示"]), ("措施；00、公示", ["措施；00、公示"]), ("1.登记\n\n  2.公示", ["登记", "公示"]),
        ("登记\n\n公示", ["登记\n\n公示"]), ("甲" + "\n" * 30_000 + "乙", ["甲" + "\n" * 30_000 + "乙"]),  # minutes, were it quadratic
    ],
)  # fmt: skip
def test_numbered_measures_are_told_apart_and_nothing_else(text, parts):
    assert numbered(text) == parts


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("高", "high"), ("高风险", "high"), ("高 级", "high"), ("中级", "mid"), ("一般", "mid"), ("一般风险", "mid"), ("低风险点", "low"),
        ("低度", "low"), ("较高", "high"), ("一级", ""), ("A", ""), ("无", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_word_says_its_level(text, level):
    assert level_word(text) == level


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("一级", 1), ("一级风险", 1), ("Ⅱ级", 2), ("II级", 2), ("III", 3), ("C类", 3), ("b", 2), ("1", 1), ("３", 3), ("甲等", 1),
        ("★★★", 1), ("★", 3), ("★★☆", 2), ("4", 0), ("高", 0), ("", 0), ("★★★★", 0),
    ],
)  # fmt: skip
def test_a_rank_is_read_in_every_writing(text, rank):
    assert level_rank(text) == rank


def test_words_need_no_confirmation_and_ranks_do():
    words = scheme_of(["高", "一般", "", "高"])
    assert (words.levels, words.sure) == ({"高": "high", "一般": "mid"}, True)
    ranks = scheme_of(["1", "2"])
    assert (ranks.levels, ranks.sure) == ({"1": "high", "2": "mid"}, False)


@pytest.mark.parametrize("note", ["等级由低到高分为一级、二级、三级", "注：3级最高", "数字越大风险越高"])
def test_a_scheme_that_may_be_the_other_way_round_is_asked_about_not_guessed(note):
    found = scheme_of(["1", "2", "3"], notes=[note])
    assert (set(found.levels.values()), found.sure, found.unknown) == ({""}, False, ("1", "2", "3"))


def test_an_unknown_spelling_is_told():
    found = scheme_of(["高", "特殊"])
    assert (found.levels["特殊"], found.sure, found.unknown) == ("", False, ("特殊",))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-30", (6, 30)), ("2026.6.5", (6, 5)), ("2026/6/5", (6, 5)), ("2026年6月5日前", (6, 5)), ("２０２６年６月５日", (6, 5)),
        ("20260605", (6, 5)), ("2026年6月", (6, 30)), ("2026年2月底前完成", (2, 28)), ("2026年底", (12, 31)),
        ("2026 年 12 月 31 日之前", (12, 31)), ("2026-06-30 00:00:00", (6, 30)), ("2026年", (12, 31)),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written_and_a_month_ends_with_its_last(text, day):
    assert day_of(text) == datetime.date(2026, *day)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.2026-06-30\n2.长期坚持", ["2026-06-30", "长期坚持"]), ("1、2026年6月；2、—", ["2026年6月", "—"]), ("2026.6.30", ["2026.6.30"]),
        ("12.5前", ["12.5前"]), ("", []), ("①2026年底\n②2027年底", ["2026年底", "2027年底"]),
    ],
)  # fmt: skip
def test_lines_of_a_cell_lose_their_numbers_and_no_part_of_a_date(text, parts):
    assert one_each(text) == parts


@pytest.mark.parametrize("text", ["6月底", "立行立改", "2026年13月", "2026-02-30", "2026年0月", "第2026号", "", "2026年6月至9月"])
def test_what_names_no_day_is_not_guessed(text):
    assert day_of(text) is None


@pytest.mark.parametrize(
    ("parts", "counts", "found"),
    [
        ([["a"]], [3], ["a"]),  # one for all the measures of a cell
        ([["a", "b"]], [2], ["a", "b"]),
        ([["a"], [], []], [1, 1, 1], ["a"]),  # merged over the lines of a record
        ([["a"], ["a"]], [1, 1], ["a"]),
        ([["a"], ["b"], []], [1, 1, 1], ["a", "b", ""]),
        ([["a"], ["b"]], [2, 1], ["a", "a", "b"]),
        ([["a", "b"]], [3], ["a", "b"]),  # nobody can say which is whose
        ([[], []], [1, 1], []),
    ],
)
def test_what_stands_beside_measures_keeps_to_them(parts, counts, found):
    assert along(parts, counts) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-02-30", "2026年2月没有30日"), ("2026.2.30前", "2026年2月没有30日"), ("20260631", "2026年6月没有31日"),
        ("2026年13月", "2026年没有13月"), ("2026-06-30", ""), ("2026年底", ""), ("6月底", ""), ("尽快", ""),
    ],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_told_as_such(text, said):
    assert no_such_day(text) == said


@pytest.mark.parametrize(
    ("spellings", "is_sure"),
    [
        (("高", "中", "低"), True), (("高风险", "高", "中等", "中", "低"), True), (("重大", "较大", "一般"), False),
        (("极高", "高", "中", "低"), False), (("较高", "高"), False),
    ],
)  # fmt: skip
def test_two_words_that_fall_on_one_level_are_asked_about(spellings, is_sure):
    assert scheme_of(spellings).sure is is_sure


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("工程管理部/现场工程师", "现场工程师"), ("工程管理部   －   现场工程师", "现场工程师"), ("工程管理部", ""), ("工程管理部/", ""),
        (f"工程管理部{' ' * 400_000}现场工程师", ""), (f"工程管理部{' ' * 400_000}/现场工程师", "现场工程师"),
    ],
)  # fmt: skip
def test_the_post_stands_behind_the_stroke_however_many_spaces_are_there(text, behind):
    assert beyond_stroke(text) == behind


def test_a_text_longer_than_any_label_is_no_choice_and_is_not_kept():
    kept = values._kept_bare.cache_info().currsize
    assert meant("工程建设" * 60, [("works", "工程建设")]) == values.Meant()
    assert bare("一、" + "工程" * 200) == "工程" * 200
    assert values._kept_bare.cache_info().currsize == kept
