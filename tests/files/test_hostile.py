"""IN-02, IN-03: what a hostile upload costs, and what it hides."""
import io
import random
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PortalSession
from apps.files import rules
from tests.files.conftest import GOOD, OLE
from tests.kit.people import user


def packed(*entries, name="word/document.xml"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for entry, content in ((name, b"<x/>"), *entries):
            package.writestr(entry, content)
    return io.BytesIO(target.getvalue())


@pytest.mark.parametrize(("name", "first"), [("a.zip", "a.txt"), ("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml")])
def test_a_package_that_swells_a_thousand_times_is_refused(name, first):
    bomb = packed(("xl/sheet1.xml", b"0" * 60_000_000), name=first)
    assert rules.fault_of_content(name, bomb) == "压缩包展开后过大，检查文件后重新上传"


def test_a_large_package_that_packs_as_papers_do_is_taken():
    noise = random.Random(1).randbytes(700_000)
    assert rules.fault_of_content("a.zip", packed(("a.bin", noise + b"0" * 60_000_000), name="a.txt")) == ""


@pytest.mark.parametrize("entry", ["word/vbaProject.bin", "VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"])
def test_macros_in_a_package_are_refused(entry):
    name, first = ("a.xlsx", "xl/workbook.xml") if entry.startswith("xl") else ("a.docx", "word/document.xml")
    assert rules.fault_of_content(name, packed((entry, b"x"), name=first)) == "文件含有宏，去除宏后重新上传"


@pytest.mark.parametrize("where", [600, (1 << 20) - 5])
@pytest.mark.parametrize("ending", ["doc", "xls", "wps", "et"])
def test_macros_in_an_old_office_file_are_refused(ending, where):
    mark = "_VBA_PROJECT_CUR".encode("utf-16-le")
    content = OLE + b"\0" * (where - len(OLE)) + mark + b"\0" * 600
    assert rules.fault_of_content(f"a.{ending}", io.BytesIO(content)) == "文件含有宏，去除宏后重新上传"
    assert rules.fault_of_content("a.doc", io.BytesIO(GOOD["doc"])) == ""


@pytest.mark.parametrize("name", ["机 密.pdf", "機密.pdf", "绝\u3000密.pdf", "絕密.docx", "秘\u00a0密.zip"])
def test_a_state_secret_s_mark_is_seen_through_blanks_and_old_characters(name):
    assert rules.fault_of_name(name) == rules.STATE_SECRETS


@pytest.mark.parametrize("name", ["计算机密码管理规定.pdf", "手机密钥.zip", "工作秘密.pdf"])
def test_a_word_that_only_looks_like_a_mark_is_no_mark(name):
    assert rules.fault_of_name(name) == ""


@pytest.mark.django_db
def test_a_stranger_s_large_body_is_refused_before_it_is_read():
    class Unread(io.BytesIO):
        def read(self, *size):
            raise AssertionError("the body was read")

    answer = Client().generic("POST", "/login/", b"", CONTENT_TYPE="multipart/form-data; boundary=X", CONTENT_LENGTH="300000000",
                              **{"wsgi.input": Unread()})  # fmt: skip
    assert (answer.status_code, "登录后再上传" in answer.content.decode(), answer["Connection"]) == (413, True, "close")


@pytest.mark.django_db
@pytest.mark.parametrize(("megabytes", "status"), [(99, 404), (101, 413)])
def test_somebody_logged_in_may_send_two_of_the_largest_files(megabytes, status):
    client = Client()
    client.force_login(user("钱芳"))
    length = str(megabytes * 1024 * 1024)
    answer = client.generic("POST", "/no-such-page/", b"", CONTENT_TYPE="multipart/form-data; boundary=X", CONTENT_LENGTH=length)
    assert answer.status_code == status
    if status == 413:
        assert "单个文件不超过 50 MB" in answer.content.decode()


@pytest.mark.django_db
def test_whoever_s_session_ended_meanwhile_keeps_the_words_beside_his_large_file():
    client = Client()
    client.force_login(user("钱芳"))
    PortalSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    body = b'--X\r\nContent-Disposition: form-data; name="remark"\r\n\r\nwritten\r\n--X\r\n'
    body += b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + b"0" * 6_000_000 + b"\r\n--X--\r\n"
    answer = client.generic("POST", "/risks/new/", body, content_type="multipart/form-data; boundary=X")
    assert (answer.status_code, "刚才提交的内容已保留" in answer.content.decode()) == (401, True)
