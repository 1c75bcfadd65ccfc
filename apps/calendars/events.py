"""Audit events of this app."""
from apps.audit.catalogue import declare

declare({
    "calendar.loaded": "载入放假安排",
    "calendar.imported": "导入放假安排",
    "calendar.rest_set": "设置单位自定休息",
    "calendar.rest_cleared": "取消单位自定休息",
})
