"""Audit events of the organisation."""

from apps.audit import catalogue

catalogue.declare(
    {
        "unit.created": "新建单位",
        "unit.moved": "调整上级单位",
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
