"""What `/readyz` says about the mail."""
from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.core.health import register
from apps.notices.queries import delivery_counts, oldest_pending

PATIENCE = timedelta(minutes=30)


def mail_stands_still(at: datetime) -> Iterable[str]:
    """Mails that wait for long or were given up; the notices themselves are in the portal."""
    waited = oldest_pending(at=at)
    if waited is not None and waited > PATIENCE:
        yield f"通知邮件已积压 {waited // timedelta(minutes=1)} 分钟，检查邮件服务器和定时任务。"
    if failed := delivery_counts()["failed"]:
        yield f"{failed} 封通知邮件发送失败，在投递记录中查看原因。"


register("mail", mail_stands_still)
