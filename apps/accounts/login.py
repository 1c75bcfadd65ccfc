"""Where HTTP sessions and the account services meet: logging in and out, and proving the password again."""
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.db import transaction

from apps.core import context
from apps.core.errors import Refused
from apps.core.middleware import client_ip, session_digest

from . import lockout, rules, services
from .models import User
from .request import PortalRequest

LOCKED = lockout.LOCKED


def log_in(request: PortalRequest, *, username: str, password: str, at: datetime) -> User:
    """Opens a session for the owner of the password and ends the account's others. Raises Refused (field `locked` when locked)."""
    username = User.normalize_username(username)
    user = _authenticated(request, username, password, at=at, event="auth.login_failed")
    if fault := rules.initial_password_fault(user, at=at):
        services.note_failed_login(user, at=at, locked_now=False)
        raise Refused(fault)
    with transaction.atomic():
        user = services.open_session(user, at=at)
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        request.session[rules.STEPPED_UP_KEY] = at.isoformat()
        request.session.save()
        with context.request_context(replace(context.current(), session=session_digest(request.session.session_key))):
            services.note_login(user, at=at)
    return user


def prove_again(request: PortalRequest, *, password: str, at: datetime) -> None:
    """Marks the session as stepped up (AU-13). Raises Refused like `log_in`: wrong tries count for the lock."""
    user = _authenticated(request, request.user.get_username(), password, at=at, event="auth.step_up_failed")
    services.note_step_up(user, at=at)
    request.session[rules.STEPPED_UP_KEY] = at.isoformat()


def check_password(request: PortalRequest, *, password: str, at: datetime) -> None:
    """Raises Refused (field `old_password`) unless it is the password of the person logged in; wrong tries count."""
    try:
        _authenticated(request, request.user.get_username(), password, at=at, event="auth.step_up_failed")
    except Refused as refused:
        raise Refused(refused.message, field="old_password") from refused


def change_own_password(request: PortalRequest, *, new: str, at: datetime) -> None:
    """The new password; the person goes on in a fresh session, all others have ended (AU-07, AU-10). Raises Refused."""
    with transaction.atomic():
        user = services.change_password(request.user, new=new, by=request.user, at=at)
        request.user = user
        update_session_auth_hash(request, user)
        request.session.save()


def log_out(request: PortalRequest, *, at: datetime) -> None:
    """Ends this session."""
    with transaction.atomic():
        services.close_session(request.user, session_digest=session_digest(request.session.session_key), reason="logout", at=at)
        logout(request)


def _authenticated(request: PortalRequest, username: str, password: str, *, at: datetime, event: str) -> User:
    """The user of that password. Otherwise the failure is noted and counted, and Refused says what happens next."""
    known = User.objects.filter(username=username).first()
    try:
        taken = lockout.take(username, ip=client_ip(request), at=at)
    except Refused:
        services.note_failed_login(known, at=at, locked_now=False, event=event)
        raise
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        services.note_failed_login(known, at=at, locked_now=taken.locks, event=event)
        raise taken.fault(inside=request.user.is_authenticated)
    lockout.give_back(taken, at=at)
    return user
