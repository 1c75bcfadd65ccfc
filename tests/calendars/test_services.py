"""Taking notices into the calendar: all or nothing, in force at once, every change in the audit."""
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.calendars import queries, services
from apps.calendars.models import Day, Year
from apps.calendars.rules import Calendar
from apps.core import health
from apps.core.errors import Refused
from tests.kit import audit

from .conftest import OFFICIAL, d
from .test_sheets import DAILY_2027, OURS, PUBLISHED, YEAR_2027

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
def admin():
    return User.objects.create_user("xitong", name="系统管理员甲")


@pytest.fixture
def loaded(db):
    services.load_official(at=AT)


def take_in(text, by):
    return services.import_csv(io.BytesIO(text.encode()), by=by, at=AT)


def test_the_notices_that_come_with_the_program_make_the_official_calendar():
    assert services.load_official(at=AT) == [2024, 2025, 2026]
    assert queries.calendar() == OFFICIAL_WITH_MAKEUP_NAMES
    assert Year.objects.get(year=2025).source == "国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）"
    assert [one.object_label for one in audit.events(event_type="calendar.loaded")] == ["2024年", "2025年", "2026年"]


OFFICIAL_WITH_MAKEUP_NAMES = Calendar(
    OFFICIAL.rest, OFFICIAL.makeup, OFFICIAL.years,
    OFFICIAL.names | {day: name for notice in services.NOTICES for name, day in notice.makeup},
)


def test_loading_again_changes_nothing(loaded):
    before = list(Year.objects.values().order_by("year"))
    assert services.load_official(at=AT + timedelta(days=1)) == []
    assert list(Year.objects.values().order_by("year")) == before


def test_loading_leaves_a_year_alone_that_was_imported(admin):
    Year.objects.create(year=2026, source="本单位导入", loaded_at=AT)
    assert services.load_official(at=AT) == [2024, 2025]
    assert Year.objects.get(year=2026).source == "本单位导入"


def test_a_new_year_counts_from_the_import_on_and_needs_no_restart(loaded, admin):
    assert queries.calendar().deadline(d("2027-02-04"), 1, "工作日").mark == "日历未更新"
    assert queries.warning(d("2026-11-20")) is not None
    result = take_in(PUBLISHED + YEAR_2027, admin)
    assert (result.years, result.days, result.remarks) == ([2027], 34, [])
    assert queries.calendar().add_workdays(d("2027-02-04"), 1) == d("2027-02-15")
    assert queries.calendar().deadline(d("2027-02-04"), 1, "工作日").mark == ""
    assert queries.warning(d("2026-11-20")) is None
    event = audit.event(event_type="calendar.imported")
    assert (event.stream, event.actor_id, event.object_label) == ("sys", admin.pk, "2027年")
    assert audit.after(event)["2027-06-09"] == "法定节假日 端午节"
    assert audit.events(event_type="unattributed", object_type__startswith="calendars.") == []


def test_the_calendar_is_read_again_only_when_it_changed(loaded, django_assert_num_queries):
    first = queries.calendar()
    with django_assert_num_queries(1):
        assert queries.calendar() is first


def test_an_undone_import_leaves_no_trace_in_memory(loaded, admin):
    with transaction.atomic():
        take_in(PUBLISHED + YEAR_2027, admin)
        assert 2027 in queries.calendar().years
        transaction.set_rollback(True)
    assert 2027 not in queries.calendar().years


def test_nothing_is_taken_in_when_one_row_is_bad(loaded, admin):
    with pytest.raises(Refused) as refused:
        take_in(PUBLISHED + YEAR_2027 + "2028,元旦,x,,,,,文,,\n", admin)
    assert (refused.value.message, refused.value.field) == ("第9行：“放假开始”应填写日期，如2026-10-01，现为“x”。", "file")
    assert not Year.objects.filter(year__gte=2027).exists()


def test_twenty_faults_are_shown_and_the_rest_counted(admin):
    with pytest.raises(Refused) as refused:
        take_in(OURS + "x,法定节假日,甲,文\n" * 25, admin)
    lines = refused.value.message.splitlines()
    assert (len(lines), lines[19][:4], lines[20]) == (21, "第21行", "另有5处。")


def test_a_second_notice_replaces_the_first_and_keeps_our_own_days_of_rest(loaded, admin):
    take_in(PUBLISHED + YEAR_2027, admin)
    services.set_unit_rest(d("2027-03-08"), name="司庆", by=admin, at=AT)
    take_in(OURS + DAILY_2027, admin)
    assert set(Day.objects.filter(year__year=2027).values_list("date", flat=True)) == {
        d(row[:10]) for row in DAILY_2027.splitlines()
    } | {d("2027-03-08")}
    event = audit.events(event_type="calendar.imported")[-1]
    assert audit.before(event)["2027-06-09"] == "法定节假日 端午节"
    assert audit.after(event)["2027-06-09"] == "法定节假日 放假"


def test_a_notice_takes_over_a_day_of_rest_of_our_own(loaded, admin):
    take_in(OURS + DAILY_2027, admin)
    services.set_unit_rest(d("2027-10-04"), name="司庆", by=admin, at=AT)
    take_in(PUBLISHED + YEAR_2027, admin)
    assert Day.objects.get(date=d("2027-10-04")).kind == "holiday"


def test_a_day_of_another_years_notice_is_not_taken_away(loaded, admin):
    take_in(PUBLISHED + YEAR_2027.replace("2027-01-01,2027-01-03,3", "2026-12-31,2027-01-02,3"), admin)
    days_2026 = "".join(f"{day},法定节假日,放假,文\n" for day in (
        "2026-01-01", "2026-02-17", "2026-04-05", "2026-05-01", "2026-06-19", "2026-09-25", "2026-10-01", "2026-12-31",
    ))
    with pytest.raises(Refused) as refused:
        take_in(OURS + days_2026, admin)
    assert refused.value.message == "第9行：2026-12-31已列入2027年的放假安排，核对“年份”。"


def test_a_day_of_rest_of_our_own_moves_deadlines_until_it_is_taken_back(loaded, admin):
    services.set_unit_rest(d("2026-04-10"), name="司庆", by=admin, at=AT)
    assert queries.calendar().workdays_before(d("2026-04-14"), 3) == d("2026-04-08")
    services.clear_unit_rest(d("2026-04-10"), by=admin, at=AT)
    assert queries.calendar().workdays_before(d("2026-04-14"), 3) == d("2026-04-09")
    assert [one.event_type for one in audit.events(actor_id=admin.pk)] == ["calendar.rest_set", "calendar.rest_cleared"]
    assert audit.events(event_type="unattributed", object_type__startswith="calendars.") == []


@pytest.mark.parametrize(
    ("day", "name", "message"),
    [
        ("2026-04-10", " ", "应填写名称，不超过30字。"),
        ("2026-10-01", "司庆", "2026-10-01已有安排或为周末，应选择工作日。"),
        ("2026-04-11", "司庆", "2026-04-11已有安排或为周末，应选择工作日。"),
        ("2030-04-10", "司庆", "2030年尚无放假安排，应先导入。"),
    ],
)
def test_a_day_of_rest_of_our_own_is_refused(loaded, admin, day, name, message):
    with pytest.raises(Refused, match=message):
        services.set_unit_rest(d(day), name=name, by=admin, at=AT)


def test_only_a_day_of_rest_of_our_own_can_be_taken_back(loaded, admin):
    with pytest.raises(Refused, match="2026-10-01不是单位自定休息。"):
        services.clear_unit_rest(d("2026-10-01"), by=admin, at=AT)


@pytest.mark.parametrize(("day", "kind"), [("2026-11-20", "makeup"), ("2026-11-21", "other")])
def test_the_database_refuses_what_no_calendar_has(loaded, day, kind):
    year = Year.objects.get(year=2026)
    with pytest.raises(IntegrityError), transaction.atomic():
        Day.objects.create(year=year, date=d(day), kind=kind, name="甲", source="乙")


def test_the_health_page_says_that_next_years_notice_is_missing(loaded):
    assert "2027年日历未更新：应导入国务院办公厅放假安排通知，导入前按周一至周五推算期限。" in health.examine(AT).warnings
    assert not any("日历" in text for text in health.examine(AT - timedelta(days=60)).warnings)


def test_a_change_past_the_services_is_seen(loaded, admin):
    audit.flushed()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE calendars_day SET name = '改' WHERE date = '2026-10-01'")
    assert audit.event(event_type="unattributed", object_type__startswith="calendars.").object_type == "calendars.day"


def test_setup_prepares_the_calendar_and_the_audits_key_and_does_nothing_the_second_time(settings, tmp_path):
    settings.AUDIT_KEY_FILE = tmp_path / "audit.key"
    first, second = io.StringIO(), io.StringIO()
    call_command("setup", stdout=first)
    key = settings.AUDIT_KEY_FILE.read_bytes()
    call_command("setup", stdout=second)
    assert {"审计：已生成签名密钥", "工作日历：已载入2024年、2025年、2026年放假安排"} <= set(first.getvalue().splitlines())
    assert {"审计：已有签名密钥", "工作日历：已是最新"} <= set(second.getvalue().splitlines())
    assert settings.AUDIT_KEY_FILE.read_bytes() == key


def test_a_year_and_a_day_name_themselves(loaded):
    day = Day.objects.select_related("year").get(date=d("2026-10-10"))
    assert (str(day), str(day.year)) == ("2026-10-10 国庆节", "2026年")
