"""Small gates every request passes."""
import hashlib
import ipaddress
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from apps.core.context import Context, request_context

GetResponse = Callable[[HttpRequest], HttpResponseBase]
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
UNREADABLE = "请求中有无法识别的字符，删除后重新提交。"
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"


def session_digest(key: str | None) -> str:
    """What is stored and logged instead of a session key; empty for none."""
    return hashlib.sha256(key.encode()).hexdigest() if key else ""


def client_ip(request: HttpRequest) -> str | None:
    """The peer's address; behind `TRUSTED_PROXIES` own proxies the address the outermost of them saw (IN-15)."""
    hops = settings.TRUSTED_PROXIES
    peer = request.META.get("REMOTE_ADDR") or ""
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    candidate = forwarded[-hops] if hops and len(forwarded) >= hops else peer
    return _address(candidate) or _address(peer)


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _bad_text(text: str, *, replaced: bool = False) -> bool:
    """Whether decoded text holds a NUL, a lone surrogate or (`replaced`) the mark that a decoder leaves for bad bytes."""
    return any(char == "\0" or "\ud800" <= char <= "\udfff" or (replaced and char == "\ufffd") for char in text)


def _bad_bytes(raw: bytes) -> bool:
    try:
        return b"\0" in raw or not isinstance(raw.decode(), str)
    except UnicodeDecodeError:
        return True


def _wire(value: str) -> bytes:
    """The bytes of a WSGI string (PEP 3333: one character a byte); Django's test client also hands over decoded text."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


class CleanInput:
    """Text that no table can hold ends in a plain 400 instead of an error further in (IN-10). JSON is the API parser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        headers = (str(value) for key, value in meta.items() if key.startswith(("HTTP_", "CONTENT_")))
        query = meta.get("QUERY_STRING", "")
        if (
            _bad_bytes(unquote_to_bytes(request.path_info))  # Django decodes it and leaves bad bytes as %XX
            or _bad_bytes(unquote_to_bytes(_wire(query).replace(b"+", b" ")))
            or any(_bad_bytes(_wire(value)) for value in headers)
        ):
            return self.refuse()
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Form fields are read here, where Django turns a body too large or broken into its own 400."""
        if request.method != "POST" or request.content_type not in FORM_TYPES:
            return None
        if request.content_type == FORM_TYPES[0]:
            return self.refuse() if _bad_bytes(unquote_to_bytes(request.body.replace(b"+", b" "))) else None
        return self.refuse() if any(_bad_text(text, replaced=True) for text in self._multipart_texts(request)) else None

    @staticmethod
    def _multipart_texts(request: HttpRequest) -> Iterable[str]:
        for name, values in request.POST.lists():
            yield name
            yield from (str(value) for value in values)
        for name, files in request.FILES.lists():
            yield name
            yield from (file.name or "" for file in files)

    @staticmethod
    def refuse() -> HttpResponse:
        """The plain answer, in Chinese."""
        return HttpResponse(UNREADABLE, status=400, content_type="text/plain; charset=utf-8")


class SecurityHeaders:
    """The constant headers of HD-03 and HD-04; the content policy itself is django-csp's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        if is_html:
            patch_vary_headers(response, ["HX-Request"])
        user = getattr(request, "user", None)
        if is_html or (user is not None and user.is_authenticated):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class RequestContext:
    """Fills `core.context` for the request and answers with its number (X-Request-ID)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-ID", "")
        is_ours = settings.TRUSTED_PROXIES and REQUEST_ID.fullmatch(offered)
        request_id = offered if is_ours else uuid.uuid4().hex
        digest = session_digest(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        with request_context(Context(ip=client_ip(request), session=digest, request_id=request_id)):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response
