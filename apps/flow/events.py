"""Audit events of what every machine offers beside its own arrows."""

from apps.audit import catalogue

catalogue.declare(
    {
        "flow.given_back_one": "退回上一环节",
        "flow.handed_over": "转办",
        "flow.signers_added": "加签",
        "flow.signed": "提交加签意见",
        "flow.signers_dropped": "撤销加签",
        "flow.urged": "催办",
    }
)
