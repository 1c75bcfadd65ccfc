"""HTML to PDF: fetches only our own files, draws every character or refuses."""
from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import unquote

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from weasyprint import HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from apps.documents import fonts

SCHEME = "static:"
FONT = "font:"
MEDIA = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
GENERATOR = "清廉国企管理平台"
_local = threading.local()
_TOKEN = re.compile(r"(<(?:style|title|script)\b.*?</(?:style|title|script)>|<!--.*?-->|<[^>]*>)", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"&#(?:x([0-9a-f]+)|(\d+));", re.IGNORECASE)


class ForeignAddressError(Exception):
    """A paper asked for something that is not one of our static files: a fault of its template."""


class OwnFilesOnly(URLFetcher):
    """Serves `static:` out of the portal's static files and `font:` out of the chosen faces; all else stops the rendering (IN-06).

    No other scheme, no redirect, no path out of the static folders, no file type but those of MEDIA.
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if face := fonts.chosen().get(url.removeprefix(FONT)) if url.startswith(FONT) else None:
            return URLFetcherResponse(url, face.path.read_bytes(), {"Content-Type": "font/otf"})
        if not url.startswith(SCHEME):
            raise ValueError("only static: is served")
        name = unquote(url.removeprefix(SCHEME)).lstrip("/")
        media = MEDIA.get(Path(name).suffix)
        path = _static_path(name)
        if media is None or path is None:
            raise ValueError("no such static file")
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": media})


def _static_path(name: str) -> Path | None:
    """The file of a static name, in the source folders or among the collected files; None outside them."""
    if ".." in Path(name).parts or "\0" in name:
        return None
    found = finders.find(name)
    path = Path(found) if isinstance(found, str) else Path(staticfiles_storage.path(name))
    return path if path.is_file() else None


def wrap_rare(html: str) -> str:
    """`html` with every character outside the official faces in `<i class="fb">`, so that it does not stretch its line.

    Raises Refused naming a character that no face has.
    """
    html = fonts.printable(_ENTITY.sub(_character, html))
    strange = fonts.rare(html)
    if not strange:
        return html
    run = re.compile(f"[{re.escape(''.join(sorted(strange)))}]+")
    parts = _TOKEN.split(html)  # odd places are tags
    return "".join(part if at % 2 else run.sub(r'<i class="fb">\g<0></i>', part) for at, part in enumerate(parts))


def _character(entity: re.Match[str]) -> str:
    """A numeric entity as its character, but never as one that could be markup."""
    number = int(entity[1], 16) if entity[1] else int(entity[2])
    is_markup = number < 128 or number > 0x10FFFF
    return entity[0] if is_markup else chr(number)


def _font_configuration() -> FontConfiguration:
    """This thread's font configuration: faces are read once, and pango's font map is not shared between threads."""
    if not hasattr(_local, "fonts"):
        _local.fonts = FontConfiguration()
    return _local.fonts


@contextmanager
def _ours_only() -> Iterator[None]:
    """Turn weasyprint's fatal error, which is no Exception, into ours."""
    try:
        yield
    except FatalURLFetchingError as error:
        raise ForeignAddressError(str(error)) from error


def laid_out(html: str) -> Document:
    """An HTML document of ours, laid out in pages. Raises what `render_pdf` raises."""
    with _ours_only():
        return HTML(string=wrap_rare(html), url_fetcher=OwnFilesOnly()).render(font_config=_font_configuration())


def written(document: Document, *, title: str, author: str = "", subject: str = "") -> bytes:
    """The PDF of laid out pages, with its metadata."""
    facts = document.metadata
    facts.title, facts.authors, facts.description, facts.generator = title, [author] if author else [], subject, GENERATOR
    with _ours_only():  # files a document carries along are fetched only here
        return cast("bytes", document.write_pdf())


def render_pdf(html: str, *, title: str, author: str = "", subject: str = "") -> bytes:
    """The PDF of a whole HTML document of ours, fonts embedded, `title`, `author` and `subject` in its metadata.

    Raises Refused naming a character no face has, ForeignAddressError for anything fetched that is not a static file of ours.
    """
    return written(laid_out(html), title=title, author=author, subject=subject)
