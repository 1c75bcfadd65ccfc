"""The 台账 as printed: whose rows, which conditions stand over them, and in whose words."""

import io
import re

import pypdf
import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from apps.documents.jobs import Denied
from apps.documents.models import Job
from apps.documents.rules import OPEN_PER_PERSON
from apps.documents.services import request_job
from apps.org.models import Assignment
from apps.risks.filters import RiskFilter
from apps.risks.models import RiskPoint
from apps.risks.papers import conditions, risk_ledger
from tests.kit.people import again
from tests.kit.risks import draft, measure, middle


@pytest.fixture
def in_words(world, rf):
    """The conditions of a query as one of the company's people would read them."""

    def read(query, who="clerk"):
        request = rf.get("/")
        request.user = again(world.people[who])
        return conditions(RiskFilter(QueryDict(query), RiskPoint.objects.visible_to(request.user), request=request))

    return read


def job_of(world, who, query=""):
    return request_job("risk-ledger", by=again(world.people[who]), at=timezone.now(), title="台账", params={"query": query})


def printed(job):
    name, media, pdf = risk_ledger(job, lambda done, total: None)
    assert media == "application/pdf"
    content = pdf if isinstance(pdf, bytes) else pdf.read()
    return name, re.sub(r"\s", "", "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


def test_no_condition_is_no_word(in_words):
    assert in_words("") == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("level=high&level=mid", "评定等级：高、中"),
        ("state=in_force", "状态：已生效"),
        ("layer=post&year=2026", "风险层级：岗位级；执行年度：2026"),
        ("overdue=on&mine=on", "措施逾期：是；我登记的：是"),
        ("q=签证", "关键词：签证"),
        ("view=high", "视图：高风险"),
    ],
)
def test_conditions_are_said_in_the_words_of_the_filter(in_words, query, words):
    assert in_words(query) == words


def test_a_unit_and_a_person_are_named(world, in_words):
    assert in_words(f"unit={world.company.pk}&below=on&person=赵静") == "单位：M城建开发有限公司；含下级单位：是；责任人：赵静"


def test_the_order_of_the_list_and_its_keys_are_no_words_for_a_paper(world, in_words):
    assert in_words("ordering=-level") == ""
    assert in_words("level=high&ordering=name&page=2&size=50") == "评定等级：高"
    assert in_words("ids=11,12,13") == "所选记录：3条"


def test_a_condition_that_makes_no_sense_is_said_and_prints_nothing(world, in_words):
    draft(world, by="clerk", name="招标文件量身定做")
    assert in_words("year=abc") == "筛选条件无效，未列出记录"
    name, text = printed(job_of(world, "clerk", "year=abc"))
    assert name.startswith("廉政风险点台账_M城建")
    assert "筛选条件无效" in text
    assert "招标文件量身定做" not in text


def test_the_paper_holds_the_rows_of_the_filter_and_their_measures(world):
    high = draft(world, by="clerk", name="招标文件量身定做", measures=[measure(world), measure(world, content="招标文件双人复核")])
    other = draft(world, by="clerk", **middle(world, name="物资验收流于形式") | {"unit": world.company})
    _, text = printed(job_of(world, "clerk", "level=high"))
    assert high.name in text
    assert other.name not in text
    assert "评定等级：高" in text
    for part in ("1.单项变更", "2.招标文件双人复核", "合计1条", "长期坚持"):
        assert part in text, part


def test_who_lost_his_rights_after_asking_gets_no_paper(world):
    job = job_of(world, "clerk")
    Assignment.objects.filter(user=world.clerk).delete()
    job.requested_by = again(world.clerk)
    with pytest.raises(Denied, match="您已没有查看廉政风险点的权限"):
        risk_ledger(job, lambda done, total: None)


def test_with_too_many_papers_under_way_one_is_back_at_the_same_list_with_the_reason(world, client):
    for _ in range(OPEN_PER_PERSON):
        job_of(world, "clerk")
    client.force_login(again(world.clerk))
    answer = client.post(reverse("risks-ledger"), {"query": "level=high"}, follow=True)
    assert answer.redirect_chain[0][0] == f"{reverse('risks-list')}?level=high"
    assert f"您已有 {OPEN_PER_PERSON} 项任务尚未完成" in answer.content.decode()
    assert Job.objects.count() == OPEN_PER_PERSON
