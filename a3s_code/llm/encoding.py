"""JSON of requests. What does not change from one request to the next is encoded once."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from a3s_code.llm.model import ToolDefinition

_ENCODED_TOOLS = 512  # of all sessions together; a session has about 20, which they share

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

quoted: Callable[[str], str] = json.encoder.encode_basestring  # `to_json` of a string, at once

ToolForm = Callable[[ToolDefinition], dict[str, Any]]


def to_json(value: Any) -> str:
    """Compact JSON text with characters as they are."""
    return _encoder.encode(value)


def object_of(parts: Mapping[str, str]) -> str:
    """The JSON object whose values are JSON texts already; the keys need no escapes."""
    return "{" + ",".join([f'"{key}":{text}' for key, text in parts.items()]) + "}"


def in_utf8(text: str) -> bytes:
    """The bytes to send; half a surrogate pair has no UTF-8 form and becomes a question mark."""
    return text.encode("utf-8", "replace")


def tool_texts(tools: Iterable[ToolDefinition], form: ToolForm) -> Iterator[str]:
    """JSON of each tool in a provider's form: most of a short request, and the same every time."""
    for tool in tools:
        yield _tool_text(form, tool.name, tool.description, _Same(tool.parameters))


class _Same:
    """A mapping as part of a key: equal to itself only. Schemas are never changed in place."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self.mapping = mapping  # kept, so that its id stays its own

    def __hash__(self) -> int:
        return id(self.mapping)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.mapping is self.mapping


@functools.lru_cache(_ENCODED_TOOLS)
def _tool_text(form: ToolForm, name: str, description: str, parameters: _Same) -> str:
    tool = ToolDefinition(name=name, description=description, parameters=parameters.mapping)
    return to_json(form(tool))
