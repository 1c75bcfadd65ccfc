"""Audit events of this app."""
from apps.audit.catalogue import declare

declare({
    "auth.login": "登录",
    "auth.login_failed": "登录失败",
    "auth.locked": "登录锁定",
    "auth.logout": "退出登录",
    "auth.session_superseded": "被其他地点登录取代",
    "auth.session_expired": "会话超时退出",
    "auth.password_changed": "修改密码",
    "auth.password_reset": "通过重置链接设置密码",
    "auth.reset_sent": "发送密码重置链接",
    "auth.step_up": "再次验证密码",
    "auth.step_up_failed": "再次验证密码失败",
    "auth.token_created": "新建访问令牌",
    "auth.token_revoked": "撤销访问令牌",
    "account.created": "开通账号",
    "account.initial_password": "发放初始密码",
    "account.removed": "删除账号",
    "account.changed": "修改账号资料",
    "account.preferences": "修改显示偏好",
    "account.disabled": "停用账号",
    "account.enabled": "启用账号",
    "account.administrator": "变更三员标记",
})
