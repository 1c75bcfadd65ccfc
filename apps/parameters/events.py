"""Audit events of this app."""
from apps.audit.catalogue import declare

declare({
    "param.proposed": "提出参数变更",
    "param.confirmed": "确认参数变更",
    "param.rejected": "驳回参数变更",
    "param.withdrawn": "撤回参数变更",
    "dictionary.added": "新增字典项",
    "dictionary.stopped": "停用字典项",
    "dictionary.resumed": "恢复字典项",
})
