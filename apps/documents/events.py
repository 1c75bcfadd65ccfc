"""The audit events of background jobs."""
from apps.audit.catalogue import declare

declare({
    "job.requested": "提交任务",
    "job.done": "任务完成",
    "job.failed": "任务未完成",
    "job.denied": "任务被拒绝",
    "job.cancelled": "取消任务",
    "job.retried": "重试任务",
    "job.downloaded": "下载导出文件",
})
