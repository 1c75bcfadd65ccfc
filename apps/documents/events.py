"""The audit events of background jobs."""
from apps.audit.catalogue import declare

declare({
    "job.requested": "提交导出任务",
    "job.done": "导出任务完成",
    "job.failed": "导出任务未完成",
    "job.denied": "导出任务被拒绝",
    "job.cancelled": "取消导出任务",
    "job.retried": "重试导出任务",
    "job.downloaded": "下载导出文件",
})
