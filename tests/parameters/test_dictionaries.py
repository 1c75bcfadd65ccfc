"""What a 字典 offers: built-in items, items of our own, and items no longer offered."""
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.core.errors import Refused
from apps.parameters import queries, services
from apps.parameters.dictionaries import ALL, DICTIONARIES
from apps.parameters.models import DictionaryItem
from tests.kit import audit

from .conftest import AT

pytestmark = pytest.mark.django_db


def add(writer, label="客户投诉", *, dictionary="finding_way", on=date(2026, 4, 1)):
    return services.add_item(dictionary, label=label, effective_on=on, by=writer, at=AT)


def test_codes_and_labels_stand_once_in_each_dictionary():
    assert len(DICTIONARIES) == len(ALL)
    for dictionary in ALL:
        codes, labels = zip(*dictionary.items, strict=True)
        assert len(set(codes)) == len(set(labels)) == len(codes)


def test_the_business_areas_are_those_of_the_form():
    labels = [label for _, label in queries.choices("business_area")]
    assert (len(labels), labels[0], labels[-1]) == (17, "三重一大决策", "其他")


def test_the_four_classes_of_the_survey_are_there():
    assert [label for _, label in queries.choices("topic_kind")] == ["思想建设", "三重一大", "制度建设", "规范管理"]


def test_an_added_item_is_offered_last_and_from_its_date_on(writer):
    item = add(writer)
    assert queries.choices("finding_way")[-1] == (item.code, "客户投诉")
    assert item.code not in dict(queries.choices("finding_way", on=date(2026, 3, 31)))
    assert item.code in dict(queries.choices("finding_way", on=date(2026, 4, 1)))
    assert [add(writer, "媒体监督").code, add(writer, "信访举报").code] == ["own_2", "own_3"]
    assert [label for _, label in queries.choices("finding_way")][-3:] == ["客户投诉", "媒体监督", "信访举报"]
    assert [row.label for row in queries.items_of("finding_way")] == ["客户投诉", "媒体监督", "信访举报"]


def test_a_stopped_item_is_no_longer_offered_but_keeps_its_name(writer):
    services.stop_item("finding_way", code="case", by=writer, at=datetime(2026, 4, 1, 2, tzinfo=UTC))
    assert "case" not in dict(queries.choices("finding_way"))
    assert "case" in dict(queries.choices("finding_way", on=date(2026, 3, 31)))
    assert "case" not in dict(queries.choices("finding_way", on=date(2026, 4, 1)))
    assert queries.label("finding_way", "case") == queries.labels("finding_way")["case"] == "案件倒查"


def test_a_record_that_holds_a_stopped_item_may_keep_it(writer):
    services.stop_item("finding_way", code="self", by=writer, at=AT)
    assert queries.choices("finding_way", keep=["self"])[0] == ("self", "自己找")


def test_a_stopped_item_comes_back_at_its_place(writer):
    before = queries.choices("finding_way")
    services.stop_item("finding_way", code="people", by=writer, at=AT)
    services.resume_item("finding_way", code="people", by=writer, at=AT)
    assert queries.choices("finding_way") == before


def test_an_item_of_our_own_can_be_stopped_too(writer):
    item = add(writer)
    services.stop_item("finding_way", code=item.code, by=writer, at=AT)
    assert item.code not in dict(queries.choices("finding_way"))
    assert queries.label("finding_way", item.code) == "客户投诉"


def test_what_is_done_already_is_refused(writer):
    with pytest.raises(Refused, match="此字典项正在使用。"):
        services.resume_item("finding_way", code="case", by=writer, at=AT)
    services.stop_item("finding_way", code="case", by=writer, at=AT)
    with pytest.raises(Refused, match="此字典项已停用。"):
        services.stop_item("finding_way", code="case", by=writer, at=AT)


def test_the_last_item_in_use_stays(writer):
    for code in ("unit", "department"):
        services.stop_item("risk_level", code=code, by=writer, at=AT)
    with pytest.raises(Refused, match="字典至少保留一项，应先新增再停用。"):
        services.stop_item("risk_level", code="post", by=writer, at=AT)


@pytest.mark.parametrize(
    ("label", "message"),
    [(" ", "应填写名称，不超过60字。"), ("甲" * 61, "应填写名称，不超过60字。"), ("自己找", "此名称已有，已停用的可以恢复。")],
)
def test_a_name_that_cannot_be_added_is_refused(writer, label, message):
    with pytest.raises(Refused) as refused:
        add(writer, label)
    assert (refused.value.message, refused.value.field) == (message, "label")


def test_a_name_of_our_own_is_not_added_twice(writer):
    add(writer)
    with pytest.raises(Refused, match="此名称已有，已停用的可以恢复。"):
        add(writer, " 客户投诉 ")


def test_unknown_dictionaries_and_codes_are_programming_errors(writer):
    for call in (
        lambda: queries.choices("no_such"), lambda: queries.labels("no_such"), lambda: queries.items_of("no_such"),
        lambda: queries.label("finding_way", "no_such"), lambda: add(writer, dictionary="no_such"),
        lambda: services.stop_item("finding_way", code="no_such", by=writer, at=AT),
    ):
        with pytest.raises(KeyError):
            call()


def test_the_database_neither_deletes_nor_renames_an_item(writer):
    item = add(writer)
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        item.delete()
    with pytest.raises(DatabaseError, match="never renamed"), transaction.atomic():
        DictionaryItem.objects.update(label="乙")
    with pytest.raises(IntegrityError, match="dictionary_stopped_when"), transaction.atomic():
        DictionaryItem.objects.update(is_active=False)


def test_a_choice_list_costs_one_query_and_the_label_of_a_built_in_item_none(writer, django_assert_num_queries):
    add(writer)
    with django_assert_num_queries(1):
        queries.choices("finding_way")
    with django_assert_num_queries(0):
        queries.label("finding_way", "case")


def test_every_change_of_a_dictionary_is_in_the_audit(writer):
    item = add(writer)
    services.stop_item("finding_way", code="case", by=writer, at=AT)
    services.resume_item("finding_way", code="case", by=writer, at=AT)
    assert [(one.event_type, one.object_label) for one in audit.events(stream="sys", actor_id=writer.pk)] == [
        ("dictionary.added", str(item)), ("dictionary.stopped", "案件倒查"), ("dictionary.resumed", "案件倒查"),
    ]
    assert audit.events(event_type="unattributed", object_type__startswith="parameters.") == []
