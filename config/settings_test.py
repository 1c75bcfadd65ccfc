"""Settings of the tests: the portal's own, but static files come straight from their folders."""

from config.settings import *  # noqa: F403 -- everything else is as in production
from config.settings import STATE_DIR, STORAGES

STATIC_ROOT = STATE_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

# A signing key of the tests' own: the portal's is made by `setup`, which tests do not run.
AUDIT_KEY_FILE = STATE_DIR / "test-audit.key"
AUDIT_CHECKPOINT_FILE = STATE_DIR / "test-checkpoints.jsonl"
