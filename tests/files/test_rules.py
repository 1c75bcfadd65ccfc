"""Names, types and first bytes (domain.md 1.0, security.md IN-01)."""
import io

import pytest

from apps.files import rules
from tests.files.conftest import GOOD, OLE, package, pdf, picture


@pytest.mark.parametrize("ending", GOOD)
def test_every_allowed_type_is_taken(ending):
    assert rules.fault_of_name(f"佐证材料.{ending}") == ""
    assert rules.fault_of_content(f"佐证材料.{ending.upper()}", io.BytesIO(GOOD[ending])) == ""


@pytest.mark.parametrize("name", ["a.exe", "a.docm", "a.svg", "a.html", "a.pdf.js", "pdf", "a.", "说明.txt"])
def test_other_types_are_refused_with_the_list(name):
    assert rules.fault_of_name(name).startswith("上传 pdf、ofd")


@pytest.mark.parametrize("name", [
    "../a.pdf", "..\\a.pdf", "a/b.pdf", "a\x00.pdf", "a\r\n.pdf", "报告\u202efdp.exe.pdf", "\u2066a.pdf", ".pdf", "a:b.pdf", 'a".pdf',
    "\ud800.pdf", "a\x9f.pdf",
])
def test_names_that_could_mislead_are_refused(name):
    assert "不能使用的字符" in rules.fault_of_name(name)


def test_a_name_has_at_most_two_hundred_characters():
    assert rules.fault_of_name("字" * 196 + ".pdf") == ""
    assert rules.fault_of_name("字" * 197 + ".pdf") == "文件名不超过 200 字，现有 201 字"


@pytest.mark.parametrize("name", ["秘密文件.pdf", "（机密）决议.docx", "绝密.zip", "绝密★会议.pdf", "商业秘密和国家秘密.pdf"])
def test_state_secrets_are_turned_away(name):
    assert rules.fault_of_name(name) == "本系统为非涉密系统，严禁录入、上传、处理国家秘密信息"


@pytest.mark.parametrize("name", ["商业秘密保护办法.pdf", "工作秘密清单.xlsx"])
def test_working_and_commercial_secrets_may_be_kept(name):
    assert rules.fault_of_name(name) == ""


@pytest.mark.parametrize(("size", "fault"), [
    (0, "文件是空的，检查后重新上传"), (1, ""), (50 * 1024 * 1024, ""), (50 * 1024 * 1024 + 1, "单个文件不超过 50 MB"),
])
def test_sizes(size, fault):
    assert rules.fault_of_size(size, max_mb=50) == fault


FALSE = {
    "exe as pdf": ("a.pdf", b"MZ\x90\0" + b"\0" * 50), "html as pdf": ("a.pdf", b"<html><script>"),
    "broken pdf": ("a.pdf", b"%PDF-1.7 nothing"),
    "html before pdf": ("a.pdf", b"<html>" + pdf()), "zip as docx": ("a.docx", package("a.txt")), "xlsx as docx": ("a.docx", GOOD["xlsx"]),
    "broken zip": ("a.zip", b"PK\x03\x04" + b"\0" * 50), "docx as doc": ("a.doc", GOOD["docx"]), "png as jpg": ("a.jpg", picture("PNG")),
    "broken jpg": ("a.jpg", b"\xff\xd8\xff\xe0nothing"), "svg as png": ("a.png", b"<svg><script/></svg>"),
    "text as mp4": ("a.mp4", b"hello, this is text"),
    "zip as ofd": ("a.ofd", package("word/document.xml")), "short": ("a.png", b"\x89P"), "text as wps": ("a.wps", b"text"),
}


@pytest.mark.parametrize(("name", "content"), FALSE.values(), ids=FALSE.keys())
def test_bytes_that_are_not_what_the_name_says_are_refused(name, content):
    assert rules.fault_of_content(name, io.BytesIO(content)) == f"文件内容不是 {name[2:]} 格式，用原软件另存后重新上传"


def test_macros_are_refused():
    assert "宏" in rules.fault_of_content("a.docx", io.BytesIO(package("word/document.xml", "word/vbaProject.bin")))


def test_a_package_of_too_many_entries_is_refused_unread():
    assert "过多" in rules.fault_of_content("a.zip", io.BytesIO(package(*(f"{n:080}" for n in range(16000)))))


def test_a_pdf_that_needs_a_password_is_refused():
    assert "打开密码" in rules.fault_of_content("a.pdf", io.BytesIO(pdf("geheim")))


def test_a_download_has_one_fixed_type():
    assert rules.media_type("A.JPEG") == "image/jpeg"
    assert rules.media_type("a.pdf") == "application/pdf"
    assert OLE[:4] == b"\xd0\xcf\x11\xe0"
