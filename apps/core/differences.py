"""A text before and after in one line."""
import difflib
import re
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

ALIKE = 0.35  # below this share of equal parts a sentence was rewritten, and marking single words only confuses
PARTS = re.compile(r"\d[\d,.:/%-]*|[A-Za-z]+|.", re.DOTALL)  # a number or a Latin word changes as a whole


def changes(before: Any, after: Any) -> SafeString:
    """A text before and after in one line: what went is struck out, what came is underlined (and coloured)."""
    old, new = PARTS.findall(str(before or "")), PARTS.findall(str(after or ""))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _marked("del", "".join(old)) + _marked("ins", "".join(new))
    parts = SafeString("")
    for kind, a, b, c, d in matcher.get_opcodes():
        gone, came = "".join(old[a:b]), "".join(new[c:d])
        parts += conditional_escape(gone) if kind == "equal" else _marked("del", gone) + _marked("ins", came)
    return parts


def _marked(tag: str, text: str) -> SafeString:
    return format_html(f"<{tag}>{{}}</{tag}>", text) if text else SafeString("")
