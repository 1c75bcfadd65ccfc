"""A cell of a list says what a person reads, and escapes it."""

import django_tables2 as tables
import pytest

from apps.org.models import Unit
from apps.pages.tables import RecordTable
from tests.kit.people import build_world

pytestmark = pytest.mark.django_db


class Units(RecordTable):
    """One column of each kind."""

    kind = tables.Column()
    name = tables.Column()
    parent = tables.Column(accessor="parent__short_name")
    extra = tables.Column(accessor="nowhere", empty_values=())

    def render_extra(self, record):
        return f"<b>{record.code}</b>"


def line_of(unit):
    table = Units(Unit.objects.filter(pk=unit.pk).order_by("pk"))
    table.show(page=1, per_page=20, fetch=lambda keys: Unit.objects.filter(pk__in=keys))
    (line,) = table.lines
    return [cell.drawn(line.record).partition(">")[2].removesuffix("</td>") for cell in line.columns]


def test_a_choice_is_shown_by_its_label_and_nothing_as_a_dash():
    company = build_world().company
    kind, name, parent, _ = line_of(company)
    assert (kind, name, parent) == (company.get_kind_display(), company.name, company.parent.short_name)
    Unit.objects.filter(pk=company.pk).update(name="<script>", parent=None)
    assert line_of(company)[1:3] == ["&lt;script&gt;", "—"]


def test_a_column_that_is_no_field_is_drawn_by_its_own_words():
    company = build_world().company
    assert line_of(company)[3] == f"&lt;b&gt;{company.code}&lt;/b&gt;"
