"""IN-10, IN-15, HD-01 to HD-04: what every request meets and every answer carries."""
import re
from urllib.parse import unquote_to_bytes

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path

from apps.accounts.models import User
from apps.core import context
from apps.core.middleware import client_ip, session_digest

pytestmark = pytest.mark.django_db


def echo(request):
    here = context.current()
    return JsonResponse({"ip": here.ip, "session": here.session, "request_id": here.request_id, "post": request.POST.dict()})


def page(request, name=""):
    return HttpResponse("<p>页面</p>")


def cached(request):
    return HttpResponse("x", headers={"Cache-Control": "private, max-age=60"})


def broken(request):
    raise RuntimeError("secret detail")


for view in (echo, page, cached, broken):
    view.login_required = False

urlpatterns = [path("echo/", echo), path("page/", page), path("page/<str:name>/", page), path("cached/", cached), path("broken/", broken)]


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ROOT_URLCONF = __name__
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def is_refused(answer):
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "无法识别的字符" in answer.content.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return True


BAD = ["%00", "%ff", "%ed%a0%80", "a%00b", "%c0%80", "%ed%b0%80x", "%e4%b8"]


@pytest.mark.parametrize("bad", BAD)
def test_bad_text_in_path_and_query_is_a_plain_400(client, bad):
    assert is_refused(client.get("/page/?q=" + bad))
    assert is_refused(client.get("/page/?" + bad + "=1"))
    assert is_refused(client.get("/page/x/", QUERY_STRING=bad))
    raw = unquote_to_bytes(bad).decode("latin-1")
    assert is_refused(client.get("/page/x/", PATH_INFO=f"/page/{raw}/"))  # as a server hands it over (PEP 3333)


@pytest.mark.parametrize("raw", ["a\0b", "\xff\xfe", "\xed\xa0\x80"])
def test_bad_text_in_a_header_is_a_plain_400(client, raw):
    for header in ("HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_X_REQUEST_ID", "HTTP_COOKIE"):
        assert is_refused(client.get("/page/", **{header: raw}))


@pytest.mark.parametrize("bad", BAD)
def test_bad_text_in_a_form_is_a_plain_400(client, bad):
    form = "application/x-www-form-urlencoded"
    assert is_refused(client.post("/echo/", f"a={bad}", content_type=form))
    assert is_refused(client.post("/echo/", f"{bad}=a", content_type=form))


def multipart(name=b"a", value=b"v", filename=None):
    head = b'--B\r\nContent-Disposition: form-data; name="' + name + b'"' + (b'; filename="' + filename + b'"' if filename else b"")
    return head + b"\r\n\r\n" + value + b"\r\n--B--\r\n"


@pytest.mark.parametrize(
    "body",
    [multipart(value=b"a\0b"), multipart(value=b"\xff"), multipart(value=b"\xed\xa0\x80"), multipart(value="�".encode())],
)
def test_bad_text_in_a_multipart_form_is_a_plain_400(client, body):
    assert is_refused(client.post("/echo/", body, content_type="multipart/form-data; boundary=B"))


@pytest.mark.parametrize("body", [multipart(name=b"\xff"), multipart(filename=b"\xff.pdf"), multipart(filename=b"a\0.pdf")])
def test_a_multipart_part_with_a_broken_name_does_no_harm(client, body):
    assert client.post("/echo/", body, content_type="multipart/form-data; boundary=B").json()["post"] == {}


def test_ordinary_chinese_passes_everywhere(client):
    assert client.get("/page/Café/").status_code == 200
    assert client.get("/page/清廉/?q=三重一大+“”&x=%E4%B8%AD", HTTP_USER_AGENT="浏览器").status_code == 200
    assert client.post("/echo/", {"a": "党委（党组）𠮷"}).json()["post"] == {"a": "党委（党组）𠮷"}
    assert client.post("/echo/", "a=%E4%B8%AD+%E6%96%87", content_type="application/x-www-form-urlencoded").json()["post"] == {"a": "中 文"}
    file = SimpleUploadedFile("纪要.pdf", b"\x00\xff")
    assert client.post("/echo/", {"file": file}).status_code == 200
    assert client.post("/echo/", b"\x00", content_type="application/json").status_code == 200


def test_a_body_too_large_or_with_too_many_fields_is_a_400(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert client.post("/echo/", {str(n): "x" for n in range(5)}).status_code == 400
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert client.post("/echo/", "a=" + "x" * 100, content_type="application/x-www-form-urlencoded").status_code == 400


STATUSES = [("/page/", 200), ("/none/", 404), ("/broken/", 500), ("/page/?q=%00", 400), ("/echo/", 200)]


@pytest.mark.parametrize(("address", "status"), STATUSES)
def test_every_answer_carries_the_security_headers(address, status):
    client = Client(raise_request_exception=False)
    answer = client.get(address)
    assert answer.status_code == status
    expected = {
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert ("default-src 'none'" in policy, "unsafe" in policy, "frame-ancestors 'none'" in policy) == (True, False, True)
    assert "secret detail" not in answer.content.decode()


def test_pages_are_not_kept_by_caches_and_differ_for_fragments(client):
    answer = client.get("/page/")
    assert (answer.headers["Cache-Control"], "HX-Request" in answer.headers["Vary"]) == ("no-store", True)
    assert "Cache-Control" not in client.get("/echo/").headers


def test_logged_in_answers_of_every_kind_are_not_kept(client):
    client.force_login(User.objects.create_user("zhoulan", None, name="周岚"))
    assert client.get("/echo/").headers["Cache-Control"] == "no-store"
    assert client.get("/cached/").headers["Cache-Control"] == "private, max-age=60"


@pytest.mark.parametrize(
    ("hops", "forwarded", "seen"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "not-an-address", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_comes_from_trusted_hops_only(client, settings, hops, forwarded, seen):
    settings.TRUSTED_PROXIES = hops
    assert client.get("/echo/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded).json()["ip"] == seen


def test_a_socket_without_address_has_none(rf):
    assert client_ip(rf.get("/", REMOTE_ADDR="")) is None


def test_the_request_number_is_ours_unless_an_own_proxy_gave_it(client, settings):
    offered = {"HTTP_X_REQUEST_ID": "abcdef-123456"}
    answer = client.get("/echo/", **offered)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    settings.TRUSTED_PROXIES = 1
    assert client.get("/echo/", **offered).headers["X-Request-ID"] == "abcdef-123456"
    assert client.get("/echo/", HTTP_X_REQUEST_ID="<script>").headers["X-Request-ID"] != "<script>"


def test_the_context_knows_the_session_by_its_digest_and_is_empty_outside(client, settings):
    assert client.get("/echo/").json()["session"] == ""
    client.force_login(User.objects.create_user("zhoulan", None, name="周岚"))
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    told = client.get("/echo/").json()["session"]
    assert (told, key in told) == (session_digest(key), False)
    assert context.current() == context.Context()


def test_a_foreign_host_is_refused(client):
    assert client.get("/page/", HTTP_HOST="evil.example").status_code == 400
