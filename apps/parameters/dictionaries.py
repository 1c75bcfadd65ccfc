"""The 字典 the platform starts with: stable codes, Chinese labels, in the order in which they are offered.

A code is never renamed nor deleted: rows keep it. What administrators add or stop using lies in `DictionaryItem`.
"""
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Dictionary:
    """One list of choices; `items` are built in and cannot be renamed."""

    code: str
    name: str
    items: tuple[tuple[str, str], ...]


ALL = (
    # domain.md 1.2 A
    Dictionary("business_area", "业务领域", (
        ("decisions", "三重一大决策"),
        ("personnel", "选人用人"),
        ("works", "工程建设（招投标、变更、结算）"),
        ("procurement", "物资（服务）采购"),
        ("leasing", "资产租赁与处置"),
        ("finance", "财务管理与资金存放"),
        ("investment", "投融资与资本运营"),
        ("property_trade", "产权交易"),
        ("contracts", "合同管理"),
        ("receivables", "应收款项清收"),
        ("hospitality", "公务接待与履职待遇业务支出"),
        ("cars_offices", "公车办公用房"),
        ("pay", "人事薪酬"),
        ("systems_seals", "信息系统与印章档案"),
        ("safety", "安全环保"),
        ("discipline_office", "纪检监察自身"),
        ("other", "其他"),
    )),
    Dictionary("risk_kind", "风险类别", (
        ("moral", "思想道德风险"),
        ("duty", "岗位职责风险"),
        ("process", "业务流程风险"),
        ("system", "制度机制风险"),
        ("environment", "外部环境风险"),
    )),
    Dictionary("risk_level", "风险层级", (("unit", "单位级"), ("department", "部门级"), ("post", "岗位级"))),
    Dictionary("finding_way", "排查方式", (
        ("self", "自己找"),
        ("people", "群众帮"),
        ("leader", "领导提"),
        ("collective", "集体定"),
        ("organisation", "组织审"),
        ("inspection", "巡察审计发现"),
        ("case", "案件倒查"),
    )),
    Dictionary("measure_kind", "措施类型", (("before", "前期预防"), ("during", "中期监控"), ("after", "后期处置"))),
    Dictionary("publicity_scope", "公示范围", (("unit", "单位内"), ("group", "集团内"), ("society", "社会"))),
    Dictionary("publicity_channel", "公示渠道", (("board", "公示栏"), ("oa", "OA"), ("portal", "门户"), ("wechat", "公众号"))),
    # domain.md, seed 000: the four classes of the 2018 survey
    Dictionary("topic_kind", "专题类别", (
        ("ideology", "思想建设"),
        ("decisions", "三重一大"),
        ("rules", "制度建设"),
        ("conduct", "规范管理"),
    )),
    Dictionary("adjustment_kind", "调整类型", (
        ("add", "新增"),
        ("raise", "升级"),
        ("lower", "降级"),
        ("content", "内容修改"),
        ("revoke", "撤销"),
    )),
    # domain.md 1.0 asks for 材料类别 on every attachment and leaves the list to us
    Dictionary("material_kind", "材料类别", (
        ("basis", "制度依据"),
        ("application", "申请报告"),
        ("review", "审核意见"),
        ("minutes", "会议纪要"),
        ("proof", "佐证材料"),
        ("publicity", "公示材料"),
        ("photo", "现场影像"),
        ("other", "其他"),
    )),
)

DICTIONARIES = MappingProxyType({dictionary.code: dictionary for dictionary in ALL})
