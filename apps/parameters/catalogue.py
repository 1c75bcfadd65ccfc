"""Every 参数 the platform knows, with its default (domain.md Appendix B; a row with several values is split into several keys).

A value the administrators have not changed is the default written here. Adding a key is a change of this file; a key is never renamed,
because frozen values of old records carry it.
"""
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

JsonValue = int | str | list[int] | list[str]


class Kind(StrEnum):
    """How a value is written and checked."""

    INT = "int"
    DECIMAL = "decimal"  # kept as text, so that 0.5 stays 0.5
    CHOICE = "choice"
    LIST = "list"
    DATE = "date"  # a day of every year, MM-DD


class Effect(StrEnum):
    """What a change of the value moves; the page says it before a second person confirms."""

    DEADLINE = "期限"
    THRESHOLD = "阈值"
    METHOD = "方法"


@dataclass(frozen=True)
class Parameter:
    """One 参数: name, default, unit and the limits within which an administrator may change it.

    Every change needs a second person (house.md, table of apps); `effect` only tells what it moves.
    For a list, `minimum` and `maximum` hold for each item, `of` is the kind of the items, `order` is "asc", "desc" or "",
    `total` their required sum, and the number of items is that of the default unless `free_length`.
    """

    key: str
    name: str
    default: JsonValue
    unit: str = ""
    basis: str = "OK"
    kind: Kind = Kind.INT
    effect: Effect = Effect.DEADLINE
    minimum: int = 1
    maximum: int = 100_000
    allowed: tuple[int, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    of: Kind = Kind.INT
    order: str = ""
    total: int = 0
    free_length: bool = False
    hint: str = ""

    @property
    def group(self) -> str:
        """The part of the key before its first point."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Group:
    """A chapter of the parameter page."""

    code: str
    name: str
    parameters: tuple[Parameter, ...] = field(default=())


QUORUMS = (
    ("half_or_more", "应到人数的二分之一以上"), ("over_half", "超过应到人数的半数"),
    ("two_thirds_or_more", "应到人数的三分之二以上"), ("all", "全体"),
)
PASSES = (
    ("over_half_due", "超过应到会委员的半数"), ("over_half_present", "超过到会委员的半数"),
    ("two_thirds_due", "应到会委员的三分之二以上"), ("all_due", "应到会委员全体"),
)
BOARD_PASSES = (("over_half_all", "超过全体董事的半数"), ("two_thirds_all", "全体董事的三分之二以上"), ("all", "全体董事"))
METHODS = (("lc", "LC法"), ("consequence", "后果法"), ("count", "标准计数法"))

D, M, Y, W = "日", "月", "年", "工作日"


def _limit(key: str, name: str, default: int, unit: str, basis: str = "OK", **more: object) -> Parameter:
    return Parameter(key, name, default, unit, basis, effect=Effect.THRESHOLD, **more)  # type: ignore[arg-type]


def _percent(key: str, name: str, default: int, basis: str = "OK", **more: object) -> Parameter:
    return _limit(key, name, default, "%", basis, maximum=100, **more)


def _ratio(key: str, name: str, default: str, unit: str, basis: str, maximum: int) -> Parameter:
    return Parameter(key, name, default, unit, basis, Kind.DECIMAL, Effect.THRESHOLD, minimum=0, maximum=maximum)


def _choice(key: str, name: str, default: str, choices: tuple[tuple[str, str], ...], basis: str = "OK") -> Parameter:
    return Parameter(key, name, default, "", basis, Kind.CHOICE, Effect.METHOD, choices=choices)


def _list(key: str, name: str, default: list[int], unit: str, basis: str = "OK", **more: object) -> Parameter:
    return Parameter(key, name, default, unit, basis, Kind.LIST, **({"effect": Effect.THRESHOLD} | more))  # type: ignore[arg-type]


def _weights(key: str, name: str, default: list[int]) -> Parameter:
    return _list(key, name, default, "%", effect=Effect.METHOD, total=100, minimum=0, maximum=100)


P = Parameter

GROUPS = (
    Group("sxyd", "三重一大", (
        P("sxyd.report_before_days", "会前报备提前天数", 3, W),
        P("sxyd.material_before_days", "会议材料送达提前天数", 3, D, "W11"),
        P("sxyd.urgent_supplement_days", "紧急事项补报时限", 3, W),
        P("sxyd.legal_review_days", "合规审查时限（一般事项）", 3, W),
        P("sxyd.legal_review_days_major", "合规审查时限（重大事项）", 5, W),
        P("sxyd.minutes_days", "会议纪要印发时限", 5, W),
        P("sxyd.confirm_days", "会议记录确认时限", 3, D),
        P("sxyd.opinion_reply_days", "监督意见回复时限", 5, W),
        _limit("sxyd.split_window_days", "拆分识别窗口", 90, D, hint="也可设为365日"),
        _limit("sxyd.chain_gap_days", "决策链断裂天数", 60, D),
        _percent("sxyd.change_ratio", "重大变更金额增幅", 10, "W6、OK"),
        P("sxyd.posteval_invest", "后评价启动时间（投资、工程）", 12, M),
        P("sxyd.posteval_other", "后评价启动时间（其他事项）", 6, M),
        _weights("sxyd.posteval_weights", "后评价各项权重", [30, 25, 25, 10, 10]),
        P("sxyd.catalog_review_month", "事项清单年度修订月份", 3, M, "W6", maximum=12),
        P("sxyd.catalog_file_days", "事项清单备案时限", 5, D, "W6"),
        _choice("sxyd.quorum.party", "党委会到会人数（一般事项）", "half_or_more", QUORUMS, "W9"),
        _choice("sxyd.quorum.party_hr", "党委会到会人数（干部任免）", "two_thirds_or_more", QUORUMS, "W8"),
        _choice("sxyd.pass.party", "党委会通过票数", "over_half_due", PASSES, "W8"),
        _choice("sxyd.quorum.board", "董事会出席人数", "over_half", QUORUMS, "OK 公司法"),
        _choice("sxyd.pass.board", "董事会通过票数", "over_half_all", BOARD_PASSES, "OK 公司法"),
        _percent("sxyd.F.single_pct", "大额资金单笔占净资产比例", 1, "W6"),
        _limit("sxyd.F.single_amt", "大额资金单笔金额", 500, "万元"),
        _limit("sxyd.P.single_amt", "项目安排单项金额", 500, "万元"),
    )),
    Group("risk", "廉政风险", (
        _choice("risk.method", "定级方法", "lc", METHODS, "C5"),
        _limit("risk.cut_high", "LC法高风险分界", 9, "分", maximum=16, hint="D值不低于此数为高风险"),
        _limit("risk.cut_mid", "LC法中风险分界", 4, "分", maximum=16, hint="D值不低于此数为中风险"),
        P("risk.publicity_days", "风险公示期", 5, W),
        P("risk.node_days", "风险点各环节办理时限", 3, W),
        P("risk.review.high", "复查周期（高风险）", 3, M),
        P("risk.review.mid", "复查周期（中风险）", 6, M),
        P("risk.review.low", "复查周期（低风险）", 12, M),
        P("risk.adjust_days", "动态调整时限", 15, W),
        P("risk.rotation_years", "高风险岗位轮岗提醒", 3, Y),
        P("risk.alert.red", "红色预警处置时限", 3, W),
        P("risk.alert.orange", "橙色预警处置时限", 7, W),
        P("risk.alert.yellow", "黄色预警处置时限", 15, W),
        P("risk.monthly_day", "月报报送日", 26, "日（每月）", "C12", maximum=28),
        P("risk.mid", "年中总结报送日", "06-30", "", "C12", Kind.DATE),
        P("risk.year", "年度总结报送日", "11-30", "", "C12", Kind.DATE),
    )),
    Group("xc", "巡察整改", (
        _list("xc.onsite_days", "进驻时长提示（最短/最长）", [30, 45], D, "S002", effect=Effect.DEADLINE, order="asc"),
        P("xc.instant_fix_days", "立行立改时限", 15, D),
        P("xc.feedback_days", "党委听取后反馈时限", 15, W),
        P("xc.plan_months", "报送整改方案时限", 1, M, "W18"),
        P("xc.plan_reply_days", "方案审核回复时限", 10, W),
        P("xc.focus_months", "集中整改期", 6, M, "OK、W14", allowed=(2, 3, 6)),
        P("xc.report_days", "集中整改期满后报告时限", 15, D),
        P("xc.disclose_days", "整改情况公开时限", 15, D),
        P("xc.cont_report_months", "持续整改报告周期", 6, M, "W14"),
        P("xc.cont_max_months", "持续整改上限", 12, M, "W14"),
        P("xc.warn_before_days", "期满前发提醒书", 30, D, "W13"),
    )),
    Group("db", "督查督办", (
        P("db.sign_days", "督办签收时限", 1, W),
        P("db.limit.urgent", "批示督办时限（急件）", 5, D, "W19"),
        P("db.limit.normal", "批示督办时限（一般）", 15, D, "W19"),
        P("db.limit.hard", "批示督办时限（难件）", 30, D, "W19"),
        P("db.limit.minutes", "会议纪要督办时限", 20, D, "W19"),
        P("db.limit.doc", "公文督办时限", 30, D, "W19"),
        _limit("db.extend_max", "延期次数上限", 2, "次", minimum=0),
        _ratio("db.yellow_ratio", "黄灯比例", "0.5", "", "C8", 1),
        _weights("db.score_weights", "办理质量评分（时效/质量/反馈）", [40, 40, 20]),
    )),
    Group("doc", "整改通知与提醒函", (
        P("doc.reply_days", "整改通知回复时限", 30, D),
        P("doc.remind_reply_days", "提醒函回复时限", 15, D),
    )),
    Group("talk", "谈话", (
        P("talk.remind_days", "提醒谈话时限", 10, W),
        P("talk.post_days", "任职谈话时限", 15, D),
        P("talk.admonish_months", "诫勉影响期", 6, M),
        P("talk.inquiry_days", "函询回复时限", 15, W, "OK 监督执纪规则"),
        _list("talk.followup_months", "回访时间", [3, 6, 12], M, effect=Effect.DEADLINE, order="asc", free_length=True),
    )),
    Group("file", "廉政档案与附件", (
        P("file.new_months", "新任人员建档时限", 1, M, "W22"),
        P("file.update", "档案更新周期", 1, Y, "W22"),
        P("file.reply_days", "廉政意见回复时限", 10, W),
        _limit("file.max_mb", "附件大小上限", 50, "MB", maximum=2048),
    )),
    Group("rpt", "个人报告", (
        P("rpt.wed_before", "婚礼事前报告提前", 10, W, "OK、W25"),
        P("rpt.wed_after", "婚礼事后报告时限", 10, W, "OK、W25"),
        P("rpt.wed_funeral", "丧事事后报告时限", 10, W, "OK、W25"),
        _limit("rpt.wed_people", "婚宴人数上限", 200, "人", "W25"),
        _limit("rpt.wed_tables", "婚宴桌数上限", 20, "桌", "W25"),
        _limit("rpt.wed_cars", "婚礼车辆上限", 8, "辆", "W25"),
        _limit("rpt.wed_joint_people", "同城合办人数上限", 300, "人", "W25"),
        _limit("rpt.wed_joint_tables", "同城合办桌数上限", 30, "桌", "W25"),
        P("rpt.trip_before", "外出报备提前", 3, W, "W27"),
        P("rpt.passport_return", "证件交回时限", 10, D),
        P("rpt.gift_days", "礼品登记上交时限", 30, D, "W26"),
        _limit("rpt.gift_min", "礼品登记起点", 0, "元", "W26", minimum=0, hint="也可设为200元"),
        P("rpt.kin_window", "亲属申报年度窗口（起/止）", ["01-01", "03-31"], "", "OK", Kind.LIST, of=Kind.DATE, order="asc"),
        P("rpt.kin_change", "亲属情况变化申报时限", 30, D),
        P("rpt.intervene_days", "插手干预报告时限", 3, D, "W28"),
        P("rpt.personal_due", "个人事项集中报告截止日", "01-31", "", "W23", Kind.DATE),
    )),
    Group("xs", "信访与线索", (
        P("xs.named_notice", "实名举报告知时限", 15, W, "W20"),
        P("xs.named_feedback", "实名举报反馈时限", 15, W, "W20"),
        P("xs.opinion_months", "处置意见时限", 1, M),
        P("xs.talk_days", "谈话函询时限", 45, D, "W21"),
        P("xs.verify_days", "初步核实时限", 60, D, "W21"),
        _limit("xs.dup_days", "重复件窗口", 90, D, "C8"),
        P("xs.hold_review_months", "暂存待查复核周期", 6, M),
        P("xs.upward_days", "径送上级时限", 5, W, "W20"),
        _limit("xs.suppress_below", "统计遮蔽件数", 3, "件", hint="少于此数的统计格不显示"),
    )),
    Group("hol", "节日提醒", (
        P("hol.before_start", "节前工作启动提前", 10, W),
        P("hol.before_notice", "节前提醒发出提前", 3, W),
        P("hol.after_report", "节后报告时限", 5, W),
    )),
    Group("kh", "考核", (
        _list("kh.grades", "等次线（优秀/良好/合格）", [90, 80, 60], "分", order="desc", maximum=100),
        _limit("kh.bonus_max", "加分上限", 5, "分", minimum=0, maximum=100),
        _percent("kh.excellent_pct", "优秀比例", 30),
        P("kh.appeal_days", "公示申诉期", 5, W),
    )),
    Group("cg", "采购", (
        _limit("cg.min_quotes", "三三二：报价供应商数", 3, "家", "S003"),
        _limit("cg.min_inquirers", "三三二：询价人数", 2, "人", "S003"),
        _limit("cg.min_depts", "三三二：评审部门数", 3, "个", "S003"),
        _limit("cg.must_bid.work", "依法招标门槛（施工）", 400, "万元", "OK 16号令"),
        _limit("cg.must_bid.goods", "依法招标门槛（货物）", 200, "万元", "OK 16号令"),
        _limit("cg.must_bid.service", "依法招标门槛（服务）", 100, "万元", "OK 16号令"),
        _limit("cg.visit_amt", "实地考察起点", 100, "万元", "OK、S003"),
        _limit("cg.split_days", "采购拆分窗口", 30, D),
        _percent("cg.single_pct", "单一来源占比上限", 30),
        _ratio("cg.price_hi", "价格偏离上限", "1.1", "倍", "C9", 10),
        _ratio("cg.price_lo", "价格偏离下限", "0.8", "倍", "C9", 1),
    )),
    Group("zl", "资产租赁", (
        P("zl.disclose", "招租信息披露期", 10, W, "C11"),
        P("zl.result", "招租结果公示期", 3, W, "C11"),
        P("zl.staff", "职工公示期", 7, W, "W30"),
        _limit("zl.exchange_single", "进场交易起点（单项年租金）", 5, "万元", "W30"),
        _limit("zl.exchange_total", "进场交易起点（综合年租金）", 10, "万元", "W30"),
        _limit("zl.approve_single", "企业审批上限（单项年租金）", 40, "万元", "W30"),
        _limit("zl.approve_total", "企业审批上限（综合年租金）", 100, "万元", "W30"),
        _limit("zl.term_max", "租期上限", 5, Y, "W30", maximum=20),
        _limit("zl.term_special", "特殊资产租期上限", 10, Y, "W30、OK", maximum=20, hint="法定最长20年"),
        P("zl.expire_notice", "租约到期前启动", 3, M, "W30"),
        _limit("zl.arrears_amt", "欠租预警金额", 30, "万元", "C9"),
        _limit("zl.arrears_days", "欠租预警天数", 90, D),
    )),
    Group("gc", "工程变更", (
        _list("gc.change_tiers", "变更审批分档", [5, 20, 100], "万元", order="asc"),
        _percent("gc.change_pct", "累计变更预警比例", 10),
    )),
    Group("sz", "四重报备", (
        _list("sz.urgent_hours", "突发重大情况报备（口头/书面）", [2, 24], "小时", effect=Effect.DEADLINE, order="asc"),
        P("sz.normal_days", "其他情况报备时限", 3, W),
    )),
    Group("due", "期限与催办", (
        P("due.escalate_lead", "逾期报分管领导", 5, W, "domain 4.5"),
        P("due.escalate_chief", "逾期报主要领导", 10, W, "domain 4.5"),
    )),
    Group("sec", "账号安全", (
        _limit("sec.idle_limited", "会话锁定（三员、线索岗位）", 10, "分", maximum=30),
        _limit("sec.idle_normal", "会话锁定（一般人员）", 30, "分", maximum=30),
        _limit("sec.absolute_hours", "会话最长时间", 12, "时", "security AU-06", maximum=24),
        _limit("sec.password_days", "口令更换周期", 90, "天", "security AU", maximum=365),
        _limit("sec.lock_failures", "登录失败锁定次数", 5, "次", "security AU-05", minimum=3, maximum=10),
        _limit("sec.lock_minutes", "登录失败锁定时长", 15, "分", "security AU-05", minimum=5, maximum=1440),
        _limit("sec.strange_failures", "陌生网络登录失败锁定次数（每小时合计）", 20, "次", "security AU-05", minimum=10, maximum=100),
        _limit("sec.step_up_minutes", "二次验证有效时间", 5, "分", "security", maximum=30),
        _limit("sec.old_post_days", "原岗位经办事项可见期", 365, D, minimum=0),
        _limit("sec.delegation_max_days", "授权委托最长期限", 30, D, "domain 2.6"),
    )),
)

CATALOGUE = MappingProxyType({parameter.key: parameter for group in GROUPS for parameter in group.parameters})

# A pair of keys whose first value must stay below the second on every date, or rows would be judged against nonsense.
RISING_PAIRS = (
    ("risk.cut_mid", "risk.cut_high"), ("cg.price_lo", "cg.price_hi"), ("zl.exchange_single", "zl.exchange_total"),
    ("zl.approve_single", "zl.approve_total"), ("due.escalate_lead", "due.escalate_chief"), ("xc.focus_months", "xc.cont_max_months"),
)
