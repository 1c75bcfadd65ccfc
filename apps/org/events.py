"""Audit events of the organisation."""

from apps.audit import catalogue

catalogue.declare(
    {
        "unit.created": "新建单位",
        "unit.moved": "调整上级单位",
        "unit.changed": "修改单位",
        "unit.removed": "删除单位",
        "department.created": "新建部门",
        "department.changed": "修改部门",
        "department.removed": "删除部门",
        "post.created": "新建岗位",
        "post.changed": "修改岗位",
        "post.removed": "删除岗位",
        "person.created": "登记人员",
        "person.changed": "修改人员",
        "person.removed": "删除人员",
        "grant.given": "授予角色",
        "grant.ended": "收回角色",
        "grant.delegated": "委托代理",
        "loan.given": "批准借阅",
        "loan.recalled": "收回借阅",
        "recusal.declared": "登记回避",
        "recusal.lifted": "解除回避",
        "body.seated": "登记机构成员",
        "sitting.recorded": "登记会议",
        "sitting.confirmed": "确认会议",
    }
)
