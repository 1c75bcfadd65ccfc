"""What the portal tells people about their own accounts."""
from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver
from django.urls import reverse

from apps.accounts.contact import contact_changed
from apps.notices.services import notify

if TYPE_CHECKING:
    from apps.accounts.models import User

WORDS = {"email": "邮箱", "phone": "手机号"}


@receiver(contact_changed)
def tell_of_new_contact(
    sender: type[User], *, user: User, old_email: str, fields: Sequence[str], at: datetime.datetime, **_more: Any
) -> None:
    """Inside the portal, and by mail to the address the person had until now: whoever took his seat cannot read that one."""
    changed = "和".join(WORDS[field] for field in fields)
    title = f"您账号的{changed}已修改，如非本人操作，立即联系系统管理员"
    key = f"contact-{at.isoformat()}"
    notify([user], kind="account.contact", key=key, title=title, body="", url=reverse("profile"), at=at, address=old_email)
