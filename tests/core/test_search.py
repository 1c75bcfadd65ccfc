"""Search in Chinese text: two characters are enough for the index, and signs mean themselves."""
import random

import pytest
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models

from apps.core.models import Heartbeat
from apps.core.search import Bigrams, matching


class Title(models.Model):
    """An example of a register with the index; its table lives inside the test's transaction."""

    title = models.TextField()

    class Meta:
        app_label = "core_search"
        indexes = [GinIndex(Bigrams("title"), name="title_bigrams")]

    def __str__(self):
        return self.title


ROWS = 50_000


@pytest.fixture
def titles(db):
    """A temporary table: the app role may make one, and the name stays its own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE core_search_title (id bigserial PRIMARY KEY, title text NOT NULL) ON COMMIT DROP")
    return Title.objects


def bigrams(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT bigrams(%s)", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("招标采购", ["招标", "标采", "采购"]),
        ("aBA", ["ab", "ba"]),
        ("哈哈哈", ["哈哈", "哈哈"]),
        ("一", []),
        ("", []),
        ("a\nb", ["a\n", "\nb"]),
        (None, None),
    ],
)
def test_bigrams_are_the_neighbouring_pairs_in_lower_case(db, text, pieces):
    assert bigrams(text) == pieces


def test_bigrams_of_a_long_text_cost_little(db):
    """A loop over substr reads the text again for every character: seconds for a long report."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2s'")
        cursor.execute("SELECT cardinality(bigrams(string_agg(chr(19968 + n % 20000), ''))) FROM generate_series(1, 60000) n")
        assert cursor.fetchone()[0] == 59999


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("采购", ["设备采购", "采购Plan"]),
        ("购", ["设备采购", "采购Plan"]),
        ("plan", ["采购Plan"]),
        ("采购 PLAN", ["采购Plan"]),
        ("  采购\u3000设备 ", ["设备采购"]),
        ("采设", []),
        ("100%", ["100%完成"]),
        ("0%", ["100%完成"]),
        ("%", ["100%完成"]),
        ("_", ["a_b"]),
        ("a_", ["a_b"]),
        ("\\", ["c\\d"]),
        ("c\\d", ["c\\d"]),
        ("'", []),
        ("", ["100%完成", "a_b", "axb", "c\\d", "设备采购", "采购Plan"]),
    ],
)
def test_matching_finds_what_contains_every_word(titles, text, found):
    titles.bulk_create(Title(title=title) for title in ("设备采购", "采购Plan", "100%完成", "a_b", "axb", "c\\d"))
    assert sorted(titles.filter(matching("title", text)).values_list("title", flat=True)) == found


def test_matching_joins_with_other_conditions_and_can_be_turned_round(titles):
    titles.bulk_create(Title(title=title) for title in ("设备采购", "采购计划"))
    both = matching("title", "计划") | matching("title", "设备")
    assert titles.filter(both).count() == 2
    assert [one.title for one in titles.exclude(matching("title", "计划"))] == ["设备采购"]


def plan(queryset):
    return queryset.explain()


def test_a_word_of_two_characters_uses_the_index(titles):
    signs, dice = [chr(0x4E00 + number) for number in range(500)], random.Random(1)
    lines = ["".join(dice.choices(signs, k=12)) + ("鸽巢" if number % 5000 == 0 else "") for number in range(ROWS)]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_search_title (title) SELECT unnest(%s)", [lines])
        for index in Title._meta.indexes:
            sql = index.create_sql(Title, connection.schema_editor())
            cursor.execute(str(sql))
        cursor.execute("ANALYZE core_search_title")
    found = titles.filter(matching("title", "鸽巢"))
    assert found.count() == 10
    assert "Bitmap Index Scan on title_bigrams" in plan(found)
    assert "Seq Scan" in plan(titles.filter(matching("title", "鸽")))


def test_the_field_may_lie_behind_a_relation(db):
    sql = str(Heartbeat.objects.filter(matching("name", "定时")).query)
    assert "bigrams" in sql
    assert "STRPOS" in sql
