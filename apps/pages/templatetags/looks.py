"""How a person wants a list drawn, for the list itself."""

import json
from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def own_look(context: Any) -> str:
    """The columns, their order and the row height this person keeps for the list of this address, as JSON for list.js."""
    request = context["request"]
    return json.dumps(getattr(request.user, "list_looks", {}).get(request.path, {}), ensure_ascii=False)
