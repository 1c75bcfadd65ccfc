"""Settings, read from the environment once; a missing secret stops the start instead of being guessed.

Every variable is described in docs/OPERATIONS.md. A value may also come from a file: NAME_FILE=/path.
"""
from pathlib import Path
from urllib.parse import unquote

import environ

env = environ.FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env("SECRET_KEY")
FIELD_KEY = env("FIELD_KEY")  # base64 of 32 bytes; encrypts personal fields, kept apart from SECRET_KEY
DEBUG = False
TLS = env.bool("PORTAL_TLS", default=False)
STATE_DIR = Path(env("PORTAL_STATE", default=str(BASE_DIR / "var" / "run")))
AUDIT_KEY_FILE = Path(env("AUDIT_KEY_FILE", default=str(STATE_DIR / "audit.key")))  # signs checkpoints; best on another account
AUDIT_CHECKPOINT_FILE = Path(env("AUDIT_CHECKPOINT_FILE", default=str(STATE_DIR / "audit-checkpoints.jsonl")))  # best on another host
ALLOWED_HOSTS = env.list("PORTAL_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("PORTAL_ORIGINS", default=[])
SITE_URL = env("PORTAL_URL", default="http://127.0.0.1:8000")
TRUSTED_PROXIES = env.int("PORTAL_PROXIES", default=0)  # how many proxy hops of X-Forwarded-For are ours

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "apps.core.static.PortalStaticFiles",
    "django.contrib.postgres",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_tables2",
    "guardian",
    "csp",
    "apps.core",
    "apps.audit",
    "apps.parameters",
    "apps.accounts",
    "apps.org",
    "apps.calendars",
    "apps.notices",
    "apps.files",
    "apps.flow",
    "apps.exchange",
    "apps.documents",
    "apps.pages",
    "apps.risks",
    "apps.system",
    "apps.dashboards",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.middleware.SecurityHeaders",
    "apps.core.middleware.CleanInput",  # below the headers, so that its 400 carries them too
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.middleware.RequestContext",
    "apps.accounts.middleware.SessionRules",
    "apps.files.middleware.BodySize",  # knows who asks, and comes before anything reads the body
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.shell.shell",
            ],
            "builtins": ["apps.core.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
FILTERS_EMPTY_CHOICE_LABEL = "全部"

# The web, the worker and the beat use the role without rights on the audit tables; only migrations use the owner.
APP_DATABASE_URL = env("DATABASE_URL")
OWNER_DATABASE_URL = env("DATABASE_OWNER_URL", default="")
as_owner = env("PORTAL_DB", default="app") == "owner" and OWNER_DATABASE_URL
DATABASES = {"default": env.db_url_config(OWNER_DATABASE_URL if as_owner else APP_DATABASE_URL)}
DATABASES["default"] |= {
    "HOST": unquote(DATABASES["default"]["HOST"]),  # a socket directory comes percent-encoded
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,  # pgbouncer in transaction mode
    "OPTIONS": {"connect_timeout": 5},
    "TEST": {"NAME": env("PORTAL_TEST_DB", default=None)},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("CACHE_URL"),
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None  # guardian would otherwise make a real user row
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"

SESSION_ENGINE = "apps.accounts.sessions"  # rows of accounts.PortalSession
SESSION_COOKIE_AGE = 24 * 3600  # the row outlives sec.absolute_hours (at most 24), which ends it
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"apps.accounts.passwords.{rule}"} for rule in ("LengthRule", "ClassesRule", "WordsRule", "CommonRule", "HistoryRule")
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31536000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS and TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # nothing of what the packages bring along
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/bootstrap", BASE_DIR / "node_modules" / "bootstrap" / "dist"),
    ("vendor/htmx", BASE_DIR / "node_modules" / "htmx.org" / "dist"),
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(STATE_DIR / "files")}},
    "staticfiles": {"BACKEND": "apps.core.static.PortalStaticStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

EMAIL_HOST = env("PORTAL_SMTP_HOST", default="")  # empty: no mail channel, notices stay in the portal
MAIL_ENABLED = env.bool("PORTAL_MAIL", default=True)  # the master switch, asked at send time
EMAIL_PORT = env.int("PORTAL_SMTP_PORT", default=25)
EMAIL_HOST_USER = env("PORTAL_SMTP_USER", default="")
EMAIL_HOST_PASSWORD = env("PORTAL_SMTP_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("PORTAL_SMTP_STARTTLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("PORTAL_MAIL_FROM", default="qinglian@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "apps.accounts.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.pages.parsers.CleanJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "apps.pages.pagination.RecordPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.pages.api.refused_as_conflict",
    "ALLOWED_VERSIONS": ["v1"],  # else ?version= of the schema goes into a header as it comes
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "清廉国企管理平台 API",
    "VERSION": "1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {"GradeEnum": "apps.risks.models.GRADES", "LevelEnum": "apps.risks.models.RiskPoint.Level"},
}

# A fault that reaches nobody else reaches the log, with the number the page shows; never what was posted.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"django.request": {"handlers": ["stderr"], "level": "ERROR"}, "config": {"handlers": ["stderr"], "level": "WARNING"}},
}

CELERY_BROKER_URL = env("REDIS_URL")
FONTCONFIG_FILE = env("FONTCONFIG_FILE", default="")
# Guardian only stores loans (借阅) here; `visible_to` reads them, so its authentication back end is not wanted.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
