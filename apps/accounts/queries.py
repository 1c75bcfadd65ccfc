"""Questions about accounts and sessions."""
import hashlib
from datetime import datetime

from django.db.models import QuerySet

from .models import ApiToken, EndedSession, PortalSession, ResetLink, User


def digest_of(secret: str) -> str:
    """What is stored instead of a random secret (links, tokens): its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ending_of(session_digest: str) -> tuple[str, User | None]:
    """Why the session of that digest is no longer there (a key of rules.REASONS), and whose it was if known."""
    ended = EndedSession.objects.filter(key=session_digest).select_related("user").first()
    if ended is not None:
        return ended.reason, ended.user
    row = PortalSession.objects.filter(session_key=session_digest).select_related("user").first()
    return ("absolute", row.user) if row is not None else ("unknown", None)


def open_reset_link(secret: str, *, at: datetime) -> ResetLink | None:
    """The link of that secret while it may be used: not used, not older than 30 minutes, its account enabled."""
    links = ResetLink.objects.select_related("user")
    return links.filter(digest=digest_of(secret), closed_at=None, expires_at__gt=at, user__is_active=True).first()


def live_token(secret: str, *, at: datetime) -> ApiToken | None:
    """The token of that secret while it works: not revoked, not expired, its owner enabled."""
    tokens = ApiToken.objects.select_related("user")
    return tokens.filter(digest=digest_of(secret), revoked_at=None, expires_at__gt=at, user__is_active=True).first()


def live_tokens_of(user: User, *, at: datetime) -> QuerySet[ApiToken]:
    """The tokens of a user that still work."""
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=at)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """All tokens of a user, newest first, dead ones included."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-pk")
