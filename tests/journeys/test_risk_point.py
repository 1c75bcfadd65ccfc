"""A risk point from the first letter into force, by the people whose turn it is (domain.md §5, S7)."""
import datetime
import io
import re

import pypdf
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.models import PortalSession
from apps.documents.services import run_jobs
from apps.notices.services import pump
from apps.org.models import Sitting
from apps.pages.models import Draft
from apps.risks.models import RiskPoint
from config.tick import tick
from tests.journeys.desk import PASSWORD
from tests.journeys.forms import MEASURE, NAME, POINT
from tests.kit.smtp import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_first_letter_into_force(desk, world, smtp):
    author = desk("author")
    write_while_the_session_ends(author, world)
    hand_in_at_last(author)
    record = RiskPoint.objects.get()
    assert (record.state, record.suggested, record.level, record.score) == ("department", "high", "high", 4)
    one_mail_tells(world.head, smtp)
    judge(desk("head"), record, "同意")
    leader = desk("leader")
    return_for_one_field(leader, record)
    change_only_that_field(author, record)
    assert RiskPoint.objects.get().state == "leader"
    judge(leader, record, "同意")
    judge(desk("inspector"), record, "同意")
    assert RiskPoint.objects.get().state == "party"
    hold_the_sitting(desk, record)
    days_pass(record)
    author = desk("author")  # more than a week went by: the night's cleaning may have taken the old session
    author.open(f"/risks/{record.pk}/")
    expect(author.page.locator("h1 ~ .pill")).to_contain_text("已生效")
    take_the_ledger_home(author)


def write_while_the_session_ends(author, world):
    """The server ends the session between two letters: the next autosave asks for the password, nothing is lost."""
    page = author.open("/risks/new/")
    with page.expect_response("**/risks/new/draft/") as saved:
        author.fill(POINT)
    assert saved.value.status == 200
    expect(page.locator("[data-save-state]")).to_contain_text("草稿已自动保存")
    assert Draft.objects.get(user=world.author).data["name"] == [NAME]
    PortalSession.objects.filter(user=world.author).delete()
    with page.expect_response("**/risks/new/draft/") as refused:
        author.fill({"indicator": "签证超期率"})
    assert refused.value.status == 401
    dialog = page.locator("#relogin-dialog")
    expect(dialog).to_be_visible()
    with page.expect_response("**/risks/new/draft/") as again:
        dialog.locator("[name=password]").fill(PASSWORD)
        dialog.get_by_role("button", name="重新登录").click()
    assert again.value.status == 200
    expect(dialog).to_be_hidden()
    assert page.locator("[name=indicator]").input_value() == "签证超期率"
    assert wait_until(lambda: Draft.objects.get(user=world.author).data["indicator"] == ["签证超期率"], seconds=5)


def hand_in_at_last(author):
    """Refused without a measure, refused with a lower level and no reason; then it goes."""
    page = author.page
    author.press("提交")
    expect(author.summary).to_contain_text("请至少填写一条防控措施")
    expect(page.locator("#measures .err")).to_contain_text("请至少填写一条防控措施")
    assert not RiskPoint.objects.exists()
    page.get_by_role("button", name="添加一条措施").click()
    author.fill(MEASURE, prefix="measures-0-")
    author.fill({"level": "低"})
    author.press("提交")
    expect(author.summary).to_contain_text("评定等级与建议等级“高”不一致，填写等级调整理由")
    expect(page.locator("#id_level_reason_error")).to_contain_text("填写等级调整理由")
    assert page.locator("[name=measures-0-content]").input_value() == MEASURE["content"]
    author.fill({"level": "高"})
    author.press("提交")
    author.told("风险点已提交")
    author.told("下一步由部门负责人 赵静办理“部门审核”")


def judge(person, record, label, opinion="情况属实。"):
    """Open the record from one's own to-do list and make the move."""
    page = person.open("/todo/")
    page.get_by_role("link", name=NAME, exact=False).first.click()
    page.wait_for_url(f"**/risks/{record.pk}/")
    page.locator("[data-opinion]").fill(opinion)
    person.press(label)
    person.told("办理记录已保存")


def return_for_one_field(leader, record):
    page = leader.open(f"/risks/{record.pk}/")
    leader.press("退回填报人")
    expect(page.locator("#opinion_error")).to_contain_text("填写退回填报人的理由和要求")
    page.locator("[data-opinion]").fill("表现形式写明分级审批的金额界限。")
    page.get_by_text("指定需要修改的栏目").click()
    leader.fill({"fields": ["manifestation"]})
    leader.press("退回填报人")
    leader.told("风险点已退回填报人")
    assert RiskPoint.objects.get().state == "draft"


def change_only_that_field(author, record):
    page = author.open(f"/risks/{record.pk}/")
    author.told("表现形式写明分级审批的金额界限")
    page.get_by_role("link", name="修改").click()
    author.fill({"manifestation": "与施工单位串通虚增工程量，将50万元以上的变更拆分，规避分级审批。"})
    author.press("提交")
    author.told("办理“分管领导审定”")


def hold_the_sitting(desk, record):
    """The party office records, the secretary confirms, the party office registers that it was passed."""
    office = desk("party_office")
    page = office.open("/sittings/new/")
    today = timezone.localdate().isoformat()
    office.fill({"body": "M城建　党委会", "number": "2026年第15次", "met_on": today, "present": "1", "subject": "审定高风险点一个"})
    office.press("登记会议")
    office.told("会议已登记，由党组织书记确认后可以引用")
    sitting = Sitting.objects.get()
    secretary = desk("secretary")
    secretary.open(f"/sittings/{sitting.pk}/")
    secretary.press("确认会议")
    secretary.page.locator("#confirm-dialog").get_by_role("button", name="确认会议").click()
    secretary.told("会议已确认，可以引用")
    page = office.open(f"/risks/{record.pk}/")
    page.locator("[name=sitting]").select_option(str(sitting.pk))
    office.press("登记会议通过")
    office.told("会议审定已登记，风险点进入公示")


def days_pass(record):
    """The last day of publicity still belongs to it; the night after, the clock puts the point into force."""
    record.refresh_from_db()
    assert record.state == "publicity"
    night = timezone.make_aware(datetime.datetime.combine(record.publicity_until, datetime.time(1)))
    assert tick(clock=lambda: night, outbox=False) == []
    record.refresh_from_db()
    assert record.state == "publicity"
    assert tick(clock=lambda: night + datetime.timedelta(days=1), outbox=False) == []
    record.refresh_from_db()
    assert (record.state, record.effective_on) == ("in_force", record.publicity_until + datetime.timedelta(days=1))


def take_the_ledger_home(author):
    """Ask for the ledger, let the worker print it, and fetch the file through the page."""
    page = author.open("/risks/")
    author.press("导出台账")
    page.wait_for_url("**/jobs/")
    author.told("台账正在生成")
    assert run_jobs(clock=timezone.now, limit=5) == 1
    link = page.get_by_role("link", name="下载")
    expect(link).to_be_visible()  # the row asks for itself
    with page.expect_download() as fetched:
        link.click()
    assert fetched.value.suggested_filename.startswith("廉政风险点台账_M城建_")
    content = io.BytesIO(fetched.value.path().read_bytes())
    text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(content).pages)
    assert NAME in re.sub(r"\s", "", text)


def one_mail_tells(person, smtp):
    """The mail about the to-do lies in the sink exactly once, however often the outbox is pumped."""
    pump(clock=timezone.now)
    pump(clock=timezone.now)
    assert smtp.recipients.count(person.email) == 1
    _, message = next(mail for mail in smtp.mails if mail[0] == person.email)
    assert "部门审核" in message["Subject"]
    assert NAME not in message["Subject"] + message.get_content()
