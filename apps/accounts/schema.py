"""How the OpenAPI document names our token."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer …`, made on the page of one's tokens."""

    target_class = "apps.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "令牌在“我的令牌”页面申请。"}


class PageScheme(SessionScheme):
    """The cookie of the pages."""

    target_class = "apps.accounts.authentication.PageAuthentication"
    priority = 0
