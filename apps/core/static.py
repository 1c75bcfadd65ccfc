"""Hashed static file names."""
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
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


class PortalStaticFiles(StaticFilesConfig):
    """Only the files of the front-end packages that the pages load: compressing all of them costs half a minute."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns, "*.map", "*.rtl.*", "bootstrap-*", "bootstrap.css", "bootstrap.js", "bootstrap.bundle.js",
        "bootstrap.*.js", "ext", "*.d.ts", "htmx.js", "htmx.amd.js", "htmx.cjs.js", "htmx.esm*", "*.gz", "*.html",
    ]  # fmt: skip
