"""A sheet's whole way into the register: opened, mapped, corrected, committed, undone."""

import datetime

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.exchange import committing, rows, services
from apps.exchange.models import Batch, BatchRow
from apps.exchange.queries import batches_of, counts, origin_of, rows_of
from apps.exchange.values import Meant
from apps.risks.models import RiskPoint
from apps.risks.services import update_point
from tests.kit.audit import after, event
from tests.kit.people import again
from tests.kit.sheets import write_book

HEAD = ["序号", "科室", "风险类别", "风险点", "表现形式", "风险等级", "防控措施", "部门负责人"]
ROWS = [
    ["1", "工程管理部", "岗位职责风险", "公车管理", "公车私用、违规加油及维修，报销把关不严。", "低", "1.登记;\n2.公示", "赵静"],
    ["2", "工程管理部", "业务流程风险", "工程设计", "过度设计、设计不合理，造成资源浪费。", "高", "会审制度", "科室负责人"],
]
NOW = timezone.make_aware(datetime.datetime(2026, 5, 18, 10))


@pytest.fixture
def opened(world, tmp_path):
    """A batch of these rows under these headings, mapped by what the headings say."""

    def make(rows=ROWS, head=HEAD, *, arrange=True, by="author", **more):
        path = write_book(tmp_path / "a.xlsx", {"台账": [["廉政风险点一览表", *[""] * (len(head) - 1)], head, *rows]})
        batch = services.open_batch("risk", path=path, file_name="一览表.xlsx", by=again(world.people[by]), at=NOW)
        if arrange:
            say(world, batch, by=by, **more)
            batch.refresh_from_db()
        return batch

    return make


def say(world, batch, *, by="author", same=None, **more):
    seen = services.proposal(batch, world.company)
    facts = {"unit": world.company, "mapping": seen["mapping"], "answers": seen["answers"], "splits": False, "same": same or {}}
    services.arrange(batch, **(facts | more), by=again(world.people[by]), at=NOW)


def test_rows_become_drafts_that_say_where_they_come_from(world, opened):
    batch = opened(splits=True)
    assert counts(batch) == {"ok": 1, "hint": 1}
    assert committing.commit(batch, by=again(world.author), at=NOW) == 2
    first, second = RiskPoint.objects.visible_to(again(world.author)).order_by("number")
    assert (first.state, first.name, first.level, first.level_source, first.unit) == ("draft", "公车管理", "low", "sheet", world.company)
    assert (first.department.name, first.head.name, second.head) == ("工程管理部", "赵静", None)
    assert [m.content for m in first.measures.order_by("number")] == ["登记", "公示"]
    assert (origin_of(second).number, origin_of(second).cells[7]) == (4, "科室负责人")
    assert after(event(event_type="exchange.imported")) == {"register": "risk", "count": 2}


def test_nothing_is_written_while_one_row_is_wrong(world, opened):
    batch = opened([*ROWS, ["3", "工程管理部", "", "", "", "", "登记", ""]])
    assert counts(batch) == {"ok": 1, "hint": 1, "bad": 1}
    with pytest.raises(Refused, match="还有 1 行需要修改（第 5 行）"):
        committing.commit(batch, by=again(world.author), at=NOW)
    assert not RiskPoint._base_manager.exists()
    row = rows_of(batch).get(number=5)
    assert set(row.faults) == {"name", "manifestation"}
    typed = {"name": ["食堂采购"], "manifestation": ["食堂采购不询价，指定供应商。"]}
    row = services.correct(row, typed=typed, by=again(world.author), at=NOW)
    assert row.faults == {}
    assert committing.commit(batch, by=again(world.author), at=NOW) == 3


def test_a_row_left_out_is_not_imported_and_can_come_back(world, opened):
    batch = opened()
    row = rows_of(batch).last()
    services.drop(row, dropped=True, by=again(world.author), at=NOW)
    assert counts(batch) == {"ok": 1, "dropped": 1}
    services.drop(row, dropped=False, by=again(world.author), at=NOW)
    services.drop(row, dropped=True, by=again(world.author), at=NOW)
    assert committing.commit(batch, by=again(world.author), at=NOW) == 1


def test_a_file_with_too_many_rows_is_refused(world, opened, monkeypatch):
    monkeypatch.setattr(services, "MOST_ROWS", 1)
    with pytest.raises(Refused, match="一次最多导入 1 行"):
        opened()
    assert not Batch.objects.exists()


def test_of_one_register_there_is_no_second_table(world, opened):
    batch = opened(arrange=False)
    with pytest.raises(Refused, match="选择要导入的登记表"):
        services.choose(batch, table=1, by=again(world.author))
    assert str(batch) == "一览表.xlsx"


def test_with_every_row_left_out_nothing_is_imported(world, opened):
    batch = opened()
    for row in rows_of(batch):
        services.drop(row, dropped=True, by=again(world.author), at=NOW)
    with pytest.raises(Refused, match="没有要导入的行"):
        committing.commit(batch, by=again(world.author), at=NOW)


def test_a_row_corrected_while_a_worker_imports_stops_the_import(world, opened, monkeypatch):
    batch, write = opened(), committing._write

    def meanwhile(*args, **kwargs):
        services.correct(rows_of(batch).first(), typed={"name": ["另一个名称"]}, by=again(world.author), at=NOW)
        return write(*args, **kwargs)

    monkeypatch.setattr(committing, "_write", meanwhile)
    with pytest.raises(Refused, match="导入期间有行被修改"):
        committing.commit(batch, by=again(world.author), at=NOW)
    assert not RiskPoint._base_manager.exists()


def test_a_spelling_answered_with_nothing_stays_empty(world, opened):
    rows = [["1", *ROWS[0][1:5], "高/一级", *ROWS[0][6:]]]
    batch = opened(rows, answers={"level": {"高/一级": ""}})
    committing.commit(batch, by=again(world.author), at=NOW)
    assert RiskPoint._base_manager.get().level == ""


def test_a_stroke_is_nothing(world, opened):
    batch = opened([["1", "—", "/", *ROWS[0][3:6], "登记", "－"]])
    assert rows_of(batch).get().state == "ok"
    committing.commit(batch, by=again(world.author), at=NOW)
    record = RiskPoint._base_manager.get()
    assert (record.department, record.head, record.category) == (None, None, "")


def test_numbered_measures_are_proposed_to_be_parted(world, opened):
    assert services.proposal(opened(arrange=False), world.company)["splits"]
    rows = [[*ROWS[0][:6], "登记备案", ""]]
    assert not services.proposal(opened(rows, arrange=False), world.company)["splits"]


def test_a_name_that_is_registered_already_is_pointed_out(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    twice = opened()
    number = RiskPoint._base_manager.get(name="公车管理").number
    assert rows_of(twice).first().hints["name"] == (
        f"与 {number} 同名：已登记过的选择不导入；要更新它的，在表中加“风险点编号”一列后重新上传"
    )


def test_what_is_not_imported_is_not_undone(world, opened):
    batch = opened()
    with pytest.raises(Refused, match="没有导入或已撤销"):
        committing.undo(batch, by=again(world.author), at=NOW)


def test_a_batch_belongs_to_whoever_uploaded_it(world, opened):
    batch = opened()
    with pytest.raises(Refused, match="已导入或已过期"):
        committing.commit(batch, by=again(world.clerk), at=NOW)
    with pytest.raises(Refused, match="已导入或已过期"):
        services.choose(batch, table=0, by=again(world.clerk))


def test_it_is_committed_once(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    with pytest.raises(Refused, match="已导入或已过期"):
        committing.commit(batch, by=again(world.author), at=NOW)
    assert RiskPoint._base_manager.count() == 2


def test_the_mapping_comes_back_with_the_same_headings(world, opened):
    batch = opened(splits=True, answers={"head": {"科室负责人": str(world.head.person.pk) if hasattr(world.head, "person") else ""}})
    assert "remembered" not in services.proposal(opened(arrange=False), world.company)  # nothing came in by it yet
    committing.commit(batch, by=again(world.author), at=NOW)
    seen = services.proposal(opened(arrange=False), world.company)
    assert (seen["remembered"], seen["splits"], seen["is_guess"]) == (True, True, False)
    assert "head" in seen["answers"]
    colleagues = services.proposal(opened(arrange=False, by="clerk"), world.company)
    assert (colleagues["remembered"], colleagues["is_guess"]) == (True, True)  # to be confirmed once more


def test_columns_that_name_nothing_are_refused(world, opened):
    with pytest.raises(Refused, match="对应“风险点名称”或“风险内容及表现形式”的列"):
        say(world, opened(arrange=False), mapping={"5": "level"})


def test_of_several_registers_none_is_taken_by_itself(world, tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"一": [HEAD, *ROWS], "二": [HEAD, *ROWS]})
    batch = services.open_batch("risk", path=path, file_name="两张.xlsx", by=again(world.author), at=NOW)
    for act in (lambda: say(world, batch), lambda: committing.commit(batch, by=again(world.author), at=NOW)):
        with pytest.raises(Refused, match="选择要导入的登记表"):
            act()


def test_a_batch_of_a_unit_that_is_no_longer_ones_own_is_gone(world, opened):
    batch = opened(by="clerk")
    assert batch in batches_of(again(world.clerk), "risk")
    world.clerk.assignments.update(unit=world.other)
    assert not batches_of(again(world.clerk), "risk").exists()


def test_a_value_for_all_rows_fills_what_the_sheet_lacks(world, opened):
    batch = opened(same={"topic": ["conduct"], "layer": ["department"], "ways": ["self", "people"]})
    committing.commit(batch, by=again(world.author), at=NOW)
    assert set(RiskPoint._base_manager.values_list("layer", flat=True)) == {"department"}
    assert RiskPoint._base_manager.first().ways == ["self", "people"]


def test_two_columns_for_one_field_are_refused(world, opened):
    batch = opened(arrange=False)
    with pytest.raises(Refused, match="有两列都对应“风险点名称”"):
        say(world, batch, mapping={"3": "name", "4": "name"})


def test_another_company_is_refused(world, opened):
    with pytest.raises(Refused, match="没有在此单位登记的权限"):
        say(world, opened(arrange=False), unit=world.other)


def test_the_same_name_twice_in_a_sheet_is_a_fault(world, opened):
    batch = opened([ROWS[0], ROWS[0]], same={"layer": ["department"]})
    assert "同名风险点" in rows_of(batch).last().faults["name"]


def test_undo_takes_every_record_back(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    assert committing.undo(batch, by=again(world.author), at=NOW + datetime.timedelta(hours=23)) == 2
    assert not RiskPoint._base_manager.exists()
    assert Batch.objects.get().state == "undone"
    assert after(event(event_type="exchange.undone"))["count"] == 2


def test_undo_after_somebody_touched_a_row_is_refused_with_the_row_named(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    record = RiskPoint._base_manager.get(name="工程设计")
    update_point(record, fields={"power": "设计审查"}, by=again(world.author), at=NOW)
    with pytest.raises(Refused, match=r"第 4 行（.*工程设计.*）"):
        committing.undo(batch, by=again(world.author), at=NOW)
    assert RiskPoint._base_manager.count() == 2


def test_undo_ends_after_a_day(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    with pytest.raises(Refused, match="超过24小时"):
        committing.undo(batch, by=again(world.author), at=NOW + datetime.timedelta(hours=25))


def test_what_nobody_commits_is_forgotten_after_seven_days(world, opened):
    opened()
    assert committing.forget_expired(at=NOW + datetime.timedelta(days=6)) == 0
    assert committing.forget_expired(at=NOW + datetime.timedelta(days=8)) == 1
    assert not BatchRow.objects.exists()


@pytest.mark.parametrize(
    ("sheets", "match"),
    [
        ({"目录": [["业务大类", "业务事项"], ["选人用人", "员工录用"]]}, "没有找到廉政风险点登记表.*（已查看工作表：目录）"),
        ({"台账": [HEAD]}, "只有表头，没有数据行"),
    ],
)
def test_a_file_without_a_register_is_refused(world, tmp_path, sheets, match):
    with pytest.raises(Refused, match=match) as no:
        services.open_batch("risk", path=write_book(tmp_path / "a.xlsx", sheets), file_name="a.xlsx", by=world.author, at=NOW)
    assert no.value.field == "file"


DUE_HEAD = ["序号", "部门/岗位", "风险点", "表现形式", "风险等级", "防控措施", "完成时限"]


def due_of(record):
    return [(m.content, str(m.due_on or ""), m.is_standing) for m in record.measures.order_by("number")]


def test_each_measure_gets_the_time_that_stands_beside_it(world, opened):
    rows = [
        ["1", "工程管理部", "公车管理", "公车私用", "低", "1.登记;\n2.公示", "1.2026年6月底\n2.长期坚持"],
        ["2", "工程管理部", "工程设计", "过度设计", "高", "会审", "2026-12-31"],
        ["", "", "", "", "", "复核", ""],
        ["3", "工程管理部", "物资验收", "以次充好", "高", "双人到场", "2026.9.1"],
        ["", "", "", "", "", "留存影像", "持续"],
    ]
    batch = opened(rows, DUE_HEAD, splits=True)
    assert counts(batch) == {"ok": 3}
    assert committing.commit(batch, by=again(world.author), at=NOW) == 3
    first, second, third = RiskPoint.objects.visible_to(again(world.author)).order_by("number")
    assert due_of(first) == [("登记", "2026-06-30", False), ("公示", "", True)]
    assert due_of(second) == [("会审", "2026-12-31", False), ("复核", "2026-12-31", False)]
    assert due_of(third) == [("双人到场", "2026-09-01", False), ("留存影像", "", True)]


def test_registers_of_a_file_nobody_went_on_to_are_forgotten_and_the_imported_rows_stay(world, tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"一": [HEAD, *ROWS], "二": [HEAD, *ROWS]})
    batch = services.open_batch("risk", path=path, file_name="两张.xlsx", by=again(world.author), at=NOW)
    batch = services.choose(batch, table=1, by=again(world.author))
    say(world, batch)
    batch.refresh_from_db()
    committing.commit(batch, by=again(world.author), at=NOW)
    committing.forget_expired(at=NOW + datetime.timedelta(days=6))
    assert BatchRow.objects.count() == 4
    committing.forget_expired(at=NOW + datetime.timedelta(days=8))
    assert set(BatchRow.objects.values_list("table", flat=True)) == {1}
    with pytest.raises(Refused, match="没有其他登记表"):
        services.go_on(batch, by=again(world.author), at=NOW)


@pytest.mark.parametrize(
    ("measure", "due", "said"),
    [
        ("会审", "立行立改", "“立行立改”不是日期，改为日期（如2026-12-31）或长期坚持，也可以导入后填写"),
        ("1.登记\n2.公示\n3.抽查", "1.2026-06-30\n2.2026-07-31", "完成时限有 2 项，防控措施有 3 条，导入后逐条填写"),
    ],
)
def test_a_time_that_cannot_be_read_is_said_and_stays_with_the_record(world, opened, measure, due, said):
    batch = opened([["1", "工程管理部", "公车管理", "公车私用", "低", measure, due]], DUE_HEAD, splits=True)
    assert [row.hints for row in rows_of(batch)] == [{"due": said}]
    committing.commit(batch, by=again(world.author), at=NOW)
    made = RiskPoint.objects.visible_to(again(world.author)).get()
    assert {(when, standing) for _, when, standing in due_of(made)} == {("", False)}
    assert origin_of(made).cells[6] == due


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("工程管理部/现场工程师", "现场工程师", None), ("工程管理部－现场工程师", "现场工程师", None), ("工程管理部", "", None),
        ("工程管理部/守门人", "", "“守门人”不在岗位的可选范围内"),
    ],
)  # fmt: skip
def test_a_post_behind_its_department_is_not_lost(world, opened, text, found, hint):
    batch = opened([["1", text, "公车管理", "公车私用", "低", "登记", "2026-06-30"]], DUE_HEAD)
    assert rows_of(batch).get().hints.get("post") == hint
    committing.commit(batch, by=again(world.author), at=NOW)
    made = RiskPoint.objects.visible_to(again(world.author)).get()
    assert (made.department.name, made.post.name if made.post else "") == ("工程管理部", found)


def test_what_the_lines_below_say_of_a_single_field_is_told(world, opened):
    rows = [[*ROWS[0][:7], "赵静"], ["", "", "", "", "", "", "3.抽查", "周航"]]
    batch = opened(rows)
    assert rows_of(batch).get().hints == {"head": "下面各行还写有“周航”，只取第一行，导入后在记录中补充"}


def test_what_is_taken_for_a_missing_text_is_said(world, opened):
    batch = opened([[*ROWS[0][:4], "", *ROWS[0][5:]], [*ROWS[1][:3], "", *ROWS[1][4:]]])
    first, second = rows_of(batch)
    assert first.hints["manifestation"] == "表中没有表现形式，导入时暂用风险点名称，提交前补充"
    assert second.hints["name"] == "导入时取为“过度设计、设计不合理，造成资源浪费”"


def test_a_time_that_is_past_is_said_before_the_submission(world, opened):
    batch = opened([["1", "工程管理部", "公车管理", "公车私用", "低", "登记", "2026-03-31"]], DUE_HEAD)
    assert rows_of(batch).get().hints["due"] == "2026-03-31 已过，提交前改为今天以后的日期"


def test_a_new_spelling_leaves_the_proposals_for_the_others(world, opened):
    committing.commit(opened(), by=again(world.author), at=NOW)
    odd = [*ROWS[0][:3], "另一个", ROWS[0][4], "特高", *ROWS[0][6:]]
    seen = services.proposal(opened([*ROWS, odd], arrange=False), world.company)
    assert seen["answers"]["level"] == {"低": "low", "高": "high"}


def test_a_column_of_posts_says_it_alone(world, opened):
    head = [*DUE_HEAD, "岗位"]
    batch = opened([["1", "工程管理部/现场工程师", "公车管理", "公车私用", "低", "登记", "", ""]], head)
    committing.commit(batch, by=again(world.author), at=NOW)
    assert RiskPoint.objects.visible_to(again(world.author)).get().post is None


def test_an_undone_import_is_corrected_and_goes_in_again(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    with pytest.raises(Refused, match="重新上传"):
        committing.take_up(batch, by=again(world.author), at=NOW)
    committing.undo(batch, by=again(world.author), at=NOW)
    committing.take_up(batch, by=again(world.author), at=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.done_at, batch.undone_at, counts(batch).get("new")) == ("open", None, None, None)
    assert after(event(event_type="exchange.taken_up"))["count"] == 2
    services.correct(rows_of(batch).first(), typed={"name": ["公务用车"]}, by=again(world.author), at=NOW)
    committing.commit(batch, by=again(world.author), at=NOW)
    assert sorted(RiskPoint._base_manager.values_list("name", flat=True)) == ["公务用车", "工程设计"]


def test_a_day_that_does_not_exist_is_named_in_the_hint(world, opened):
    batch = opened([["1", "工程管理部", "公车管理", "公车私用", "低", "登记", "2026-02-30"]], [*DUE_HEAD[:7]])
    assert rows_of(batch).get().hints["due"].startswith("2026年2月没有30日，改为日期")


def test_of_a_cell_that_lists_without_end_only_the_beginning_is_looked_at(world, opened, monkeypatch):
    asked = []
    monkeypatch.setattr(rows, "reading", lambda text, *_, **more: asked.append(text) or Meant())
    batch = opened([[*ROWS[0], "、".join(f"方式{number}" for number in range(300))]], [*HEAD, "排查方式"], arrange=False)
    say(world, batch)
    assert len([text for text in asked if text.startswith("方式")]) == rows.MOST_PARTS


def test_what_a_worker_will_check_is_taken_up_unchecked(world, opened):
    batch = opened()
    committing.commit(batch, by=again(world.author), at=NOW)
    committing.undo(batch, by=again(world.author), at=NOW)
    committing.take_up(batch, by=again(world.author), at=NOW, checks=False)
    assert counts(batch) == {"new": 2}
