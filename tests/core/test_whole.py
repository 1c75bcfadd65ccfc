import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from apps.core.errors import Refused
from apps.core.whole import all_or_nothing

pytestmark = pytest.mark.django_db


def kinds():
    return set(ContentType.objects.filter(app_label="whole").values_list("model", flat=True))


@all_or_nothing
def write(name, *, refuse=False):
    ContentType.objects.create(app_label="whole", model=name)
    if refuse:
        raise Refused("不行")


@all_or_nothing
def write_two(*, refuse=False):
    write("first")
    write("second", refuse=refuse)


def test_a_refusal_of_the_second_act_undoes_the_first():
    with pytest.raises(Refused):
        write_two(refuse=True)
    assert kinds() == set()
    write_two()
    assert kinds() == {"first", "second"}


@pytest.mark.django_db(transaction=True)
def test_it_is_kept_without_a_transaction_around_it():
    write_two()
    connection.close()
    assert kinds() == {"first", "second"}
    ContentType.objects.filter(app_label="whole").delete()


def test_only_the_outermost_act_costs_a_savepoint(django_assert_num_queries):
    with django_assert_num_queries(4):  # savepoint, two rows, release
        write_two()


def test_a_refusal_caught_inside_an_act_leaves_nothing_half_done():
    @all_or_nothing
    def careless():
        write("kept")
        try:
            write("lost", refuse=True)
        except Refused:
            kinds()

    with pytest.raises(TransactionManagementError):
        careless()
    assert kinds() == set()


def test_a_refusal_caught_at_the_end_of_an_act_is_no_silent_loss():
    @all_or_nothing
    def inner():
        try:
            write("lost", refuse=True)
        except Refused:
            return

    @all_or_nothing
    def outer():
        write("kept")
        inner()

    with pytest.raises(TransactionManagementError):
        outer()
    assert kinds() == set()


def test_a_savepoint_of_ones_own_lets_an_act_go_on_after_a_refusal():
    @all_or_nothing
    def careful():
        write("kept")
        try:
            with transaction.atomic():
                write("lost", refuse=True)
        except Refused:
            pass

    careful()
    assert kinds() == {"kept"}
    with pytest.raises(Refused):
        write("after", refuse=True)
    assert kinds() == {"kept"}
