"""The session store: database sessions that know their user and keep only a digest of the key."""
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from apps.core.middleware import session_digest

from .models import PortalSession


class SessionStore(DatabaseStore):
    """Like Django's, over `PortalSession`."""

    _row: PortalSession | None = None

    @property
    def row(self) -> PortalSession:
        """The row this session was loaded from; somebody logged in always has one."""
        assert self._row is not None
        return self._row

    @classmethod
    def get_model_class(cls) -> type[PortalSession]:
        """The model Django's code is to use."""
        return PortalSession

    def _get_session_from_db(self) -> PortalSession | None:
        self._row = PortalSession.objects.filter(session_key=session_digest(self.session_key), expire_date__gt=timezone.now()).first()
        if self._row is None:
            self._session_key = None
        return self._row

    def exists(self, session_key: str) -> bool:
        return PortalSession.objects.filter(session_key=session_digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> PortalSession:
        return PortalSession(
            session_key=session_digest(self._get_or_create_session_key()),  # type: ignore[attr-defined]  # Django's own, not in the stubs
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get("_auth_user_id"),
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            PortalSession.objects.filter(session_key=session_digest(key)).delete()
