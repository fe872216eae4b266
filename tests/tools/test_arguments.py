"""Other spellings of arguments, and the check against the schema."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code.errors import ToolFailed
from a3s_code.tools.arguments import (
    checked_arguments,
    normalise_arguments,
    translated_call,
)
from a3s_code.tools.builtin import builtin_tools


@pytest.mark.parametrize("tool", ["read", "write", "edit", "patch"])
def test_path_means_file_path(tool: str) -> None:
    assert normalise_arguments(tool, {"path": "a"}) == {"file_path": "a"}


def test_the_documented_name_wins_and_no_alias_is_left() -> None:
    """A permission rule looks at the result, so a second path must not be left in it."""
    assert normalise_arguments("read", {"path": "b", "file_path": "a"}) == {"file_path": "a"}


def test_path_stays_path_where_it_is_documented() -> None:
    assert normalise_arguments("grep", {"path": "a"}) == {"path": "a"}


def test_web_search_accepts_engine() -> None:
    assert normalise_arguments("web_search", {"engine": "wiki"}) == {"engines": "wiki"}


@pytest.mark.parametrize("tool", builtin_tools(), ids=lambda tool: tool.name)
def test_every_required_argument_is_asked_for_by_name(tool: Any) -> None:
    for name in tool.parameters["required"]:
        present = {other: "x" for other in tool.parameters["required"] if other != name}
        for args in (present, {**present, name: None}):
            with pytest.raises(ToolFailed) as caught:
                checked_arguments(tool.parameters, args)
            assert str(caught.value) == f"{name} parameter is required"


_SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1},
        "s": {"type": "string"},
        "b": {"type": "boolean"},
        "f": {"type": "number"},
        "a": {"type": "array"},
        "o": {"type": "object"},
        "e": {"type": "string", "enum": ["x", "y"]},
        "u": {"type": ["string", "null"]},
    },
}


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"n": "1"}, "n parameter must be an integer"),
        ({"n": True}, "n parameter must be an integer"),
        ({"n": 1.5}, "n parameter must be an integer"),
        ({"n": float("nan")}, "n parameter must be an integer"),
        ({"n": 0}, "n parameter must be at least 1"),
        ({"s": 1}, "s parameter must be a string"),
        ({"b": 1}, "b parameter must be true or false"),
        ({"f": "1"}, "f parameter must be a number"),
        ({"a": {}}, "a parameter must be an array"),
        ({"o": []}, "o parameter must be an object"),
        ({"e": "z"}, "e parameter must be one of x, y"),
        ({"u": 1}, "u parameter must be a string or null"),
    ],
)
def test_a_wrong_value_is_named(args: dict[str, Any], problem: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        checked_arguments(_SCHEMA, args)
    assert str(caught.value) == problem


def test_null_of_an_optional_argument_is_absence_unless_it_is_allowed() -> None:
    assert checked_arguments(_SCHEMA, {"n": None, "u": None}) == {"u": None}


def test_a_whole_float_is_an_integer() -> None:
    checked = checked_arguments(_SCHEMA, {"n": 3.0})
    assert checked == {"n": 3}
    assert isinstance(checked["n"], int)


def test_unknown_arguments_are_dropped_where_none_are_allowed() -> None:
    assert checked_arguments({**_SCHEMA, "additionalProperties": False}, {"zz": 1}) == {}
    assert checked_arguments(_SCHEMA, {"zz": 1}) == {"zz": 1}


@pytest.mark.parametrize(
    ("args", "translated"),
    [
        ({"command": "list"}, {"command": "worktree", "subcommand": "list"}),
        ({"command": "status"}, {"command": "status"}),
        (
            {"command": "create", "branch": "b", "path": "p", "force": True},
            {
                "command": "worktree",
                "subcommand": "create",
                "name": "b",
                "path": "p",
                "force": True,
            },
        ),
    ],
)
def test_the_older_tool_for_worktrees(args: dict[str, Any], translated: dict[str, Any]) -> None:
    assert translated_call("git_worktree", args) == ("git", translated)
    assert translated_call("git", args) == ("git", args)
