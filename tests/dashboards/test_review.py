"""连续办理: one after the other, with what changed and the opinion beside it."""
import html
import re

import pytest
from django.utils import timezone

from apps.flow.models import Step, Todo
from apps.org.services import recuse
from apps.risks import services
from tests.kit.people import again
from tests.kit.risks import measure, middle, point_in


def todo_of(record) -> Todo:
    return Todo.objects.get(object_id=record.pk, done_at=None)


def run(record, **more) -> str:
    return f"/todo/run/?at={todo_of(record).pk}" + "".join(f"&{k}={v}" for k, v in more.items())


@pytest.fixture
def three(world, submit):
    return [submit(due_in=n) for n in (1, 2, 3)]


def test_opens_the_most_urgent_and_walks_both_ways(world, three, page):
    first, second, third = three
    context = page(world.head, "/todo/run/").context
    assert context["subject"] == first.flow_title()
    assert context["place"] == "廉政风险点，第 1 件，共 3 件"
    assert (context["previous_url"], context["next_url"]) == ("", run(second))
    context = page(world.head, run(second)).context
    assert (context["previous_url"], context["next_url"], context["skip_url"]) == (run(first), run(third), run(third))
    assert [line["on"] for line in context["queue"]] == [False, True, False]
    context = page(world.head, run(third)).context
    assert (context["next_url"], context["skip_url"]) == ("", run(first))


def test_what_waits_no_more_is_said_where_the_first_stands_in_its_place(world, three, page):
    first, second, _ = three
    gone = run(second)
    Todo.objects.filter(object_id=second.pk).update(done_at=timezone.now())
    body = page(world.head, gone)
    assert body.context["subject"] == first.flow_title()
    assert "所选的一件已办理或已转出，以下是待办中的第 1 件。" in body.content.decode()
    assert "所选的一件" not in page(world.head, run(first)).content.decode()


def test_another_kind_has_another_queue(world, three, page):
    assert page(world.head, "/todo/run/?type=other").context["empty"]["title"] == "待办已全部办完"
    assert "type=riskpoint" in page(world.head, "/todo/run/?type=riskpoint").context["next_url"]


def test_agreeing_goes_on_to_the_next(world, three, client):
    first, second, _ = three
    client.force_login(world.head)
    body = client.get("/todo/run/").content.decode()
    assert "同意并看下一件" in body
    assert f'formaction="/risks/{first.pk}/do/agree/"' in body
    fields = dict(re.findall(r'<input type="hidden" name="(token|version|next)" value="([^"]*)"', body))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    response = client.post(f"/risks/{first.pk}/do/agree/", fields | {"opinion": "情况属实，同意"})
    assert response.headers["Location"] == run(second)
    first.refresh_from_db()
    assert first.state == "leader"
    assert client.get(response.headers["Location"]).context["subject"] == second.flow_title()


def test_the_last_one_ends_on_what_was_done(world, submit, client):
    record = submit()
    client.force_login(world.head)
    context = client.get("/todo/run/").context
    assert context["skip_url"] == ""
    client.post(f"/risks/{record.pk}/do/agree/", {"opinion": "同意", "version": record.version, "next": "/todo/run/"})
    empty = client.get("/todo/run/").context["empty"]
    assert (empty["title"], empty["text"]) == ("待办已全部办完", "今天办结 1 件。")


def test_a_first_submission_opens_on_the_full_text(world, submit, page):
    record = submit()
    response = page(world.head, run(record))
    assert not response.context["only_changes"]
    assert record.manifestation in response.content.decode()
    assert "compared" not in response.context


def test_what_i_returned_opens_on_what_changed_since(world, submit, page):
    record = submit()
    services.give_back(record, by=again(world.head), at=timezone.now(), opinion="表现形式写得不具体", fields=["manifestation"])
    better = {"manifestation": "与监理单位串通，先施工后补签，化整为零规避审批"}
    services.update_point(record, fields=better, measures=None, by=again(world.author), at=timezone.now())
    services.submit(record, by=again(world.author), at=timezone.now())
    response = page(world.head, run(record))
    assert response.context["only_changes"]
    assert [row["field"] for row in response.context["diff"]] == ["manifestation"]
    assert response.context["compared"] == "第 2 版与您上次退回的第 1 版相比，改动 1 处"
    assert response.context["asked"].endswith("退回时要求：表现形式写得不具体")
    full = page(world.head, run(record, show="full"))
    assert not full.context["only_changes"]
    assert record.power in full.content.decode()
    # somebody else never returned it: he reads it whole
    services.agree(record, by=again(world.head), at=timezone.now())
    assert not page(world.leader, run(record)).context["only_changes"]


def test_opening_it_here_counts_as_opened(world, submit, page):
    record = submit()
    assert todo_of(record).seen_at is None
    page(world.author, "/todo/run/")
    assert todo_of(record).seen_at is None
    page(world.head, "/todo/run/")
    assert todo_of(record).seen_at is not None


def test_only_judgements_are_offered(world, submit, page):
    names = [move.name for move in page(world.head, run(submit())).context["moves"]]
    assert names == ["agree", "give_back"]


def test_what_needs_more_than_an_opinion_leads_to_the_detail_page(world, page):
    record = point_in("party", world)
    response = page(world.party_office, run(record))
    assert [move.name for move in response.context["moves"]] == ["give_back", "give_back_one"]
    assert "在这里只能退回，其他办理在详情页。" in response.content.decode()
    record = point_in("discipline", world, level="mid", level_reason="已有系统控制", secretary=None)
    assert [move.name for move in page(world.inspector, run(record)).context["moves"]] == ["give_back", "give_back_one"]
    record = point_in("adjusting", world, **middle(world))
    response = page(world.leader, run(record))
    assert response.context["moves"] == []
    assert "此件在详情页办理" in response.content.decode()
    assert record.get_absolute_url() in response.content.decode()


def test_a_return_needs_no_second_page_and_leads_on(world, three, client):
    first, second, _ = three
    client.force_login(world.head)
    posted = {"opinion": "措施缺少频次和责任人", "version": first.version, "next": run(second)}
    assert client.post(f"/risks/{first.pk}/do/give_back/", posted).headers["Location"] == run(second)
    assert Step.objects.filter(object_id=first.pk, move="give_back", by=world.head).exists()


def test_a_returned_draft_waits_in_the_queue_of_its_author_without_judgement(world, submit, page):
    record = submit()
    services.give_back(record, by=again(world.head), at=timezone.now(), opinion="表现形式写得不具体")
    for todo in Todo.objects.filter(object_id=record.pk, done_at=None):
        response = page(world.author, f"/todo/run/?at={todo.pk}")
        assert response.context["moves"] == []


def test_somebody_elses_to_do_is_not_opened(world, submit, page):
    other = submit()
    context = page(world.leader, run(other)).context
    assert "subject" not in context
    assert context["empty"]["title"] == "待办已全部办完"


def test_what_i_am_recused_from_is_not_in_the_queue(world, submit, page):
    record = submit()
    recuse(record, user=world.head, reason="近亲属任职", by=world.safety_admin, at=timezone.now())
    assert page(world.head, run(record)).context["queue"] == []


def test_a_record_out_of_sight_is_named_as_such(world, submit, page):
    record = submit()
    Todo.objects.filter(object_id=record.pk).update(user=world.stranger, role="")
    response = page(world.stranger, "/todo/run/")
    assert response.context["empty"]["title"] == "此件暂不能在这里办理"
    assert record.manifestation not in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_queue(world, submit, client, django_assert_max_num_queries):
    client.force_login(world.head)
    client.get("/todo/run/")
    submit(due_in=1, measures=[measure(world)])
    client.get("/todo/run/")
    with django_assert_max_num_queries(40) as one:
        client.get("/todo/run/")
    submit(due_in=2)
    submit(due_in=3)
    with django_assert_max_num_queries(40) as three:
        client.get("/todo/run/")
    assert len(one) == len(three)
