"""Out as a sheet and in again: nothing changes; what was changed in the sheet changes, and nothing else."""

import csv
import datetime
import io
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from apps.exchange import committing, services
from apps.exchange.queries import counts, origin_of, rows_of
from apps.flow.queries import versions_of
from apps.risks.models import RiskPoint
from apps.risks.services import create_draft, give_back
from apps.risks.sheets import TARGETS
from tests.kit import audit
from tests.kit.people import again
from tests.kit.risks import draft, measure, middle, point_in
from tests.kit.sheets import sheets_of, write_book

NOW = timezone.make_aware(datetime.datetime(2026, 5, 20, 10))


@pytest.fixture
def clerk(world):
    client = Client()
    client.force_login(again(world.clerk))
    return client


@pytest.fixture
def sheet(clerk, tmp_path):
    """The list of the clerk as a file, and its rows from the headings on."""

    def get(query="", kind="xlsx"):
        answer = clerk.post("/risks/export/", {"query": query, "kind": kind})
        assert answer.status_code == 200, answer.content
        path = tmp_path / f"out.{kind}"
        path.write_bytes(b"".join(answer.streaming_content))
        return path, [row for row in sheets_of(path)[0]["rows"] if kind == "csv" or len([c for c in row if c]) > 1]

    return get


def take_in(world, path, *, name="台账.xlsx"):
    batch = services.open_batch("risk", path=path, file_name=name, by=again(world.clerk), at=NOW)
    seen = services.proposal(batch, world.company)
    services.arrange(
        batch, unit=world.company, mapping=seen["mapping"], answers=seen["answers"], splits=False, same={}, by=again(world.clerk), at=NOW
    )
    batch.refresh_from_db()
    return batch


def written_again(path, rows, change):
    """The exported rows with cells changed by heading."""
    head = rows[0]
    for row in rows[1:]:
        for title, text in change.items():
            row[head.index(title)] = text
    return write_book(path.with_name("again.xlsx"), {"台账": [["廉政风险点台账", *[""] * (len(head) - 1)], *rows]})


def test_what_went_out_comes_in_without_a_difference(world, sheet):
    rows = [measure(world), measure(world, content="每季度公示", is_standing=False, due_on=datetime.date(2026, 12, 31))]
    first = draft(world, measures=rows, by="clerk")
    create_draft({"unit": world.company, "year": 2026, "name": "只有名称"}, by=again(world.clerk), at=NOW)
    before = {r.pk: (r.version, r.snapshot()) for r in RiskPoint._base_manager.all()}
    batch = take_in(world, sheet()[0])
    assert [row.faults for row in rows_of(batch)] == [{}, {}]
    assert {row.hints["update"] for row in rows_of(batch)} == {"与已有的风险点相同，导入时不作更改"}
    assert committing.commit(batch, by=again(world.clerk), at=NOW) == 0
    assert {r.pk: (r.version, r.snapshot()) for r in RiskPoint._base_manager.all()} == before
    committing.undo(batch, by=again(world.clerk), at=NOW)
    assert {r.pk: (r.version, r.snapshot()) for r in RiskPoint._base_manager.all()} == before
    assert not versions_of(first).exists()


def test_a_changed_time_changes_its_measure_alone(world, sheet):
    rows = [measure(world, person=None), measure(world, content="每季度公示", is_standing=False, due_on=datetime.date(2026, 12, 31))]
    point = draft(world, measures=rows, by="clerk")
    path, lines = sheet()
    assert lines[1][lines[0].index("完成时限")] == "1. 长期坚持\n2. 2026-12-31"
    batch = take_in(world, written_again(path, lines, {"完成时限": "1. 2026年9月30日\n2. —"}))
    committing.commit(batch, by=again(world.clerk), at=NOW)
    told = [(m.content, m.due_on, m.is_standing) for m in point.measures.order_by("number")]
    assert told == [(rows[0]["content"], datetime.date(2026, 9, 30), False), ("每季度公示", datetime.date(2026, 12, 31), False)]


def test_only_what_was_changed_in_the_sheet_changes_and_undo_gives_it_back(world, sheet):
    record = draft(world, by="clerk", measures=[measure(world), measure(world, content="每季度公示")])
    path, rows = sheet()
    kept = {m.content: m.pk for m in record.measures.all()}
    old = record.snapshot()
    own = next(iter(kept))
    batch = take_in(world, written_again(path, rows, {"评定等级": "中", "防控措施": f"1. {own}\n2. 新增一条"}))
    row = rows_of(batch).get()
    assert row.faults == {}
    assert "评定等级：高 → 中" in row.hints["update"]
    committing.commit(batch, by=again(world.clerk), at=NOW)
    record.refresh_from_db()
    assert (record.level, record.version) == ("mid", 2)
    assert record.measures.get(content=own).pk == kept[own]
    assert set(record.measures.values_list("content", flat=True)) == {own, "新增一条"}
    assert {name for name, cell in record.snapshot().items() if cell["value"] != old[name]["value"]} == {"level", "measures"}
    committing.undo(batch, by=again(world.clerk), at=NOW)
    record.refresh_from_db()
    assert record.snapshot() == old
    assert RiskPoint._base_manager.count() == 1


def test_a_sheet_with_three_columns_leaves_all_others_of_a_point(world, tmp_path):
    record = draft(world, by="clerk")
    old = record.snapshot()
    path = write_book(tmp_path / "a.xlsx", {"表": [["风险点编号", "风险点名称", "防控措施"], [record.number, "改过的名称", "双人验收"]]})
    batch = take_in(world, path)
    committing.commit(batch, by=again(world.clerk), at=NOW)
    record.refresh_from_db()
    assert {name for name, cell in record.snapshot().items() if cell["value"] != old[name]["value"]} == {"name", "measures"}


def test_a_point_on_its_way_comes_back_without_a_difference_and_does_not_hinder_the_undo(world, sheet):
    record, other = point_in("department", world), draft(world, by="clerk", name="草稿")
    path, rows = sheet()
    head = rows[0]
    next(row for row in rows if row[head.index("风险点编号")] == other.number)[head.index("风险点名称")] = "改过的名称"
    batch = take_in(world, written_again(path, rows, {}))
    assert counts(batch) == {"hint": 1, "ok": 1}
    committing.commit(batch, by=again(world.clerk), at=NOW)
    moved = RiskPoint.objects.get(pk=record.pk)
    moved.version += 1  # somebody moves it: the sheet did nothing to it
    moved.save(update_fields=["version"])
    committing.undo(batch, by=again(world.clerk), at=NOW)
    assert set(RiskPoint._base_manager.values_list("name", flat=True)) == {record.name, "草稿"}


def test_a_point_that_is_on_its_way_or_of_somebody_else_is_not_updated(world, tmp_path):
    record = point_in("department", world)
    head = ["风险点编号", "风险点", "表现形式", "防控措施"]
    path = write_book(tmp_path / "a.xlsx", {"表": [head, [record.number, "改", "改动内容", "双人"]]})
    assert "当前不能修改" in rows_of(take_in(world, path)).get().faults["number"]


def test_one_number_twice_is_a_fault(world, tmp_path):
    record = draft(world, by="clerk")
    line = [record.number, "改过的名称", "双人验收"]
    path = write_book(tmp_path / "a.xlsx", {"表": [["风险点编号", "风险点名称", "防控措施"], line, line]})
    assert counts(take_in(world, path))["bad"] == 1


def test_the_filter_and_the_scope_decide_what_goes_out(world, sheet, clerk):
    draft(world, name="高的")
    draft(world, name="中的", level="mid")
    point_in("department", world, **{k: v for k, v in middle(world).items() if k != "unit"} | {"name": "在办的"})
    _, rows = sheet("level=high")
    assert [row[rows[0].index("风险点名称")] for row in rows[1:]] == ["高的"]
    stranger = Client()
    stranger.force_login(again(world.stranger))
    text = b"".join(stranger.post("/risks/export/", {"kind": "csv"}).streaming_content).decode("utf-8-sig")
    head, end = csv.reader(io.StringIO(text))
    assert (head[0], end[0][:8], len(end)) == ("填报单位", "导出人：M资产经", 1)
    event = audit.after(audit.event(event_type="exchange.exported", actor_id=world.clerk.pk))
    assert (event["count"], event["query"]) == (1, "level=high")


def test_the_columns_of_the_list_go_out_in_its_order(world, clerk, tmp_path):
    draft(world, by="clerk", name="公车管理")
    path = tmp_path / "shown.xlsx"
    path.write_bytes(b"".join(clerk.post("/risks/export/", {"columns": "level,name,nothing"}).streaming_content))
    rows = sheets_of(path)[0]["rows"]
    head = next(row for row in rows if "风险点名称" in row)
    assert [title for title in head if title] == ["评定等级", "风险点名称", "风险内容及表现形式"]  # the list shows both in one
    assert rows[rows.index(head) + 1][:2] == ["高", "公车管理"]


def test_the_ticked_rows_go_out_and_nobody_elses(world, clerk, tmp_path):
    first, _, foreign = draft(world, by="clerk", name="一"), draft(world, by="clerk", name="二"), draft(world, name="三")
    RiskPoint._base_manager.filter(pk=foreign.pk).update(unit=world.other, department=None)
    text = b"".join(clerk.post("/risks/export/", {"kind": "csv", "pk": [first.pk, foreign.pk, "x"]}).streaming_content).decode("utf-8-sig")
    assert [row["风险点名称"] for row in csv.DictReader(io.StringIO(text))] == ["一", None]  # and who took it out


def test_the_rows_of_one_batch_are_listed_for_whoever_imported_it(world, clerk, tmp_path):
    draft(world, by="clerk", name="别处来的")
    line = ["公车管理", "公车私用、违规加油，报销审核把关不严。", "登记备案"]
    batch = take_in(world, write_book(tmp_path / "a.xlsx", {"表": [["风险点", "表现形式", "防控措施"], line]}))
    committing.commit(batch, by=again(world.clerk), at=NOW)
    shown = clerk.get(f"/risks/?batch={batch.pk}").context["table"].data
    assert [record.name for record in shown] == ["公车管理"]
    assert "仅导入批次“台账.xlsx”" in clerk.get(f"/risks/?batch={batch.pk}").content.decode()
    other = Client()
    other.force_login(again(world.secretary))
    assert not list(other.get(f"/risks/?batch={batch.pk}").context["table"].data)


def test_a_text_that_means_nothing_empties_no_field_of_the_record(world, sheet):
    point = draft(world, by="clerk")
    assert point.responsible
    path, lines = sheet()
    batch = take_in(world, written_again(path, lines, {"责任人": "王小明", "权力事项": ""}))
    committing.commit(batch, by=again(world.clerk), at=NOW)
    point.refresh_from_db()
    assert (point.responsible.name if point.responsible else "", point.power) == (world.author.person.name, "")
    assert "王小明" in origin_of(point).cells


def test_a_reworded_measure_keeps_its_kind_and_person(world, sheet):
    rows = [measure(world), measure(world, content="每季度公示")]
    point = draft(world, measures=rows, by="clerk")
    before = [(m.kind, m.department_id, m.person_id) for m in point.measures.order_by("number")]
    path, lines = sheet()
    assert lines[1][lines[0].index("措施责任人")].startswith("1. ")
    batch = take_in(world, written_again(path, lines, {"防控措施": f"1. {rows[0]['content']}\n2. 每月公示"}))
    committing.commit(batch, by=again(world.clerk), at=NOW)
    told = list(point.measures.order_by("number"))
    assert ([m.content for m in told], [(m.kind, m.department_id, m.person_id) for m in told]) == ([rows[0]["content"], "每月公示"], before)


def test_a_returned_draft_goes_out_as_returned(world, sheet):
    record = point_in("department", world)
    give_back(record, by=again(world.head), at=NOW, opinion="表现形式过于笼统，请补充")
    _, lines = sheet()
    assert lines[1][lines[0].index("状态")] == "退回修改"


def test_ticked_rows_that_are_no_keys_give_no_rows(world, clerk):
    draft(world, by="clerk")
    for odd in ("abc", "9" * 30):
        answer = clerk.post("/risks/export/", {"query": "", "kind": "csv", "pk": odd})
        assert b"".join(answer.streaming_content).decode("utf-8-sig").count("FX-") == 0


def test_a_searched_number_is_not_kept_however_it_is_written(world, clerk):
    for text in ("13800138000", "１３８００１３８０００"):
        b"".join(clerk.post("/risks/export/", {"query": urlencode({"q": text}), "kind": "csv"}).streaming_content)
    assert {audit.after(one)["query"] for one in audit.events(event_type="exchange.exported")} == {"q=***"}


def test_nothing_in_the_sheet_runs(world, clerk):
    draft(world, by="clerk", name="=HYPERLINK(1)")
    text = b"".join(clerk.post("/risks/export/", {"kind": "csv"}).streaming_content).decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text


def test_the_blank_sheet_is_understood_and_its_samples_are_left_out(world, clerk, tmp_path):
    path = tmp_path / "blank.xlsx"
    path.write_bytes(b"".join(clerk.get("/risks/import/template/").streaming_content))
    book = sheets_of(path)[0]["rows"]
    head = book[2]
    line = ["1", *[""] * (len(head) - 1)]
    for title, text in {"风险点名称*": "公车", "风险内容及表现形式*": "公车私用，报销不严", "防控措施*": "登记"}.items():
        line[head.index(title)] = text
    filled = write_book(tmp_path / "filled.xlsx", {"表": [*book, line]})
    batch = take_in(world, filled)
    assert [row.cells[head.index("风险点名称*")] for row in rows_of(batch)] == ["公车"]
    assert set(batch.mapping.values()) >= {target.name for target in TARGETS}
    assert [why for _, _, why in batch.chosen["left_out"]] == ["示例", "示例"]
