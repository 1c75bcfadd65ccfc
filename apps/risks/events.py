"""Audit events of the risk points."""

from apps.audit import catalogue

catalogue.declare(
    {
        "risk.created": "登记风险点",
        "risk.changed": "修改风险点",
        "risk.submitted": "提交风险点",
        "risk.withdrawn": "撤回风险点",
        "risk.agreed": "同意风险点",
        "risk.returned": "退回风险点",
        "risk.passed": "登记会议通过风险点",
        "risk.in_force": "风险点公示期满生效",
        "risk.objected": "提出风险点异议",
        "risk.objection_answered": "答复风险点异议",
        "risk.adjustment_opened": "发起风险点调整",
        "risk.adjustment_agreed": "同意风险点调整",
        "risk.adjustment_passed": "风险点调整生效",
        "risk.adjustment_refused": "驳回风险点调整",
        "risk.adjustment_withdrawn": "撤回风险点调整",
        "risk.deleted": "删除未提交的风险点草稿",
        "risk.reviewed": "风险点复查无变化",
        "risk.post_changed": "风险点岗位变动复核",
        "risk.measure_progress": "更新防控措施落实状态",
        "risk.struck": "撤销风险点",
        "risk.voided": "作废风险点",
    }
)
