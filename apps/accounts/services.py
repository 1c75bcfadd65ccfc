"""What happens to accounts. Every function writes its audit event in the same transaction."""
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError, Q
from django.urls import reverse

from apps.audit import services as audit
from apps.audit.streams import auth_stream
from apps.core.errors import Refused
from apps.core.stored import checked
from apps.core.whole import all_or_nothing

from . import rules
from .contact import contact_changed
from .models import ApiToken, EndedSession, PortalSession, ResetLink, User
from .queries import digest_of, open_reset_link

INITIAL_ALPHABETS = ("ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "#%+=?@")
Deliver = Callable[[User, str, datetime], None]


def note(event: str, user: User | None, *, by: User | None, at: datetime, **facts: Any) -> None:
    """The audit event of something that happened to `user` (None: a name nobody has), on that user's own stream."""
    stream = auth_stream(user.pk if user is not None else 0)
    audit.note(event, stream=stream, by=by, at=at, record=user, **facts)


@all_or_nothing
def create_account(
    username: str, *, name: str, email: str = "", phone: str = "", by: User | None, at: datetime
) -> tuple[User, str]:
    """A new account and its initial password, which is shown once, opens one login and dies after 72 hours (AU-04)."""
    user = register_account(username, name=name, email=email, phone=phone, by=by, at=at)
    password = _give_initial_password(user, at=at)
    user.save()
    return user, password


@all_or_nothing
def register_account(username: str, *, name: str, email: str = "", phone: str = "", by: User | None, at: datetime) -> User:
    """A new account that nothing opens until somebody hands out an initial password. Raises Refused with the field."""
    username = User.normalize_username(username)
    if not rules.USERNAME.fullmatch(username):
        raise Refused(rules.USERNAME_ASKED, field="username")
    if User.objects.filter(username=username).exists():
        raise Refused("此账号已存在，换一个账号", field="username")
    user = User(username=username, name=name.strip(), email=email, phone=phone, date_joined=at, must_change_password=True)
    user.set_unusable_password()
    checked(user, exclude=["password"])
    user.save()
    note("account.created", user, by=by, at=at, after={"username": username, "name": user.name})
    return user


@all_or_nothing
def remove_account(user: User, *, by: User, at: datetime) -> None:
    """Delete an account that was never used. Raises Refused where somebody logged in by it or it holds rights: disable it then."""
    fresh = _locked(user)
    if fresh.last_login is not None:
        raise Refused(f"账号 {fresh.username} 已登录过，不能删除，可以停用。")
    note("account.removed", fresh, by=by, at=at, before={"username": fresh.username, "name": fresh.name})
    try:
        fresh.delete()
    except ProtectedError as error:
        raise Refused(f"账号 {fresh.username} 已授权或已有记录，不能删除，可以停用。") from error


@all_or_nothing
def issue_initial_password(user: User, *, by: User | None, at: datetime) -> str:
    """A fresh initial password in place of the old one; every session, token and reset link of the account ends."""
    user = _locked(user)
    password = _give_initial_password(user, at=at)
    user.save()
    _end_what_the_password_opened(user, at=at)
    note("account.initial_password", user, by=by, at=at)
    return password


@all_or_nothing
def give_first_password(user: User, *, by: User, at: datetime) -> str:
    """An initial password for an account nobody used and that opens nothing yet: whoever knows it could use the rights (AU-04).

    Raises Refused once the person logged in, the account was disabled, or rights were granted.
    """
    fresh = _locked(user)
    if fresh.last_login is not None or not fresh.is_active or fresh.assignments.exists():
        raise Refused("已登录、已停用或已授权，不发放初始密码")
    return issue_initial_password(fresh, by=by, at=at)


@all_or_nothing
def change_details(user: User, *, by: User, at: datetime, **details: str) -> User:
    """Sets any of name, email, phone. Raises Refused for a value that is not valid. Personal values stay out of the audit.

    The person is told of a new email or phone, also at the address that is no longer his (AU-13).
    """
    user = _locked(user)
    old = {"email": user.email, "phone": user.phone}
    for field, value in details.items():
        setattr(user, field, value.strip())
    checked(user, exclude=["password"])
    user.save(update_fields=[*details, "phone_index"])
    note("account.changed", user, by=by, at=at, after={"fields": sorted(details)})
    if fields := [field for field, value in old.items() if getattr(user, field) != value]:
        contact_changed.send(User, user=user, old_email=old["email"], fields=fields, at=at)
    return user


@all_or_nothing
def set_preferences(user: User, *, by: User, at: datetime, **preferences: Any) -> User:
    """Sets any of prefers_large, prefers_dark, menu_state."""
    for field, value in preferences.items():
        setattr(user, field, value)
    user.save(update_fields=list(preferences))
    note("account.preferences", user, by=by, at=at)
    return user


@all_or_nothing
def disable_account(user: User, *, by: User | None, at: datetime, reason: str = "") -> User:
    """Nobody gets in by it any more: sessions end at once, reset links and tokens die (AU-07, AU-14)."""
    user = _locked(user)
    if by is not None and by.pk == user.pk:
        raise Refused("不能停用本人账号，由另一名系统管理员办理")
    if not user.is_active:
        raise Refused("此账号已停用")
    user.is_active, user.disabled_at = False, at
    user.save(update_fields=["is_active", "disabled_at"])
    _end_what_the_password_opened(user, at=at, reason="disabled")
    note("account.disabled", user, by=by, at=at, reason=reason)
    return user


@all_or_nothing
def enable_account(user: User, *, by: User | None, at: datetime) -> User:
    """Opens a disabled account again; the person still needs a password that has not expired."""
    user = _locked(user)
    if user.is_active:
        raise Refused("此账号未停用")
    user.is_active, user.disabled_at = True, None
    user.save(update_fields=["is_active", "disabled_at"])
    note("account.enabled", user, by=by, at=at)
    return user


@all_or_nothing
def mark_administrator(user: User, *, is_administrator: bool, by: User | None, at: datetime) -> User:
    """Whether the shorter idle time of the 三员 holds; `org` calls this when R22, R23 or R24 is given or taken."""
    user = _locked(user)
    if user.is_administrator_account != is_administrator:
        user.is_administrator_account = is_administrator
        user.save(update_fields=["is_administrator_account"])
        note("account.administrator", user, by=by, at=at, after={"is_administrator_account": is_administrator})
    return user


@all_or_nothing
def change_password(user: User, *, new: str, by: User, at: datetime) -> User:
    """A new password that passes AU-02 and is none of the last five; ends every session and token of the account (AU-07, AU-14).

    Raises Refused (field `new_password`). The view makes a fresh session for the person who asked.
    """
    user = _locked(user)
    _take_password(user, new, at=at)
    note("auth.password_changed", user, by=by, at=at)
    return user


@all_or_nothing
def send_reset_link(user: User, *, by: User, at: datetime, deliver: Deliver) -> ResetLink:
    """Makes the one-time link (30 minutes) and hands it to `deliver(user, address, expires_at)`; older links die (AU-11).

    The address is built from SITE_URL, never from the request's Host. The administrator never sees it.
    """
    if not user.is_active:
        raise Refused("账号已停用，先启用账号")
    if not user.email:
        raise Refused("此账号没有登记邮箱，先补充邮箱")
    ResetLink.objects.filter(user=user, closed_at=None).update(closed_at=at)
    secret = secrets.token_urlsafe(32)
    expires_at = at + rules.RESET_LINK_LIFE
    link = ResetLink.objects.create(user=user, digest=digest_of(secret), sent_by=by, sent_at=at, expires_at=expires_at)
    note("auth.reset_sent", user, by=by, at=at)
    deliver(user, settings.SITE_URL.rstrip("/") + reverse("password_reset_link", args=[secret]), expires_at)
    return link


@all_or_nothing
def use_reset_link(secret: str, *, new: str, at: datetime) -> User:
    """Sets the password through a link, once. Raises Refused when the link is dead or the password does not do."""
    link = open_reset_link(secret, at=at)
    if link is None or not ResetLink.objects.filter(pk=link.pk, closed_at=None).update(closed_at=at):
        raise Refused("链接已失效，联系系统管理员重新发送")
    user = _locked(link.user)
    _take_password(user, new, at=at)
    note("auth.password_reset", user, by=user, at=at)
    return user


@all_or_nothing
def create_token(user: User, *, name: str, scope: str, days: int, by: User, at: datetime) -> tuple[ApiToken, str]:
    """A token and its secret, which is shown this once (AU-14). Raises Refused beyond 90 days, or when the password changed meanwhile."""
    if not 1 <= days <= rules.TOKEN_LIFE_DAYS:
        raise Refused(f"有效期填写1至{rules.TOKEN_LIFE_DAYS}天", field="days")
    held = _locked(user)  # waits for a change of the password under way, which would not see this token
    if not held.is_active or held.password != user.password:
        raise Refused("密码刚被修改，重新登录后再新建令牌")
    secret = f"qlgq_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user, name=name.strip(), prefix=secret[:10], digest=digest_of(secret), scope=scope,
        created_at=at, expires_at=at + timedelta(days=days),
    )
    checked(token)
    token.save()
    note("auth.token_created", user, by=by, at=at, after={"token": token.pk, "name": token.name, "scope": scope})
    return token, secret


@all_or_nothing
def revoke_token(token: ApiToken, *, by: User, at: datetime) -> ApiToken:
    """The token stops working at once."""
    if token.revoked_at is not None:
        raise Refused("此令牌已撤销")
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    note("auth.token_revoked", token.user, by=by, at=at, after={"token": token.pk, "name": token.name})
    return token


@all_or_nothing
def open_session(user: User, *, at: datetime) -> User:
    """The books of a login: ends the account's other sessions (AU-08) and uses up an initial password (AU-04).

    The row of the account stays locked until the caller has saved the new session, so that of two logins at once one survives.
    Raises Refused for an initial password that was used or is too old.
    """
    user = _locked(user)
    if fault := rules.initial_password_fault(user, at=at):
        raise Refused(fault)
    if user.initial_password_at is not None:
        user.initial_password_used_at = at
        user.save(update_fields=["initial_password_used_at"])
    if end_sessions(user, reason="superseded", at=at):
        note("auth.session_superseded", user, by=user, at=at)
    return user


@all_or_nothing
def note_login(user: User, *, at: datetime) -> None:
    """The login itself, noted once the new session exists, so that the event carries its digest."""
    note("auth.login", user, by=user, at=at)


@all_or_nothing
def note_failed_login(user: User | None, *, at: datetime, locked_now: bool, event: str = "auth.login_failed") -> None:
    """A wrong password, for an account or for a name nobody has (which may be a mistyped password and is not kept)."""
    note(event, user, by=user, at=at, result="failed")
    if locked_now:
        note("auth.locked", user, by=user, at=at, result="failed")


@all_or_nothing
def note_step_up(user: User, *, at: datetime) -> None:
    """The password was given again."""
    note("auth.step_up", user, by=user, at=at)


@all_or_nothing
def close_session(user: User, *, session_digest: str, reason: str, at: datetime) -> None:
    """Ends one session: the person logged out, or its time was up."""
    _bury([session_digest], user=user, reason=reason, at=at)
    note("auth.logout" if reason == "logout" else "auth.session_expired", user, by=user, at=at, reason=rules.REASONS[reason])


def keep_session(row: PortalSession, *, at: datetime) -> None:
    """The person at the desk asked to go on: the idle time starts anew. No event: nothing of a record changes."""
    PortalSession.objects.filter(pk=row.pk).update(seen_at=at)
    row.seen_at = at


def end_sessions(user: User, *, reason: str, at: datetime) -> int:
    """Ends every session of an account within the caller's transaction and answers how many; `reason` is a key of rules.REASONS.

    The caller notes the event. `org` calls this with "rights" when an assignment changes (AU-07).
    """
    keys = list(PortalSession.objects.filter(user=user).values_list("session_key", flat=True))
    _bury(keys, user=user, reason=reason, at=at)
    return len(keys)


def purge_sessions(*, before: datetime) -> int:
    """Forgets sessions that ended or expired before a moment; for the nightly tick. No event: nothing of a person changes."""
    gone, _ = PortalSession.objects.filter(expire_date__lt=before).delete()
    told, _ = EndedSession.objects.filter(ended_at__lt=before).delete()
    return gone + told


def _bury(keys: list[str], *, user: User, reason: str, at: datetime) -> None:
    EndedSession.objects.bulk_create(
        [EndedSession(key=key, user=user, reason=reason, ended_at=at) for key in keys], ignore_conflicts=True
    )
    PortalSession.objects.filter(session_key__in=keys).delete()


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(Q(pk=user.pk))


def _take_password(user: User, new: str, *, at: datetime) -> None:
    """Checks and stores a password and ends what the old one opened."""
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise Refused("；".join(error.messages), field="new_password") from error
    user.old_passwords = [user.password, *user.old_passwords][: rules.PASSWORDS_REMEMBERED]
    user.set_password(new)
    user.password_changed_at = at
    user.must_change_password = False
    user.initial_password_at = user.initial_password_used_at = None
    user.save()
    _end_what_the_password_opened(user, at=at)


def _end_what_the_password_opened(user: User, *, at: datetime, reason: str = "password") -> None:
    """Sessions, tokens and reset links: whoever took one while he knew the password loses it with the password (AU-07, AU-14)."""
    end_sessions(user, reason=reason, at=at)
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    ResetLink.objects.filter(user=user, closed_at=None).update(closed_at=at)


def _give_initial_password(user: User, *, at: datetime) -> str:
    """16 characters of all four kinds, without those that are mistaken for each other."""
    drawn = [secrets.choice(alphabet) for alphabet in INITIAL_ALPHABETS for _ in range(4)]
    secrets.SystemRandom().shuffle(drawn)
    password = "".join(drawn)
    user.set_password(password)
    user.must_change_password = True
    user.initial_password_at, user.initial_password_used_at = at, None
    user.password_changed_at = at
    return password
