"""The password again before what must not be done from an unattended desk (AU-13)."""
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from . import rules
from .answers import REAUTH_TEXT, reauth_required
from .request import PortalRequest

View = Callable[..., HttpResponseBase]


def step_up_required(view: View) -> View:
    """The view runs only when the password was given within `sec.step_up_minutes`; scripts get 403 `reauth_required`.

    A posted form is kept while the person types the password and goes on afterwards.
    """

    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if is_stepped_up(request) else reauth_required(request)

    return guarded


def is_stepped_up(request: PortalRequest) -> bool:
    """Whether this session proved its password just now; never true for a request by token."""
    if not request.user.is_authenticated or request.session.get(SESSION_KEY) != str(request.user.pk):
        return False  # by token: a session of somebody else in the same browser proves nothing
    return rules.stepped_up(request.session, timezone.now(), life=request.limits.step_up)


class SteppedUp(BasePermission):
    """The same for API views; add it to `permission_classes`."""

    message = REAUTH_TEXT
    code = "reauth_required"

    def has_permission(self, request: Request, _view: Any) -> bool:
        return is_stepped_up(cast(PortalRequest, request._request))
