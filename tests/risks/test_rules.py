import datetime

import pytest

from apps.calendars.rules import Calendar
from apps.org.models import Department, Person, Post, Unit
from apps.risks import rules
from apps.risks.models import Measure, RiskPoint

TODAY = datetime.date(2026, 5, 18)
FROZEN = {"risk.cut_high": 9, "risk.cut_mid": 4, "risk.review.high": 3, "risk.review.mid": 6, "risk.review.low": 12}


def suggested(**facts):
    return rules.suggest_level(facts.pop("method", "lc"), **({"cut_high": 9, "cut_mid": 4} | facts))


@pytest.mark.parametrize(
    ("likelihood", "severity", "level"),
    [(1, 1, "low"), (1, 3, "low"), (2, 2, "mid"), (1, 4, "mid"), (2, 4, "mid"), (3, 3, "high"), (4, 3, "high"), (4, 4, "high")],
)
def test_the_product_gives_the_level(likelihood, severity, level):
    assert suggested(likelihood=likelihood, severity=severity).level == level


def test_the_page_is_told_why():
    assert suggested(likelihood=3, severity=3).reasons == ("L3×C3=9，达到9，建议高",)
    assert suggested(likelihood=2, severity=3).reasons == ("L2×C3=6，达到4未达到9，建议中",)
    assert suggested(likelihood=1, severity=2).reasons == ("L1×C2=2，未达到4，建议低",)
    assert suggested(method="consequence", consequence="crime").reasons == ("可能导致犯罪或受法律制裁，建议高",)
    assert suggested(method="count", criteria=["power", "gain", "cases"]).reasons == ("符合5项标准中的3项，建议高",)


def test_other_limits_give_other_levels():
    assert suggested(likelihood=3, severity=3, cut_high=12, cut_mid=6).level == "mid"


@pytest.mark.parametrize(("consequence", "level"), [("crime", "high"), ("discipline", "mid"), ("organisation", "low"), ("", ""), ("x", "")])
def test_the_consequence_gives_the_level(consequence, level):
    assert suggested(method="consequence", consequence=consequence).level == level


@pytest.mark.parametrize(
    ("ticks", "level"),
    [([], ""), (["gain"], "low"), (["gain", "gain"], "low"), (["gain", "power"], "mid"), (["gain", "power", "cases"], "high"),
     (list(rules.CRITERIA), "high"), (["else"], "")],
)  # fmt: skip
def test_the_criteria_give_the_level(ticks, level):
    assert suggested(method="count", criteria=ticks).level == level


@pytest.mark.parametrize("domain", rules.FLOOR_DOMAINS)
def test_power_to_decide_in_the_four_areas_means_at_least_high(domain):
    found = suggested(likelihood=2, severity=2, domain=domain, authority="decide")
    assert (found.score, found.level) == (4, "high")
    assert found.reasons[1].endswith("建议等级不低于高")


def test_the_floor_says_why_in_the_words_of_the_form():
    found = suggested(likelihood=1, severity=1, domain="works", authority="decide")
    assert found.reasons[1] == "业务领域为工程建设且岗位有审批权，建议等级不低于高"
    managed = suggested(likelihood=1, severity=1, domain="finance", authority="manage")
    assert (managed.level, managed.reasons[1]) == ("mid", "业务领域为财务管理与资金存放且岗位有一般管理（审核、督查）权，建议等级不低于中")


@pytest.mark.parametrize(
    "facts",
    [{"domain": "safety", "authority": "decide"}, {"domain": "works", "authority": "none"}, {"domain": "works", "authority": ""}, {}],
)
def test_no_floor_elsewhere(facts):
    assert suggested(likelihood=1, severity=1, **facts).level == "low"


def test_the_floor_never_lowers_and_never_guesses():
    assert suggested(likelihood=4, severity=4, domain="works", authority="manage").level == "high"
    assert suggested(domain="works", authority="decide").level == ""


def test_lower_is_lower_and_unknown_is_not():
    assert rules.is_lower("low", "mid")
    assert rules.is_lower("mid", "high")
    assert not rules.is_lower("high", "high")
    assert not rules.is_lower("high", "low")
    assert not rules.is_lower("", "high")
    assert not rules.is_lower("low", "")


@pytest.mark.parametrize(("level", "due"), [("high", "2026-08-31"), ("mid", "2026-11-30"), ("low", "2027-05-31")])
def test_the_review_comes_after_three_six_or_twelve_months(level, due):
    after = datetime.date(2026, 5, 29)
    assert rules.review_due(level, after=after, frozen=FROZEN, calendar=Calendar()) == datetime.date.fromisoformat(due)


def test_the_last_day_belongs_to_the_publicity():
    until = datetime.date(2026, 6, 1)
    assert not rules.publicity_is_over(until, today=until)
    assert rules.publicity_is_over(until, today=datetime.date(2026, 6, 2))


# -- what handing in needs -----------------------------------------------------------------------------------------------

UNIT, OTHER = Unit(pk=1, name="甲"), Unit(pk=2, name="乙")
WORKS, ELSEWHERE, OFFICE = Department(pk=1, unit=UNIT), Department(pk=2, unit=OTHER), Department(pk=3, unit=UNIT)
ENGINEER = Post(pk=1, unit=UNIT, department=WORKS)
STAFF = Person(pk=1, unit=UNIT, category="staff")
BOSS = Person(pk=2, unit=UNIT, category="leader")
CHIEF = Person(pk=3, unit=UNIT, category="committee", is_secretary=True)
FOREIGN = Person(pk=4, unit=OTHER, category="leader", is_secretary=True)


def point(**over) -> RiskPoint:
    facts = {
        "unit": UNIT, "department": WORKS, "post": ENGINEER, "year": 2026, "layer": "post", "power": "签证", "topic": "conduct",
        "domain": "works", "category": "process", "authority": "manage", "name": "名称", "manifestation": "一二三四五六七八九十一二三四五",
        "method": "lc", "likelihood": 3, "severity": 3, "level": "high", "responsible": STAFF, "head": STAFF, "leader": BOSS,
        "secretary": CHIEF, "ways": ["self"], "frozen": FROZEN,
    }  # fmt: skip
    return RiskPoint(**(facts | over))


def measure(**over) -> Measure:
    return Measure(**({"kind": "before", "content": "会签", "department": WORKS, "person": STAFF, "is_standing": True} | over))


def faults(measures=None, **over):
    return rules.missing_for_submission(point(**over), [measure()] if measures is None else measures, today=TODAY)


def test_a_complete_point_lacks_nothing():
    assert faults() == {}


def test_s7_a_point_without_a_measure_is_refused():
    assert faults([]) == {"measures": "请至少填写一条防控措施"}


def test_s7_a_department_point_with_a_post_and_no_department_is_refused():
    assert faults(layer="department", department=None) == {
        "department": "部门级风险点须选择部门", "post": "部门级风险点不填岗位"
    }  # fmt: skip


def test_a_unit_point_has_neither_department_nor_post_and_a_leader_of_the_unit():
    found = faults(layer="unit", leader=STAFF)
    assert found == {
        "department": "单位级风险点不填部门", "post": "单位级风险点不填岗位", "leader": "单位级风险点的责任领导须为班子成员"
    }  # fmt: skip
    assert faults(layer="unit", department=None, post=None, responsible=None, head=None) == {}


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"post": None}, {"post": "岗位级风险点须选择岗位"}),
        ({"department": OFFICE}, {"post": "岗位不属于所选部门"}),
        ({"layer": ""}, {"layer": "选择风险层级"}),
        ({"responsible": None}, {"responsible": "岗位级风险点须填写责任人"}),
        ({"head": None}, {"head": "选择部门负责人"}),
        ({"leader": None}, {"leader": "选择责任领导"}),
        ({"leader": STAFF}, {"leader": "责任领导须为班子成员"}),
        ({"secretary": None}, {"secretary": "高风险须填写党组织书记"}),
        ({"secretary": BOSS}, {"secretary": "所选人员不是党组织书记"}),
        ({"leader": FOREIGN}, {"leader": "所选人员不属于填报单位"}),
        ({"secretary": FOREIGN}, {"secretary": "所选人员不属于填报单位"}),
        ({"likelihood": None}, {"likelihood": "选择发生可能性"}),
        ({"severity": None}, {"severity": "选择后果严重性"}),
        ({"level": "", "secretary": None}, {"level": "选择评定等级"}),
        ({"level": "mid"}, {"level_reason": "评定等级与建议等级“高”不一致，填写等级调整理由"}),
        ({"level": "mid", "level_reason": "  "}, {"level_reason": "评定等级与建议等级“高”不一致，填写等级调整理由"}),
        ({"level": "mid", "level_reason": "已信息化管控"}, {}),
        ({"method": "consequence"}, {"consequence": "选择可能造成的后果"}),
        ({"method": "count"}, {"criteria": "五项标准均不符合，不作为风险点登记"}),
        ({"method": "count", "criteria": ["gain", "power", "cases"], "likelihood": None}, {}),
        ({"manifestation": "一二三四五六七 八九十一二三四"}, {"manifestation": "风险内容及表现形式不少于15字，现有14字"}),
        ({"power": ""}, {"power": "填写权力事项"}),
        ({"domain": ""}, {"domain": "选择业务领域"}),
        ({"category": ""}, {"category": "选择风险类别"}),
        ({"topic": ""}, {"topic": "选择专题类别"}),
        ({"authority": ""}, {"authority": "选择掌握的权力"}),
        ({"ways": []}, {"ways": "选择排查方式"}),
        ({"publicity_channels": []}, {"publicity_channels": "选择公示渠道"}),
        ({"publicity_scope": ""}, {"publicity_scope": "选择公示范围"}),
    ],
)
def test_each_fault_stands_beside_its_field(over, expected):
    assert faults(**over) == expected


def test_departments_and_posts_of_another_unit_are_refused():
    foreign_post = Post(pk=9, unit=OTHER, department=ELSEWHERE)
    assert faults(department=ELSEWHERE, post=foreign_post) == {
        "department": "所选部门不属于填报单位", "post": "所选岗位不属于填报单位"
    }  # fmt: skip


def test_an_empty_point_is_told_everything_at_once():
    empty = RiskPoint(unit=UNIT, year=2026, name="名称", method="lc", frozen=FROZEN, publicity_scope="", publicity_channels=[])
    assert set(rules.missing_for_submission(empty, [], today=TODAY)) == {
        "layer", "power", "domain", "category", "topic", "authority", "ways", "publicity_scope", "publicity_channels", "manifestation",
        "likelihood", "severity", "level", "head", "leader", "measures",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("over", "field", "message"),
    [
        ({"kind": ""}, "kind", "选择措施类型"),
        ({"content": " "}, "content", "填写措施内容"),
        ({"department": None}, "department", "选择责任部门"),
        ({"department": ELSEWHERE}, "department", "所选部门不属于填报单位"),
        ({"person": None}, "person", "选择责任人"),
        ({"person": FOREIGN}, "person", "所选人员不属于填报单位"),
        ({"is_standing": False}, "due_on", "填写完成时限，或勾选长期坚持"),
        ({"due_on": TODAY}, "due_on", "长期坚持的措施不填完成时限"),
        ({"is_standing": False, "due_on": TODAY - datetime.timedelta(days=1)}, "due_on", "完成时限不得早于今天"),
    ],
)
def test_each_fault_of_a_measure_stands_beside_its_field(over, field, message):
    assert faults([measure(), measure(**over)]) == {f"measures-1-{field}": f"措施2：{message}"}


def test_a_measure_may_end_today_and_a_carried_out_one_may_be_over():
    past = TODAY - datetime.timedelta(days=30)
    assert faults([measure(is_standing=False, due_on=TODAY), measure(is_standing=False, due_on=past, progress="done")]) == {}


def test_an_incomplete_hand_in_says_all_of_it_and_each_sentence_once():
    refusal = rules.Incomplete({"a": "甲", "b": "乙", "c": "甲"})
    assert (refusal.message, refusal.field, refusal.errors["c"]) == ("甲；乙", "a", "甲")


def test_an_own_business_area_is_named_by_its_code():
    assert rules.domain_name("own-7") == "own-7"
