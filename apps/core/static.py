"""Hashed static file names."""
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class PortalStaticStorage(CompressedManifestStaticFilesStorage):
    """Like whitenoise's, but a file that was not collected keeps its plain name.

    Front-end packages name source maps they do not ship, and tests draw pages without collecting anything.
    """

    manifest_strict = False

    def hashed_name(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The name with its hash, or the plain name when the file is not there."""
        try:
            return super().hashed_name(name, *args, **kwargs)
        except ValueError:
            return name
