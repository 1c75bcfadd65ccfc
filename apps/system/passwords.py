"""发放初始密码 to many at once: the passwords exist in the answer alone (AU-04)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.accounts.models import User
from apps.accounts.services import give_first_password
from apps.core.errors import Refused
from apps.exchange.writing import Head, Page, write_xlsx

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST = 50  # each costs a third of a second of one processor
HEADS = [Head("单位", 20), Head("姓名", 12), Head("账号", 18), Head("初始密码", 24), Head("说明", 40)]
SAID = "72小时内首次登录有效，只能用一次，登录后须改密码"


def waiting(accounts: QuerySet[User]) -> list[User]:
    """Those in use that nobody logged in by and that have no rights yet; one past MOST tells that there are more."""
    return list(accounts.filter(is_active=True, last_login__isnull=True, assignments__isnull=True)[: MOST + 1])


def write(path: Path, accounts: list[User], *, by: User, at: datetime.datetime) -> int:
    """Give each a fresh initial password and write them down, once; gives how many."""
    page = Page("账号初始密码", "请分别密封交给本人，不要整表转发", HEADS, name="初始密码")
    return write_xlsx(path, page, _lines(accounts, by=by, at=at))


def _lines(accounts: list[User], *, by: User, at: datetime.datetime) -> Iterator[list[Any]]:
    for account in accounts:
        person = getattr(account, "person", None)
        unit = person.unit.name if person is not None else ""
        try:
            password, said = give_first_password(account, by=by, at=at), SAID
        except Refused as no:  # somebody was faster
            password, said = "", no.message
        yield [unit, account.name, account.username, password, said]
