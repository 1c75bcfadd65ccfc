"""台账: heading, header, footer, watermark, parts (domain.md 3.3, PR-04)."""
import datetime
import io
import re
from decimal import Decimal

import pypdf
import pytest

from apps.core.errors import Refused
from apps.documents import ledger as module
from apps.documents.ledger import MAX_ROWS, Column, Ledger, ledger_pdf
from tests.documents.conftest import RARE

COLUMNS = [Column("序号", 1, "center"), Column("风险点", 4), Column("责任人", 1.5, "center"), Column("金额（万元）", 2, "right"),
           Column("公示日期", 2, "center")]


def make(**facts):
    return Ledger(**{
        "title": "甲集团2026年度廉政风险点台账", "columns": COLUMNS, "unit": "甲集团", "filled_on": datetime.date(2026, 5, 20),
        "exported_by": "周敏 审计部", "exported_at": datetime.datetime(2026, 5, 20, 1, 30, tzinfo=datetime.UTC), "number": "DC-7",
        "filled_by": "周敏", "reviewed_by": "吴珺", "conditions": "等级 高",
    } | facts)


def rows(count):
    return [(n + 1, f"擅自变更设计 F{n + 1:05}", RARE[n % 4] + "军", Decimal("12.50"), datetime.date(2026, 6, 30)) for n in range(count)]


def pages(pdf):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def flat(text):
    return re.sub(r"\s", "", text)


def test_a_ledger_of_one_page_says_everything():
    pdf = ledger_pdf(make(), rows(3), total=3)
    text = flat("".join(pages(pdf)))
    for part in ("甲集团2026年度廉政风险点台账", "单位：甲集团（盖章）", "填表人：周敏", "审核人：吴珺", "填报日期：2026年5月20日",
                 "筛选条件：等级高", "合计3条", "第1页共1页", "导出人周敏审计部2026-05-2009:30编号DC-7", "12.50", "2026-06-30", *RARE[:3]):
        assert part in text
    box = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (842, 595)


def test_header_watermark_and_page_numbers_stand_on_every_page():
    texts = [flat(text) for text in pages(ledger_pdf(make(), rows(70), total=70))]
    assert len(texts) >= 3
    for number, text in enumerate(texts, 1):
        assert "金额（万元）" in text
        assert f"第{number}页共{len(texts)}页" in text
        assert "编号DC-7" in text
    assert ["甲集团2026" in text for text in texts] == [True] + [False] * (len(texts) - 1)
    assert ["合计" in text for text in texts] == [False] * (len(texts) - 1) + [True]


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 100 rows, the least."""
    monkeypatch.setattr(module, "PART_CELLS", 1)


def test_parts_join_without_a_seam(small_parts):
    reports = []
    pdf = ledger_pdf(make(), iter(rows(250)), total=250, progress=lambda done, total: reports.append((done, total)))
    texts = [flat(text) for text in pages(pdf)]
    assert re.findall(r"F(\d{5})", "".join(texts)) == [f"{n + 1:05}" for n in range(250)]
    assert [f"第{n + 1}页共{len(texts)}页" in text for n, text in enumerate(texts)] == [True] * len(texts)
    counts = [len(re.findall(r"F\d{5}", text)) for text in texts]
    assert set(counts[1:-1]) == {max(counts)}  # no half empty page where two parts meet
    assert [("甲集团2026" in text, "合计250条" in text) for text in (texts[0], texts[1], texts[-1])] == [
        (True, False), (False, False), (False, True),
    ]
    assert reports[-1] == (250, 250)
    assert len(reports) == 3
    assert reports[0][0] < 100
    facts = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert (facts.title, facts.author) == ("甲集团2026年度廉政风险点台账", "周敏 审计部")
    assert "DC-7" in facts.subject


def test_parts_and_one_piece_break_pages_alike(monkeypatch):
    whole = [flat(text) for text in pages(ledger_pdf(make(), rows(150), total=150))]
    monkeypatch.setattr(module, "PART_CELLS", 1)
    parts = [flat(text) for text in pages(ledger_pdf(make(), rows(150), total=150))]
    assert [re.findall(r"F\d{5}", text) for text in whole] == [re.findall(r"F\d{5}", text) for text in parts]


def test_an_empty_ledger_says_so():
    text = flat("".join(pages(ledger_pdf(make(conditions=""), [], total=0))))
    assert "没有符合条件的记录" in text
    assert "筛选条件" not in text


def test_given_totals_stand_under_their_columns():
    totals = ("合计", "", "", Decimal("37.50"), None)
    assert "合计37.50" in flat("".join(pages(ledger_pdf(make(totals=totals), rows(3), total=3))))


def test_a_moment_is_printed_in_local_time():
    row = (1, datetime.datetime(2026, 5, 20, 20, 5, tzinfo=datetime.UTC), "甲", None, None)
    assert "2026-05-2104:05" in flat("".join(pages(ledger_pdf(make(), [row], total=1))))


def test_markup_in_a_cell_is_printed_as_text():
    row = (1, "<img src=http://127.0.0.1:1/x>&amp;", "甲", None, None)
    assert "<imgsrc=http://127.0.0.1:1/x>&amp;" in flat("".join(pages(ledger_pdf(make(title="<b>账"), [row], total=1))))


def test_a_row_of_the_wrong_width_is_a_programming_error():
    with pytest.raises(ValueError, match="argument"):
        ledger_pdf(make(), [(1, 2)], total=1)


def test_too_many_rows_are_refused_with_the_limit():
    with pytest.raises(Refused, match="不超过 20000 条"):
        ledger_pdf(make(), iter(()), total=MAX_ROWS + 1)


def test_a_name_no_face_has_stops_the_ledger():
    with pytest.raises(Refused, match=r"U\+1F600"):
        ledger_pdf(make(), [(1, "😀", "甲", None, None)], total=1)
