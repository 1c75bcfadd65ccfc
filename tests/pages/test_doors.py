"""What a register's pages do by themselves, whoever stands before them, and when somebody else acts in between."""
import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.urls import resolve, reverse

from apps.files import services as files
from apps.files.queries import attachments_of
from apps.pages import attachments
from apps.risks import services
from tests.kit.people import again
from tests.kit.risks import FILED, draft, point_in
from tests.pages.test_attachments import paper


@pytest.mark.parametrize("name", ["risks-list", "risks-new", "risks-detail", "risks-edit"])
def test_the_pages_show_nobody_anything_even_where_no_middleware_stands_before_them(world, rf, name):
    record = point_in("in_force", world)
    address = reverse(name, args=[record.pk] if name in {"risks-detail", "risks-edit"} else [])
    view, args, kwargs = resolve(address)
    request = rf.get(address)
    request.user = AnonymousUser()
    with pytest.raises(Http404):
        view(request, *args, **kwargs)


def test_a_file_stays_when_the_record_was_handed_in_a_moment_before(world, as_, monkeypatch):
    record = draft(world)
    file = files.attach(record, upload=paper(), kind="basis", by=again(world.author), at=FILED)

    def remove_too_late(found, **facts):
        services.submit(record, by=again(world.author), at=FILED)
        return files.remove(found, **facts)

    monkeypatch.setattr(attachments, "remove", remove_too_late)
    answer = as_(again(world.author)).post(reverse("risks-detach", args=[record.pk, file.pk]), follow=True)
    assert "记录已提交，不能再修改附件" in answer.content.decode()
    assert "已移除" not in answer.content.decode()
    assert attachments_of(record).get() == file
