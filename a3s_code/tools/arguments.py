"""Arguments of a tool call: other spellings brought to the documented one, then checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from a3s_code.errors import ToolFailed
from a3s_code.tools.delegate import DEFAULT_AGENT

_FILE = {"path": "file_path"}
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "read": _FILE,
    "write": _FILE,
    "edit": _FILE,
    "patch": _FILE,
    "web_search": {"engine": "engines"},
    "Skill": {
        "skillName": "skill_name",
        "name": "skill_name",
        "args": "prompt",
        "query": "prompt",
    },
}
_SKILL_NAMES = ("skill_name", "skillName", "name")

_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("a string", lambda value: isinstance(value, str)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "integer": ("an integer", lambda value: _is_number(value) and value == int(value)),
    "number": ("a number", lambda value: _is_number(value)),
    "array": ("an array", lambda value: isinstance(value, list | tuple)),
    "object": ("an object", lambda value: isinstance(value, Mapping)),
    "null": ("null", lambda value: value is None),
}


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or abs(value) < float("inf")  # false for infinities and NaN


def normalise_arguments(tool_name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments under their documented names; a documented name given as well wins.

    Permission rules and boundary checks look at the result, never at what the model wrote.
    """
    if tool_name == "Skill":
        args = _unwrapped_skill(args)
    elif tool_name == "task":
        args = {**args, "agent": args.get("agent") or DEFAULT_AGENT}
    aliases = _ALIASES.get(tool_name, {})
    normalised = {name: value for name, value in args.items() if name not in aliases}
    for alias, name in aliases.items():
        if alias in args and normalised.get(name) is None:
            normalised[name] = args[alias]
    return normalised


def _unwrapped_skill(args: Any) -> Mapping[str, Any]:
    """The payload itself, which may be a bare name or lie under `input` or `arguments`."""
    while isinstance(args, Mapping) and not any(name in args for name in _SKILL_NAMES):
        inner = args.get("input", args.get("arguments"))
        if not isinstance(inner, str | Mapping):
            break
        args = inner
    return {"skill_name": args} if isinstance(args, str) else cast(Mapping[str, Any], args)


def translated_call(tool_name: str, args: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Name and arguments of a direct call as of today: `git_worktree` was a tool of its own once."""
    if tool_name != "git_worktree":
        return tool_name, args
    command = args.get("command", "list")
    if command == "status":
        return "git", {"command": "status"}
    renamed = {"name" if name == "branch" else name: value for name, value in args.items()}
    return "git", {**renamed, "command": "worktree", "subcommand": command}


def checked_arguments(parameters: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that fit the top level of a JSON Schema object; whole floats become integers.

    An optional argument that is null counts as absent and unknown ones are dropped where the schema
    allows no others. Raises `ToolFailed` that names the first argument that is missing or wrong.
    """
    properties: Mapping[str, Mapping[str, Any]] = parameters.get("properties", {})
    for name in parameters.get("required", ()):
        if args.get(name) is None and not _allows_null(properties.get(name, {})):
            raise ToolFailed(f"{name} parameter is required")
    checked: dict[str, Any] = {}
    for name, value in args.items():
        if name in properties:
            schema = properties[name]
            if value is not None or _allows_null(schema):
                checked[name] = _checked(name, schema, value)
        elif parameters.get("additionalProperties", True) is not False:
            checked[name] = value
    return checked


def _types(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _allows_null(schema: Mapping[str, Any]) -> bool:
    return not _types(schema) or "null" in _types(schema)


def _checked(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    types = [declared for declared in _types(schema) if declared in _TYPES]
    if types and not any(_TYPES[declared][1](value) for declared in types):
        wanted = " or ".join(_TYPES[declared][0] for declared in types)
        raise ToolFailed(f"{name} parameter must be {wanted}")
    if "enum" in schema and value not in schema["enum"]:
        choices = ", ".join(map(str, schema["enum"]))
        raise ToolFailed(f"{name} parameter must be one of {choices}")
    if types == ["integer"]:
        value = int(value)
    if "minimum" in schema and _is_number(value) and value < schema["minimum"]:
        raise ToolFailed(f"{name} parameter must be at least {schema['minimum']}")
    return value
