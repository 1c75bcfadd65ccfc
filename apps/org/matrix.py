"""The permission matrix of domain.md §2.3 and §2.5, as data: function × role → letters.

C create, R read, U edit, A approve, P publish, E export, X void. Every letter includes R.
`o` behind the letters: only rows the person made or is the subject of. A role that is not named holds nothing:
not even the menu entry or a count is shown. Conditions such as 「高」 or 「分管」 are checked by the moves.
"""

from dataclasses import dataclass

from apps.org.roles import Role


@dataclass(frozen=True)
class Function:
    """One row of the matrix."""

    code: str
    label: str
    grants: dict[str, str]


def _function(code: str, label: str, text: str) -> Function:
    grants: dict[str, str] = {}
    for part in text.split():
        role, letters = part.split("=")
        grants[Role(role)] = letters
    return Function(code, label, grants)


_ROWS = [
    _function(
        "duty",
        "责任清单",
        "R01=R R02=R R03=AR R04=R R05=RU R07=RE R13=CAR R14=CAR R15=UR R16=CUR R19=Ro R20=Ro R06=CUER R08=R R09=R R10=R R12=UR",
    ),
    _function(
        "pledge", "责任书、承诺书", "R01=R R03=AR R04=AR R05=Ro R07=RE R13=CR R14=CR R16=CR R19=Uo R20=Uo R06=CUER R08=R R09=R R10=R R12=UR"
    ),
    _function(
        "risk",
        "廉政风险点",
        "R01=R R02=R R03=AR R04=AR R05=AR R07=RAE R13=AR R14=AR R15=AR R16=CUR R19=Co R20=Co R06=R R08=R R09=R R11=R R12=CUR R18=R",
    ),
    _function(
        "decision",
        "“三重一大”决策",
        "R01=R R02=R R03=AR R04=R R05=R R07=RE R13=CAR R14=CAR R15=CR R16=CUR R17=R R06=CUER R08=R R09=R R10=R R11=RC R12=CR R18=R",
    ),
    _function("legal", "合法合规审查", "R01=R R02=R R03=R R04=R R05=R R07=R R13=AR R14=AR R15=UR R16=CR R11=CUAR"),
    _function("inspection", "巡察计划", "R01=R R03=AR R04=AR R13=UR R14=UR R15=UR R16=CR R06=R R08=CUPR R09=R"),
    _function("paper", "巡察底稿、报告", "R03=AR R04=AR R08=RA R09=CUR"),
    _function("finding", "巡察整改", "R01=R R03=RA R04=R R05=R R07=RE R13=UAR R14=UAR R15=UR R16=UR R08=RAE R09=R R10=R R12=UR R18=R"),
    _function(
        "supervision", "督查督办", "R01=R R03=AR R04=R R05=UR R07=R R13=UR R14=UR R15=UR R16=CUR R06=R R08=R R10=CUAER R11=R R12=UR R18=R"
    ),
    _function("talk", "廉政谈话", "R02=R R03=Ro R04=R R05=Ro R07=CRE R13=CR R14=CR R19=Ro R20=Ro"),
    _function("archive_a", "廉政档案 A 部", "R03=R R04=R R07=R R13=R R14=R R19=CUo R20=CUo"),
    _function("archive_b", "廉政档案 B 部", "R04=RA R07=CRE R13=CR R14=CR"),
    _function("report", "信访举报登记", "R02=C R04=RA R07=CR R13=C R14=C R08=Co R09=Co R18=Co R19=Co R20=Co R21=Co"),
    _function("clue", "问题线索", "R02=R R04=RA R07=CUR R13=C R14=C R08=Co R09=Co R18=Co"),
    _function("declaration", "申报事项", "R03=AR R04=R R07=R R13=AR R14=AR R15=AR R19=Co R20=Co"),
    _function("intervention", "插手干预记录", "R02=R R03=R R04=R R05=R R07=R R13=C R14=C R16=C R19=Co R20=Co"),
    _function(
        "assessment",
        "考核评价",
        "R01=RA R02=R R03=AR R04=RU R05=R R07=UER R13=UR R14=UR R15=UR R16=CR R19=Ro R20=Ro R06=CUR R08=R R10=R R11=R R12=R R18=R",
    ),
    _function(
        "sunshine",
        "阳光清单",
        "R01=R R02=R R03=APR R04=R R05=R R07=R R13=PR R14=PR R15=CUR R16=CR R17=R R19=Ro R20=Ro "
        "R06=R R08=R R09=R R10=R R11=R R12=CUR R18=R",
    ),
    _function(
        "procurement",
        "供应商、采购、租赁",
        "R01=R R02=R R03=R R04=R R05=R R07=R R13=CUAR R14=CUAR R15=CUR R16=CR R17=R "
        "R19=Ro R20=Ro R06=R R08=R R09=R R10=R R11=R R12=CUR R18=R",
    ),
    _function(
        "rulebook",
        "制度库、活动台账",
        "R01=R R02=R R03=R R04=R R05=R R07=R R13=CPR R14=CPR R15=CR R16=CR R17=R R19=R R20=R R06=CPR R08=R R09=R R10=R R11=AR R12=CR R18=R",
    ),
    _function("sitting", "会议登记", "R03=AR R13=AR R06=CUR R04=R R07=R R14=R R05=R"),
    _function("system", "账号、组织、字典、参数", "R22=CUR"),
    _function("grants", "角色授权、密钥、密级策略", "R23=CUR"),
    _function("log", "操作日志、安全日志", "R23=R R24=RE"),
]
FUNCTIONS: dict[str, Function] = {row.code: row for row in _ROWS}


def letters(role: str, function: str) -> str:
    """What a role may do with a function; the empty string when nothing. Raises KeyError for an unknown function."""
    return FUNCTIONS[function].grants.get(Role(role), "")


def allows(role: str, function: str, letter: str) -> bool:
    """Whether a role holds a letter; R is held with any other letter."""
    held = letters(role, function)
    return bool(held.strip("o")) if letter == "R" else letter in held


def own_only(role: str, function: str) -> bool:
    """Whether a role sees only its own rows of a function."""
    return letters(role, function).endswith("o")
