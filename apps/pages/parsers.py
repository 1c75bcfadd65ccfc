"""What the API reads. A module of its own: DRF imports it while its own views load."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 20


def _clean(value: Any, depth: int = 0) -> None:
    """Refuse what PostgreSQL cannot store: NUL, lone surrogates, numbers that are none, nesting without end."""
    if depth > MAX_DEPTH:
        raise ParseError("内容层级过深。")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ParseError("内容含有不能保存的字符，删除后再提交。")
    elif isinstance(value, dict):
        for key, item in value.items():
            _clean(key, depth + 1)
            _clean(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _clean(item, depth + 1)


class CleanJSONParser(JSONParser):
    """JSON that can be stored; anything else is a 400 with a sentence, never a 500."""

    strict = True

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("内容层级过深。") from None
        except ParseError as no:
            raise ParseError("请求内容不是有效的 JSON（UTF-8 编码）。") from no
        _clean(data)
        return data
