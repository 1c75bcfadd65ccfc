"""The demo group (domain.md §0.4): units, departments, people and accounts. All names are invented."""
from apps.org.models import Person, Unit
from apps.org.roles import Role

C = Person.Category

# code: (kind, name, short name, parent code, party name, credit code)
UNITS = {
    "GZ": (Unit.Kind.REGULATOR, "某市国有资产监督管理委员会", "市国资委", None, "中共某市国资委委员会", ""),
    "JT": (Unit.Kind.GROUP, "M集团有限公司", "M集团", "GZ", "中共M集团有限公司委员会", "91000000MA0000007C"),
    "CJ": (Unit.Kind.SECOND, "M城建开发有限公司", "M城建", "JT", "中共M城建开发有限公司委员会", "91000000MA00000157"),
    "ZC": (Unit.Kind.SECOND, "M资产经营有限公司", "M资产经营", "JT", "中共M资产经营有限公司委员会", "91000000MA00000232"),
    "JY": (Unit.Kind.SECOND, "M交通运营有限公司", "M交通", "JT", "中共M交通运营有限公司委员会", "91000000MA0000A19C"),
    "SW": (Unit.Kind.SECOND, "M公用水务有限公司", "M水务", "JT", "中共M公用水务有限公司委员会", "91000000123456788T"),
    "WY": (Unit.Kind.THIRD, "M城建物业服务有限公司", "M物业", "CJ", "中共M城建物业服务有限公司支部委员会", ""),
}

DEPARTMENTS = {
    "GZ": ["监督处"],
    "JT": [
        "党群工作部", "纪检监察室", "巡察办公室", "督查办公室", "法务合规部", "财务管理部", "审计部", "人力资源部", "投资发展部", "综合办公室",
    ],
    "CJ": ["工程管理部", "成本合约部", "招标采购部", "财务部", "综合办公室", "党群工作部", "纪检监察室", "法务合规部"],
    "ZC": ["资产运营部", "租赁管理部", "财务部", "综合办公室"],
    "JY": ["运营管理部", "车辆技术部", "安全管理部", "财务部", "综合办公室"],
    "SW": ["管网工程部", "营业收费部", "物资采购部", "财务部", "综合办公室"],
    "WY": ["物业服务部", "综合办公室"],
}  # fmt: skip

# (user name, name, unit, department, title, category, party secretary, [(role, unit, with subtree)])
# The accounts of the README stand first; those behind them give the other units somebody who acts.
ACCOUNTS = [
    ("clerk", "孙莉", "CJ", "综合办公室", "联络员", C.STAFF, False, [(Role.R16, "CJ", False)]),
    ("manager", "赵静", "CJ", "工程管理部", "工程管理部经理", C.HEAD, False, [(Role.R15, "CJ", False)]),
    ("compliance", "李雯", "CJ", "法务合规部", "法务合规部经理", C.HEAD, False, [(Role.R11, "CJ", False)]),
    ("deputy", "王立成", "CJ", None, "副总经理", C.LEADER, False, [(Role.R05, "CJ", False)]),
    ("secretary", "陈国梁", "CJ", None, "党委书记、董事长", C.COMMITTEE, True, [(Role.R13, "CJ", True)]),
    ("unitdiscipline", "徐慧", "CJ", "纪检监察室", "纪委书记", C.COMMITTEE, False, [(Role.R14, "CJ", True)]),
    ("partyoffice", "高宁", "CJ", "党群工作部", "党委办主任", C.HEAD, False, [(Role.R06, "CJ", False)]),
    ("discipline", "何涛", "JT", "纪检监察室", "纪检监察室主任", C.HEAD, False, [(Role.R07, "JT", True)]),
    ("disciplinehead", "吴晓岚", "JT", None, "纪委书记", C.COMMITTEE, False, [(Role.R04, "JT", True)]),
    ("groupsecretary", "林志远", "JT", None, "党委书记、董事长", C.COMMITTEE, True, [(Role.R03, "JT", True)]),
    ("grouppartyoffice", "罗倩", "JT", "党群工作部", "党群工作部部长", C.HEAD, False, [(Role.R06, "JT", True)]),
    ("inspectionoffice", "方毅", "JT", "巡察办公室", "巡察办公室主任", C.HEAD, False, [(Role.R08, "JT", True)]),
    ("inspector", "邓捷", "JT", "巡察办公室", "巡察组组员", C.STAFF, False, [(Role.R09, "CJ", True)]),
    ("supervisor", "韩旭", "JT", "督查办公室", "督查办公室主任", C.HEAD, False, [(Role.R10, "JT", True)]),
    ("finance", "曹敏", "JT", "财务管理部", "财务管理部主管", C.KEY, False, [(Role.R12, "JT", False)]),
    ("auditor", "唐岚", "JT", "审计部", "审计部部长", C.HEAD, False, [(Role.R18, "JT", True)]),
    ("leader", "周敏华", "JT", None, "总经理", C.LEADER, False, [(Role.R05, "JT", True)]),
    ("regulator", "沈立", "GZ", "监督处", "清廉国企专班成员", C.STAFF, False, [(Role.R01, "GZ", True)]),
    ("stationed", "冯建华", "GZ", "监督处", "派驻纪检监察组组长", C.LEADER, False, [(Role.R02, "JT", True)]),
    ("director", "钱维", "CJ", None, "外部董事", C.OUTSIDE, False, [(Role.R17, "CJ", False)]),
    ("outsider", "叶明", "JY", "综合办公室", "联络员", C.STAFF, False, [(Role.R16, "JY", False)]),
    ("staff", "梁晨", "CJ", "工程管理部", "现场工程师", C.STAFF, False, [(Role.R20, "CJ", False)]),
    ("sysadmin", "贺斌", "JT", "综合办公室", "系统管理员", C.STAFF, False, [(Role.R22, "JT", True)]),
    ("secadmin", "任洁", "JT", "综合办公室", "安全保密管理员", C.STAFF, False, [(Role.R23, "JT", False)]),
    ("auditadmin", "潘宇", "JT", "审计部", "安全审计员", C.STAFF, False, [(Role.R24, "JT", False)]),
]

NAMED = len(ACCOUNTS)  # the rest have no password anybody knows
_OTHERS = {
    "JT": ["秦岚", "", "", "", ""],
    "ZC": ["袁朗", "温倩", "崔明", "苏航", "邱月"],
    "JY": ["白川", "石蕾", "贾宁", "康泽", ""],
    "SW": ["龚平", "尹芳", "江涛", "段雪", "黎昕"],
    "WY": ["严立", "姜慧", "卢瑾", "", "范琪"],
}
_POSTS = [
    ("manager", Role.R15, "部门经理", C.HEAD, False),
    ("deputy", Role.R05, "副总经理", C.LEADER, False),
    ("secretary", Role.R13, "党组织书记", C.COMMITTEE, True),
    ("partyoffice", Role.R06, "党委办主任", C.HEAD, False),
    ("clerk", Role.R16, "联络员", C.STAFF, False),
]
for _unit, _names in _OTHERS.items():
    for _name, (_user, _role, _title, _category, _secretary) in zip(_names, _POSTS, strict=True):
        if _name:
            _department = DEPARTMENTS[_unit][0] if _category in {C.HEAD, C.STAFF} else None
            ACCOUNTS.append(
                (f"{_unit.lower()}-{_user}", _name, _unit, _department, _title, _category, _secretary, [(_role, _unit, False)])
            )
ACCOUNTS.append(("cj-deputy2", "孟凡", "CJ", None, "总工程师", C.LEADER, False, [(Role.R05, "CJ", False)]))
ACCOUNTS.append(("jt-clerk", "余佳", "JT", "综合办公室", "联络员", C.STAFF, False, [(Role.R16, "JT", False)]))
