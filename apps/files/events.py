"""The audit events of attachments."""
from apps.audit.catalogue import declare

declare({"file.attached": "上传附件", "file.removed": "移除附件", "file.downloaded": "下载附件"})
