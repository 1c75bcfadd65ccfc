"""Hashed names of static files."""
import re

import pytest
from django.core.files.storage import FileSystemStorage

from apps.core.static import PortalStaticStorage


@pytest.fixture
def collected(tmp_path):
    """A style sheet that names a picture beside it and one that is not there, after collecting."""
    (tmp_path / "page.css").write_text("body{background:url(there.svg)} p{background:url(gone.svg)}")
    (tmp_path / "there.svg").write_text("<svg/>")
    found, source = PortalStaticStorage(location=tmp_path, base_url="/static/"), FileSystemStorage(tmp_path)
    results = list(found.post_process({name: (source, name) for name in ("page.css", "there.svg")}))
    assert [result for *_, result in results if isinstance(result, Exception)] == []
    return found


def test_collecting_goes_on_where_a_style_sheet_names_a_file_that_is_not_shipped(collected, tmp_path):
    hashed = collected.stored_name("page.css")
    assert re.fullmatch(r"page\.[0-9a-f]{12}\.css", hashed)
    text = (tmp_path / hashed).read_text()
    assert collected.stored_name("there.svg") in text
    assert "gone.svg" in text


def test_a_file_that_was_not_collected_keeps_its_plain_name(collected, settings):
    settings.DEBUG = False
    assert collected.url("page.css") != "/static/page.css"
    assert collected.url("later.css") == "/static/later.css"
