"""The 24 built-in roles (domain.md §2.2)."""

from django.db import models


class Role(models.TextChoices):
    """A function somebody holds in a unit. What it may do is `org.matrix`; where, `Assignment`."""

    R01 = "R01", "国资委监管人员"
    R02 = "R02", "派驻纪检监察组成员"
    R03 = "R03", "集团党委书记"
    R04 = "R04", "集团纪委书记"
    R05 = "R05", "班子成员"
    R06 = "R06", "党委办专员"
    R07 = "R07", "纪检监察室专员"
    R08 = "R08", "巡察办专员"
    R09 = "R09", "巡察组成员"
    R10 = "R10", "督查办专员"
    R11 = "R11", "法务合规人员"
    R12 = "R12", "业务部门人员"
    R13 = "R13", "党组织书记"
    R14 = "R14", "纪委书记（纪检委员）"
    R15 = "R15", "部门负责人"
    R16 = "R16", "联络员（填报人）"
    R17 = "R17", "外部董事、监事"
    R18 = "R18", "审计人员"
    R19 = "R19", "关键岗位人员"
    R20 = "R20", "职工"
    R21 = "R21", "匿名举报人"
    R22 = "R22", "系统管理员"
    R23 = "R23", "安全保密管理员"
    R24 = "R24", "安全审计员"


# Reads from outside the company: never a draft (domain.md §2.6 rule 2).
OUTSIDE = frozenset({Role.R01, Role.R02, Role.R09, Role.R17})
# 三员 read no business content, and nobody holds two of them (domain.md §2.2).
ADMINISTRATORS = frozenset({Role.R22, Role.R23, Role.R24})
# Who may never be delegated: 三员, and the teams whose right is a named mandate.
NOT_DELEGABLE = ADMINISTRATORS | {Role.R09, Role.R21}
