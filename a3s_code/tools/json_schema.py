"""JSON Schema of Python type hints, as far as a tool's arguments need it: a pure core."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from a3s_code.tools.typed_values import is_required

_SIMPLE: Mapping[Any, str] = {
    str: "string",
    Path: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


class NoSchema(TypeError):
    """A type that has no counterpart in JSON; the message names it."""


def schema_of(hint: Any) -> dict[str, Any]:
    """The schema of a type: the JSON types, paths, lists, dicts with text keys, `Literal`,
    `Optional`, unions, string or integer enums, dataclasses, and `Annotated` with a text that
    describes the value.

    Raises `NoSchema`.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:  # first, because what it holds may have no hash
        texts = [extra for extra in args[1:] if isinstance(extra, str)]
        return schema_of(args[0]) | ({"description": texts[0]} if texts else {})
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if hint is Any:
        return {}
    if origin is typing.Literal:
        return _choices(args)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _choices([member.value for member in hint])
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint)
    if origin in (typing.Union, types.UnionType):
        return _union([schema_of(arg) for arg in args])
    kind = origin or hint
    if kind in (list, tuple, Sequence) and (not args or len(args) == 1 or args[1:] == (...,)):
        return {"type": "array"} | ({"items": schema_of(args[0])} if args else {})
    if kind in (dict, Mapping) and (not args or args[0] is str):
        return {"type": "object"} | ({"additionalProperties": schema_of(args[1])} if args else {})
    raise NoSchema(getattr(hint, "__name__", str(hint)))


def _dataclass(hint: type) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(hint, include_extras=True)
        fields = [field for field in dataclasses.fields(hint) if field.init]
        properties = {field.name: schema_of(hints[field.name]) for field in fields}
    except (NameError, RecursionError):  # a name that is not defined, or a class within itself
        raise NoSchema(hint.__name__) from None
    return {
        "type": "object",
        "properties": properties,
        "required": [field.name for field in fields if is_required(field)],
        "additionalProperties": False,
    }


def _choices(values: Sequence[Any]) -> dict[str, Any]:
    found = {_SIMPLE.get(type(value)) for value in values}
    if len(found) != 1 or None in found:
        raise NoSchema(f"choice of {', '.join(map(repr, values))}")
    return {"type": found.pop(), "enum": list(values)}


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if all(schema.keys() == {"type"} and isinstance(schema["type"], str) for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    real = [schema for schema in schemas if schema != {"type": "null"}]
    if len(real) == 1 and "enum" not in real[0] and isinstance(real[0].get("type"), str):
        return real[0] | {"type": [real[0]["type"], "null"]}
    return {"anyOf": schemas}
