"""The parameters of a tool as a person meets them: read from its JSON Schema, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

# Tools whose magic also comes as a cell, and the parameter that the cell's body is.
BODIES = {
    "bash": "command",
    "patch": "diff",
    "python": "code",
    "task": "prompt",
    "write": "content",
}
_PROGRAMS = frozenset({"bash", "python"})

Kind = Literal["text", "integer", "number", "boolean", "json", "any"]

_KINDS: dict[Any, Kind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "object": "json",
    "array": "json",
}
_EXPECTED = {"integer": "a whole number", "number": "a number", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `any` takes JSON, and as text whatever is none; `choices` are its only values."""

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None
    description: str = ""

    def value_of(self, text: str) -> Any:
        """The value that a text stands for. Raises `ValueError` with what was expected."""
        value = self._read(text)
        if self.choices and value not in self.choices:
            raise ValueError(f"{text!r} is none of {', '.join(map(str, self.choices))}")
        return value

    def _read(self, text: str) -> Any:
        if self.kind == "text":
            return text
        try:
            if self.kind in ("integer", "number"):
                return int(text) if self.kind == "integer" else float(text)
            return json.loads(text)
        except (ValueError, RecursionError):
            if self.kind == "any":
                return text
            raise ValueError(f"{text!r} is not {_EXPECTED.get(self.kind, self.kind)}") from None


def parameters_of(definition: Mapping[str, Any]) -> list[Parameter]:
    """The parameters in the order in which a line takes them: what is required comes first."""
    schema = _mapping(definition.get("parameters"))
    properties = _mapping(schema.get("properties"))
    required = [str(name) for name in schema.get("required") or ()]
    names = dict.fromkeys([*required, *map(str, properties)])
    return [
        _parameter(name, _mapping(properties.get(name)), required=name in required)
        for name in names
    ]


def rest_of_line(definition: Mapping[str, Any]) -> str | None:
    """The parameter that the rest of a tool's line is, verbatim; None for other tools.

    Those are commands and code. A failure of them is a value, like any result of theirs.
    """
    name = str(definition["name"])
    required = [p.name for p in parameters_of(definition) if p.required]
    return BODIES[name] if name in _PROGRAMS and required == [BODIES[name]] else None


def _parameter(name: str, schema: Mapping[str, Any], *, required: bool) -> Parameter:
    facts = _not_null(schema)
    choices = facts.get("enum")
    return Parameter(
        name=name,
        kind=_kind(facts),
        required=required,
        choices=tuple(choices) if isinstance(choices, list) else (),
        default=schema.get("default"),
        description=" ".join(str(schema.get("description", "")).split()),
    )


def _kind(schema: Mapping[str, Any]) -> Kind:
    kind = schema.get("type")
    if kind is None and all(isinstance(choice, str) for choice in schema.get("enum") or (0,)):
        return "text"
    return _KINDS.get(kind, "any") if isinstance(kind, str) else "any"


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one form that is left of `anyOf` or of a list of types when null is taken away."""
    for key in ("anyOf", "oneOf"):
        forms = [_mapping(form) for form in schema.get(key) or ()]
        forms = [form for form in forms if form.get("type") != "null"]
        if len(forms) == 1:
            return {**schema, **forms[0]}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        named = [kind for kind in kinds if kind != "null"]
        return {**schema, "type": named[0] if len(named) == 1 else None}
    return schema


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
