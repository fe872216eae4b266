"""`%a3s_<tool>`: call a tool by hand and get a Python value. The parser comes from its schema."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Session, ToolResult
from a3s_magics.options import LineParser

# A path may hold a colon only in front of a backslash or slash (a Windows drive).
_MATCH = re.compile(r"^((?:[A-Za-z]:[\\/])?[^:\n]+):(\d+):(.*)$")
_TYPES: dict[str, type] = {"integer": int, "number": float}


@dataclass(frozen=True, slots=True)
class Match:
    """One line that `grep` found; `line` counts from 1."""

    path: str
    line: int
    text: str


def run_tool_line(session: Session, tool: str, line: str) -> Any:
    """Call the tool with the arguments of the line.

    The value is text for `read`, paths for `glob`, matches for `grep`, the whole result for others.
    Raises `UsageError` in one line when the tool fails (a command of `bash` may fail: its exit code
    is in the result).
    """
    definition = _definition(session, tool)
    args = _command_args(definition, line) if tool == "bash" else _parsed(definition, line)
    if tool == "glob" and "path" not in args:
        return session.glob(args["pattern"])
    result = session.tool(tool, args)
    if result.exit_code and tool != "bash":
        raise UsageError(f"%a3s_{tool}: {' '.join(result.output.split())}")
    return _value(tool, result)


def _definition(session: Session, tool: str) -> Mapping[str, Any]:
    for definition in session.tool_definitions():
        if definition["name"] == tool:
            return definition
    raise UsageError(f"%a3s_{tool}: this session has no tool {tool!r}")


def _command_args(definition: Mapping[str, Any], line: str) -> dict[str, Any]:
    """The rest of the line is the command, verbatim: quotes, braces and dollars are the shell's."""
    command = line.strip()
    if command in ("-h", "--help"):
        tool_parser(definition).parse_line("--help")
    if not command:
        raise UsageError("%a3s_bash: the command is missing")
    return {"command": command}


def _parsed(definition: Mapping[str, Any], line: str) -> dict[str, Any]:
    given = tool_parser(definition).parse_line(line)
    return {name: value for name, value in vars(given).items() if value is not None}


def tool_parser(definition: Mapping[str, Any]) -> LineParser:
    """A parser for the tool's schema: what is required is positional, `path` may be, too."""
    schema = definition["parameters"]
    required = list(schema.get("required", ()))
    parser = LineParser(
        prog=f"%a3s_{definition['name']}", description=str(definition["description"])
    )
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    for name in [*required, *(name for name in properties if name not in required)]:
        _add(parser, name, properties.get(name, {}), required=name in required)
    return parser


def _add(
    parser: argparse.ArgumentParser, name: str, schema: Mapping[str, Any], *, required: bool
) -> None:
    settings: dict[str, Any] = {
        "help": str(schema.get("description", "")).replace("%", "%%") or None,
        "default": None,
    }
    kind = schema.get("type")
    if kind in _TYPES:
        settings["type"] = _TYPES[kind]
    if "enum" in schema:
        settings["choices"] = schema["enum"]
    if required:
        parser.add_argument(name, metavar=name.upper(), **settings)
    elif name == "path":
        parser.add_argument(name, nargs="?", metavar="PATH", **settings)
    elif kind == "boolean":
        flag = name if name.startswith("-") else f"--{name.replace('_', '-')}"
        parser.add_argument(flag, dest=name, action="store_const", const=True, **settings)
    elif kind in ("string", "integer", "number"):
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, **settings)


def _value(tool: str, result: ToolResult) -> Any:
    match tool:
        case "read":
            return result.output
        case "glob":
            lines = result.output.split("\n\n")[0].splitlines()
            return [] if result.output.startswith("No files found") else lines
        case "grep":
            found = (_MATCH.match(line) for line in result.output.splitlines())
            return [Match(m[1], int(m[2]), m[3]) for m in found if m]
    return result
