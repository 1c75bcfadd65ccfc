"""Files on a record's page."""

import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.files.queries import attachments_of
from tests.kit.people import again, build_world
from tests.kit.risks import draft, point_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build_world()


def paper(name="依据.pdf"):
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return SimpleUploadedFile(name, target.getvalue())


def test_a_file_goes_up_is_shown_and_comes_off_while_the_record_is_a_draft(world, client):
    record = draft(world)
    client.force_login(again(world.author))
    answer = client.post(reverse("risks-attach", args=[record.pk]), {"file": paper(), "kind": "basis"}, follow=True)
    page = answer.content.decode()
    assert "附件“依据.pdf”已上传。" in page
    assert "制度依据" in page
    file = attachments_of(record).get()
    answer = client.post(reverse("risks-detach", args=[record.pk, file.pk]), follow=True)
    assert "附件“依据.pdf”已移除。" in answer.content.decode()
    assert not attachments_of(record).exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [({"kind": "basis"}, "选择要上传的文件。"), ({"file": SimpleUploadedFile("恶意.pdf", b"MZ program"), "kind": "basis"}, "格式")],
)
def test_a_bad_file_gets_a_sentence_and_leaves_nothing(world, client, data, said):
    record = draft(world)
    client.force_login(again(world.author))
    assert said in client.post(reverse("risks-attach", args=[record.pk]), data, follow=True).content.decode()
    assert not attachments_of(record).exists()


def test_what_was_handed_in_takes_no_files(world, client):
    record = point_in("department", world)
    client.force_login(again(world.author))
    assert client.post(reverse("risks-attach", args=[record.pk]), {"file": paper(), "kind": "basis"}).status_code == 403
    assert "选择文件" not in client.get(record.get_absolute_url()).content.decode()
