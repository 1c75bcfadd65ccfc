"""Paper: every character or a refusal, nothing fetched but our own (lessons.md C.5, security.md IN-06, IN-07)."""
import io
import socket
import threading
import time

import pikepdf
import pypdf
import pytest
from django.core.checks import run_checks
from weasyprint.urls import URLFetcherResponse

from apps.core.errors import Refused
from apps.documents import fonts, rules, running
from apps.documents.printing import ForeignAddressError, OwnFilesOnly, render_pdf, wrap_rare
from tests.documents.conftest import RARE

TEXT = "清廉国企廉政风险点台账：党委（党组）决议，三重一大〔2026〕5号，㎡、〇、℃。"


def page(body, css=""):
    return f"<!doctype html><html lang=zh-CN><head><title>试</title><style>{fonts.css()} body {{ font: 12pt var(--fang) }} {css}" \
           f" .fb {{ font-style: normal; font-family: var(--rare); line-height: 0 }}</style></head><body>{body}</body></html>"


def text_of(pdf):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def fonts_of(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as file:
        return {
            str(font.BaseFont)[8:]: "/FontDescriptor" in font.DescendantFonts[0] and "/FontFile3" in font.DescendantFonts[0].FontDescriptor
            for page in file.pages for font in page.Resources.Font.values()
        }


def test_every_character_can_be_read_back():
    text = text_of(render_pdf(page(TEXT + RARE), title="试"))
    assert set(TEXT + RARE) - set(text) == set()


def test_each_role_has_its_own_face_and_all_are_embedded():
    body = "".join(f"<p style='font-family:var(--{role})'>清廉国企{RARE if role == 'rare' else ''}</p>" for role in fonts.FACES)
    found = fonts_of(render_pdf(page(body), title="试"))
    assert set(found) == {
        "FandolFang-Regular", "FandolSong-Bold", "FandolSong-Regular", "FandolHei-Regular", "FandolKai-Regular", "Noto-Serif-CJK-SC",
    }
    assert all(found.values())


def test_a_character_no_face_has_is_refused_by_name():
    with pytest.raises(Refused, match=r"“😀”（U\+1F600）"):
        render_pdf(page("王😀"), title="试")


def test_a_character_hidden_in_an_entity_is_refused_too():
    with pytest.raises(Refused, match=r"U\+1F600"):
        wrap_rare("<p>&#128512;&#x1F600;</p>")


def test_without_a_fallback_face_a_rare_character_is_refused(monkeypatch):
    monkeypatch.setattr(fonts, "chosen", lambda: {role: face for role, face in real.items() if role != "rare"})
    with pytest.raises(Refused, match="喆"):
        fonts.rare("赵喆")


def test_without_any_face_everything_is_refused(monkeypatch):
    monkeypatch.setattr(fonts, "plain", frozenset)
    monkeypatch.setattr(fonts, "chosen", dict)
    with pytest.raises(Refused, match="清"):
        fonts.rare("清")


real = fonts.chosen()


def test_rare_characters_are_wrapped_once_and_only_in_text():
    html = '<title>喆</title><style>/*喆*/</style><!-- 喆 --><p title="喆">赵喆㛃军&#21894;</p>'
    assert wrap_rare(html) == (
        '<title>喆</title><style>/*喆*/</style><!-- 喆 --><p title="喆">赵<i class="fb">喆㛃</i>军<i class="fb">喆</i></p>'
    )


def test_entities_that_are_markup_stay_entities():
    assert wrap_rare("&#60;b&#x3E; &#1114112;") == "&#60;b&#x3E; &#1114112;"


def test_characters_without_a_shape_are_left_out():
    assert wrap_rare("甲\u200b乙\u202e丙\ufe0f\x00\ud800丁\n") == "甲乙丙丁\n"


def test_a_rare_character_does_not_stretch_its_line():
    css = "body { line-height: 20pt } @page { size: A4; margin: 20mm }"
    plain, rare = (len(pypdf.PdfReader(io.BytesIO(render_pdf(page(f"<p>{'赵' + who}</p>" * 90, css), title="试"))).pages)
                   for who in ("军", "喆"))
    assert plain == rare


def test_the_papers_facts_stand_in_its_metadata():
    facts = pypdf.PdfReader(io.BytesIO(render_pdf(page("清"), title="台账", author="周敏", subject="编号 7"))).metadata
    assert (facts.title, facts.author, facts.subject, facts.producer is not None) == ("台账", "周敏", "编号 7", True)
    assert facts.creator == "清廉国企管理平台"


@pytest.fixture
def listener():
    """A port of this machine and the number of connections it got."""
    hits = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.1)
        stop = threading.Event()

        def accept():
            while not stop.is_set():
                try:
                    server.accept()[0].close()
                    hits.append(1)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], hits
        stop.set()
        thread.join()


HOSTILE = {
    "image": '<img src="{0}">',
    "link css": '<link rel=stylesheet href="{0}">',
    "import": "<style>@import url({0});</style>",
    "font": "<style>@font-face {{ font-family: x; src: url({0}) }} p {{ font-family: x }}</style><p>清</p>",
    "background": '<p style="background:url({0})">清</p>',
    "list": '<ul><li style="list-style-image:url({0})">清</li></ul>',
    "content": '<style>p::before {{ content: url({0}) }}</style><p>清</p>',
    "object": '<object data="{0}"></object>',
    "embed": '<embed src="{0}">',
    "attachment": '<link rel=attachment href="{0}">',
    "attachment link": '<a rel=attachment href="{0}">清</a>',
    "svg": '<svg width=10 height=10><image href="{0}" width=10 height=10 /></svg>',
    "svg use": '<svg width=10 height=10><use href="{0}#a" /></svg>',
}


@pytest.mark.parametrize("scheme", ["http", "file", "data", "static up", "static absolute", "static type", "static gone", "font"])
@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_foreign_is_fetched(markup, scheme, listener, tmp_path):
    port, hits = listener
    secret = tmp_path / "secret.css"
    secret.write_text("SECRET-MARK")
    address = {
        "http": f"http://127.0.0.1:{port}/x", "file": secret.as_uri(), "data": "data:image/svg+xml,<svg/>",
        "static up": "static:../config/settings.css", "static absolute": f"static:{secret}", "static type": "static:js/list.js",
        "static gone": "static:no/such.css", "font": "font:no-such-role",
    }[scheme]
    try:
        pdf = render_pdf(page(markup.format(address)), title="试")
    except ForeignAddressError:
        pdf = b""
    assert hits == []
    assert b"EmbeddedFile" not in pdf
    assert b"SECRET-MARK" not in pdf


def test_our_own_files_are_served():
    response = OwnFilesOnly().fetch("static:logo.svg")
    assert isinstance(response, URLFetcherResponse)
    assert (response.content_type, b"<svg" in response.read()) == ("image/svg+xml", True)


@pytest.mark.parametrize(
    "address", ["static:../manage.css", "static:/etc/passwd.css", "static:%2e%2e/x.css", "static:\x00.css", "logo.svg"]
)
def test_no_path_leads_out_of_the_static_files(address):
    with pytest.raises(ValueError, match="static"):
        OwnFilesOnly().fetch(address)


@pytest.mark.parametrize("body", ["<table><tr><td colspan=1000000>清</td></tr></table>", "<div>" * 400 + "清"], ids=["colspan", "nesting"])
def test_a_hostile_layout_ends_cleanly(body, monkeypatch):
    monkeypatch.setattr(rules, "SILENCE", 3.0)
    began = time.monotonic()
    try:
        with running._time_limit():
            render_pdf(page(body), title="试")
    except (running.TimeUp, RecursionError):
        pass
    assert time.monotonic() - began < 15


def test_a_missing_face_is_found_by_the_system_check(monkeypatch):
    assert run_checks(tags=["fonts"]) == []
    monkeypatch.setattr(fonts, "chosen", lambda: {"fang": real["fang"]})
    found = run_checks(tags=["fonts"])
    assert {one.id for one in found} == {"documents.W001"}
    assert [one.msg.rpartition("：")[2] for one in found] == ["小标宋", "宋体", "黑体", "楷体", "生僻字补充字体"]


@pytest.fixture
def fonts_conf(settings, tmp_path):
    """A fontconfig file of its own; the fonts are read anew before and after."""

    def write(*folders, include=""):
        conf = tmp_path / "fonts.conf"
        dirs = "".join(f"<dir>{folder}</dir>" for folder in folders)
        conf.write_text(f"<fontconfig>{dirs}{f'<include>{include}</include>' if include else ''}</fontconfig>")
        settings.FONTCONFIG_FILE = str(conf)
        fonts.forget()

    yield write
    fonts.forget()


def test_a_file_that_is_no_font_is_passed_over(fonts_conf, tmp_path):
    (tmp_path / "broken.otf").write_bytes(b"no font")
    (tmp_path / "broken.ttc").write_bytes(b"ttcf")
    fonts_conf(tmp_path, "/no/such/folder", include="/no/such/file")
    assert fonts.missing() == list(fonts.LABELS.values())
    assert fonts.plain() == frozenset()


def test_the_customers_own_face_goes_first(fonts_conf, tmp_path):
    from fontTools.ttLib import TTFont

    with TTFont(real["fang"].path) as font:
        for record in font["name"].names:
            if record.nameID in (1, 16):
                record.string = "FangSong_GB2312"
        font.save(tmp_path / "own.otf")
    fonts_conf(tmp_path, real["fang"].path.parent)
    assert fonts.chosen()["fang"].family == "FangSong_GB2312"
    assert fonts.chosen()["title"] == real["title"]


def test_a_face_out_of_a_collection_is_named_and_not_served():
    assert '--rare: "Noto Serif CJK SC"' in fonts.css()
    assert "font:rare" not in fonts.css()
    assert 'url("font:fang")' in fonts.css()
