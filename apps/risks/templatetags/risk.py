"""Tags of the risk pages."""

from typing import Any

from django import template

from apps.flow.queries import compare
from apps.risks.models import Adjustment

register = template.Library()


@register.simple_tag
def adjustment_diff(row: Adjustment) -> list[dict[str, Any]]:
    """What an adjustment changes: [{label, old, new}]."""
    old, new = row.changes
    return compare(old, new)
