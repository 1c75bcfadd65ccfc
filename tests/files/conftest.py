"""A risk point still being written, one already handed in, and files of every kind."""
import io
import zipfile

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.files.services import attach
from tests.kit.people import build_world
from tests.kit.risks import FILED, draft


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "files")}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return tmp_path / "files"


@pytest.fixture
def world(db):
    return build_world()


@pytest.fixture
def record(world):
    return draft(world)


def package(*entries, **texts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for entry in entries:
            file.writestr(entry, "x")
        for name, text in texts.items():
            file.writestr(name, text)
    return made.getvalue()


def pdf(password=""):
    made = io.BytesIO()
    with pikepdf.new() as file:
        file.add_blank_page()
        file.save(made, encryption=pikepdf.Encryption(owner=password, user=password) if password else False)
    return made.getvalue()


def picture(form):
    made = io.BytesIO()
    Image.new("RGB", (4, 4)).save(made, form)
    return made.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
GOOD = {
    "pdf": pdf(), "ofd": package("OFD.xml"), "doc": OLE, "xls": OLE, "ppt": OLE, "wps": OLE, "et": package("workbook"),
    "docx": package("word/document.xml"), "xlsx": package("xl/workbook.xml"), "pptx": package("ppt/presentation.xml"),
    "zip": package("a.txt"), "jpg": picture("JPEG"), "jpeg": picture("JPEG"), "png": picture("PNG"),
    "mp4": b"\0\0\0\x18ftypmp42" + b"\0" * 20,
}


@pytest.fixture
def upload(record, world):
    """Attach bytes under a name to the record."""

    def take_in(name="会议纪要.pdf", content=GOOD["pdf"], to=None, **facts):
        facts = {"kind": "minutes", "by": world.people["author"], "at": FILED} | facts
        return attach(to or record, upload=SimpleUploadedFile(name, content), **facts)

    return take_in
