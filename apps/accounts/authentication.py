"""API token login: `Authorization: Bearer qlgq_…` (AU-14)."""
from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from . import queries, rules
from .limits import limits_of
from .models import ApiToken, User

NOTE_USE_EVERY = timedelta(minutes=1)


class PageAuthentication(SessionAuthentication):
    """The login of the pages, for programs that run inside a page; a writing request carries the page's token."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as no:
            raise PermissionDenied("页面标识缺失或已失效，刷新页面后再提交。", code="csrf") from no


class TokenAuthentication(BaseAuthentication):
    """Acts as the token's owner, within the token's scope; a dead token is a 401, a forbidden method a 403."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        now = timezone.now()
        token = queries.live_token(secret.strip(), at=now)
        if token is None:
            raise AuthenticationFailed("访问令牌无效、已过期或已撤销。")
        life = limits_of(token.user, on=timezone.localdate(now)).password_life
        if fault := rules.must_change_password(token.user, at=now, life=life):
            raise PermissionDenied(fault, code="password_expired")
        if token.scope == ApiToken.Scope.READ and request.method not in SAFE_METHODS:
            raise PermissionDenied("此访问令牌只读。", code="token_read_only")
        if token.last_used_at is None or now - token.last_used_at >= NOTE_USE_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="api"'
