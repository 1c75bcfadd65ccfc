"""The catalogue against Appendix B of domain.md, and what each kind of value may be."""
from datetime import date
from decimal import Decimal

import pytest

from apps.core.errors import Refused
from apps.parameters import rules
from apps.parameters.catalogue import CATALOGUE, GROUPS, RISING_PAIRS, Effect, Kind

APPENDIX_B = {
    "sxyd.report_before_days": 3, "sxyd.material_before_days": 3, "sxyd.urgent_supplement_days": 3, "sxyd.legal_review_days": 3,
    "sxyd.legal_review_days_major": 5, "sxyd.minutes_days": 5, "sxyd.confirm_days": 3, "sxyd.opinion_reply_days": 5,
    "sxyd.split_window_days": 90, "sxyd.chain_gap_days": 60, "sxyd.change_ratio": 10, "sxyd.posteval_invest": 12,
    "sxyd.posteval_other": 6, "sxyd.posteval_weights": [30, 25, 25, 10, 10], "sxyd.catalog_review_month": 3,
    "sxyd.catalog_file_days": 5, "sxyd.quorum.party": "half_or_more", "sxyd.quorum.party_hr": "two_thirds_or_more",
    "sxyd.pass.party": "over_half_due", "sxyd.quorum.board": "over_half", "sxyd.pass.board": "over_half_all",
    "sxyd.F.single_pct": 1, "sxyd.F.single_amt": 500, "sxyd.P.single_amt": 500,
    "risk.method": "lc", "risk.cut_high": 9, "risk.cut_mid": 4, "risk.publicity_days": 5, "risk.review.high": 3, "risk.review.mid": 6,
    "risk.review.low": 12, "risk.adjust_days": 15, "risk.rotation_years": 3, "risk.alert.red": 3, "risk.alert.orange": 7,
    "risk.alert.yellow": 15, "risk.monthly_day": 26, "risk.mid": "06-30", "risk.year": "11-30",
    "xc.onsite_days": [30, 45], "xc.instant_fix_days": 15, "xc.feedback_days": 15, "xc.plan_months": 1, "xc.plan_reply_days": 10,
    "xc.focus_months": 6, "xc.report_days": 15, "xc.disclose_days": 15, "xc.cont_report_months": 6, "xc.cont_max_months": 12,
    "xc.warn_before_days": 30,
    "db.sign_days": 1, "db.limit.urgent": 5, "db.limit.normal": 15, "db.limit.hard": 30, "db.limit.minutes": 20, "db.limit.doc": 30,
    "db.extend_max": 2, "db.yellow_ratio": "0.5", "db.score_weights": [40, 40, 20],
    "doc.reply_days": 30, "doc.remind_reply_days": 15,
    "talk.remind_days": 10, "talk.post_days": 15, "talk.admonish_months": 6, "talk.inquiry_days": 15, "talk.followup_months": [3, 6, 12],
    "file.new_months": 1, "file.update": 1, "file.reply_days": 10, "file.max_mb": 50,
    "rpt.wed_before": 10, "rpt.wed_after": 10, "rpt.wed_funeral": 10, "rpt.wed_people": 200, "rpt.wed_tables": 20, "rpt.wed_cars": 8,
    "rpt.wed_joint_people": 300, "rpt.wed_joint_tables": 30, "rpt.trip_before": 3, "rpt.passport_return": 10, "rpt.gift_days": 30,
    "rpt.gift_min": 0, "rpt.kin_window": ["01-01", "03-31"], "rpt.kin_change": 30, "rpt.intervene_days": 3, "rpt.personal_due": "01-31",
    "xs.named_notice": 15, "xs.named_feedback": 15, "xs.opinion_months": 1, "xs.talk_days": 45, "xs.verify_days": 60, "xs.dup_days": 90,
    "xs.hold_review_months": 6, "xs.upward_days": 5, "xs.suppress_below": 3,
    "hol.before_start": 10, "hol.before_notice": 3, "hol.after_report": 5,
    "kh.grades": [90, 80, 60], "kh.bonus_max": 5, "kh.excellent_pct": 30, "kh.appeal_days": 5,
    "cg.min_quotes": 3, "cg.min_inquirers": 2, "cg.min_depts": 3, "cg.must_bid.work": 400, "cg.must_bid.goods": 200,
    "cg.must_bid.service": 100, "cg.visit_amt": 100, "cg.split_days": 30, "cg.single_pct": 30, "cg.price_hi": "1.1", "cg.price_lo": "0.8",
    "zl.disclose": 10, "zl.result": 3, "zl.staff": 7, "zl.exchange_single": 5, "zl.exchange_total": 10, "zl.approve_single": 40,
    "zl.approve_total": 100, "zl.term_max": 5, "zl.term_special": 10, "zl.expire_notice": 3, "zl.arrears_amt": 30, "zl.arrears_days": 90,
    "gc.change_tiers": [5, 20, 100], "gc.change_pct": 10,
    "sz.urgent_hours": [2, 24], "sz.normal_days": 3,
    "sec.idle_limited": 10, "sec.idle_normal": 30, "sec.old_post_days": 365,
}
BEYOND = {
    "sec.password_days": 90, "sec.absolute_hours": 12, "sec.lock_minutes": 15, "sec.lock_failures": 5, "sec.strange_failures": 20,
    "sec.step_up_minutes": 5,
    "sec.delegation_max_days": 30, "risk.node_days": 3, "due.escalate_lead": 5, "due.escalate_chief": 10,
}
EVERY = pytest.mark.parametrize("parameter", CATALOGUE.values(), ids=lambda parameter: parameter.key)


def check(key, raw):
    return rules.checked(CATALOGUE[key], raw)


def test_every_key_of_appendix_b_is_there_with_its_default():
    wanted = APPENDIX_B | BEYOND
    assert {key: CATALOGUE[key].default for key in wanted} == wanted


def test_no_key_stands_twice_and_each_stands_in_the_chapter_of_its_name():
    keys = [parameter.key for group in GROUPS for parameter in group.parameters]
    assert len(keys) == len(set(keys))
    assert all(parameter.group == group.code for group in GROUPS for parameter in group.parameters)


@EVERY
def test_every_default_keeps_the_limits_it_sets(parameter):
    assert rules.checked(parameter, parameter.default) == parameter.default
    assert rules.shown(parameter, parameter.default)
    assert parameter.name
    assert parameter.basis


@pytest.mark.parametrize(("low", "high"), RISING_PAIRS)
def test_every_rising_pair_rises_by_default(low, high):
    assert rules.stays_below(CATALOGUE[low].default, CATALOGUE[high].default)


def test_what_a_change_moves_is_known():
    assert CATALOGUE["risk.publicity_days"].effect is Effect.DEADLINE
    assert CATALOGUE["xc.onsite_days"].effect is Effect.DEADLINE
    assert CATALOGUE["risk.cut_high"].effect is Effect.THRESHOLD
    assert CATALOGUE["risk.method"].effect is Effect.METHOD


@pytest.mark.parametrize(
    ("key", "raw", "stored"),
    [
        ("risk.publicity_days", " 7 ", 7),
        ("risk.publicity_days", 7, 7),
        ("db.yellow_ratio", "0.60", "0.6"),
        ("db.yellow_ratio", Decimal("1.0"), "1"),
        ("db.yellow_ratio", "0", "0"),
        ("risk.method", "count", "count"),
        ("risk.mid", "6-25", "06-25"),
        ("risk.mid", "6月25日", "06-25"),
        ("kh.grades", "95/85/60", [95, 85, 60]),
        ("kh.grades", "95，85、 60", [95, 85, 60]),
        ("db.score_weights", (50, 30, 20), [50, 30, 20]),
        ("talk.followup_months", "6/12", [6, 12]),
        ("rpt.kin_window", ["2-1", "4-30"], ["02-01", "04-30"]),
        ("rpt.gift_min", "0", 0),
        ("xc.focus_months", "3", 3),
    ],
)
def test_a_value_has_one_spelling_however_it_is_written(key, raw, stored):
    assert check(key, raw) == stored


@pytest.mark.parametrize(
    ("key", "raw", "message"),
    [
        ("risk.publicity_days", "五", "「风险公示期」应填写整数。"),
        ("risk.publicity_days", "5.5", "「风险公示期」应填写整数。"),
        ("risk.publicity_days", "", "「风险公示期」应填写整数。"),
        ("risk.publicity_days", "0", "「风险公示期」应在1到100000之间。"),
        ("sxyd.change_ratio", "101", "「重大变更金额增幅」应在1到100之间。"),
        ("risk.publicity_days", "99999999999", "「风险公示期」应填写整数。"),
        ("db.yellow_ratio", "一半", "「黄灯比例」应填写数字，小数不超过四位。"),
        ("db.yellow_ratio", "0.12345", "「黄灯比例」应填写数字，小数不超过四位。"),
        ("db.yellow_ratio", "NaN", "「黄灯比例」应填写数字，小数不超过四位。"),
        ("db.yellow_ratio", "1.1", "「黄灯比例」应在0到1之间。"),
        ("risk.method", "LC法", "「定级方法」应从所列选项中选择。"),
        ("risk.mid", "2-29", "「年中总结报送日」应填写每年都有的月和日，如6-30。"),
        ("risk.mid", "6月底", "「年中总结报送日」应填写每年都有的月和日，如6-30。"),
        ("xc.focus_months", "4", "「集中整改期」应为2、3、6之一。"),
        ("kh.grades", "90/80", "「等次线（优秀/良好/合格）」应填写3个数，用“/”隔开。"),
        ("kh.grades", "80/90/60", "「等次线（优秀/良好/合格）」应从大到小填写。"),
        ("kh.grades", "90/90/60", "「等次线（优秀/良好/合格）」应从大到小填写。"),
        ("gc.change_tiers", "20/5/100", "「变更审批分档」应从小到大填写。"),
        ("db.score_weights", "40/40/30", "「办理质量评分（时效/质量/反馈）」各项之和应为100。"),
        ("rpt.kin_window", "3-31/1-1", "「亲属申报年度窗口（起/止）」应从小到大填写。"),
        ("talk.followup_months", "", "「回访时间」应填写整数。"),
    ],
)
def test_a_value_outside_its_limits_is_refused_with_what_to_write(key, raw, message):
    with pytest.raises(Refused) as refused:
        check(key, raw)
    assert (refused.value.message, refused.value.field) == (message, "value")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sxyd.report_before_days", "3个工作日"),
        ("risk.review.high", "3个月"),
        ("xc.report_days", "15日"),
        ("db.score_weights", "40/40/20%"),
        ("db.yellow_ratio", "0.5"),
        ("risk.mid", "6月30日"),
        ("rpt.kin_window", "1月1日至3月31日"),
        ("risk.method", "LC法"),
        ("sxyd.quorum.party", "应到人数的二分之一以上"),
    ],
)
def test_a_value_is_shown_as_officials_write_it(key, text):
    assert rules.shown(CATALOGUE[key], CATALOGUE[key].default) == text


def test_a_frozen_value_calculates_like_a_fresh_one():
    assert rules.thawed({"db.yellow_ratio": "0.5", "risk.cut_high": 9, "kh.grades": [90, 80, 60]}) == {
        "db.yellow_ratio": Decimal("0.5"), "risk.cut_high": 9, "kh.grades": [90, 80, 60],
    }


def test_a_yearly_day_is_a_date_of_the_year():
    assert rules.day_in("06-30", 2026) == date(2026, 6, 30)


def test_only_decimals_are_kept_as_text():
    assert {parameter.key for parameter in CATALOGUE.values() if parameter.kind is Kind.DECIMAL} == {
        "db.yellow_ratio", "cg.price_hi", "cg.price_lo",
    }
