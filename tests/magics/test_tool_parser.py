"""The parser of a tool's line follows the schema of the tool, also where others wrote the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from a3s_magics.control import HELP
from a3s_magics.options import HelpWanted
from a3s_magics.tool_parser import (
    Call,
    parse_tool_cell,
    parse_tool_line,
    shown_line,
    tool_parser,
)
from a3s_magics.tool_schema import Parameter, parameters_of

WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": ["integer", "null"]},
    "number": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "boolean": {"type": "boolean"},
    "json": {"type": "array"},
    "any": {},
}


def tool(properties: dict[str, Any], required: list[str], name: str = "t") -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": "Does 100% of %(prog)s.", "parameters": schema}


BASH = tool({"command": {"type": "string"}, "timeout": {"type": "integer"}}, ["command"], "bash")
PATCH = tool(
    {"a": {"type": "string"}, "items": {"type": "array"}, "new_one": {"type": "boolean"}},
    ["a", "items"],
)


@pytest.mark.parametrize(
    ("line", "args", "tell"),
    [
        ("x '[1]'", {"a": "x", "items": [1]}, False),
        ("x '[1]' --tell", {"a": "x", "items": [1]}, True),
        ("--new-one x []", {"a": "x", "items": [], "new_one": True}, False),
        ("--no-new-one -- -x []", {"a": "-x", "items": [], "new_one": False}, False),
        ('"two words" "{}"', {"a": "two words", "items": {}}, False),
    ],
)
def test_a_line_becomes_a_call(line: str, args: dict[str, Any], tell: bool) -> None:
    assert parse_tool_line(PATCH, line) == Call("t", args, tell)


@pytest.mark.parametrize(
    ("line", "culprit"),
    [("x {", "JSON"), ("x", "JSON"), ("", "A"), ("x [] y", "y"), ("x [] --bogus", "--bogus")],
)
def test_a_mistake_is_one_line_that_names_the_culprit(line: str, culprit: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_tool_line(PATCH, line)

    assert str(caught.value).startswith("%a3s_t: ")
    assert culprit in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("echo --tell 'a  b' {x} $HOME", Call("bash", {"command": "echo --tell 'a  b' {x} $HOME"})),
        ("--tell ls -l", Call("bash", {"command": "ls -l"}, tell=True)),
        ("--timeout 5 --tell x", Call("bash", {"command": "x", "timeout": 5}, tell=True)),
        ("--timeout=5 x", Call("bash", {"command": "x", "timeout": 5})),
        ("--tells x", Call("bash", {"command": "--tells x"})),
    ],
)
def test_a_command_is_the_rest_of_the_line(line: str, call: Call) -> None:
    assert parse_tool_line(BASH, line) == call


@pytest.mark.parametrize("line", ["", "--tell", "--timeout soon ls"])
def test_a_command_may_be_missing(line: str) -> None:
    with pytest.raises(UsageError, match="bash"):
        parse_tool_line(BASH, line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--timeout", "--timeout needs a value, in milliseconds"),
        ("--tell --timeout=", "--timeout needs a value, in milliseconds"),
        ("--timeout= ls", "--timeout needs a value, in milliseconds"),
        ("--timeout abc", "--timeout takes milliseconds, not 'abc'"),
        ("--timeout=-5 ls", "--timeout takes milliseconds, not '-5'"),
    ],
)
def test_a_time_limit_that_is_none_is_no_command(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"%a3s_bash: {message}"):
        parse_tool_line(BASH, line)


@pytest.mark.parametrize("line", ["--timeout", "--timeout="])
def test_a_cells_line_needs_the_value_too(line: str) -> None:
    with pytest.raises(UsageError, match="--timeout needs a value, in milliseconds"):
        parse_tool_cell(BASH, line, "ls")


def test_help_has_no_line_that_a_page_would_break_inside_of_a_word() -> None:
    much = {**PATCH, "description": "Finds what is there. " * 9 + "\n\n  - " + "an item " * 20}

    told = tool_parser(much).format_help()

    assert max(map(len, told.splitlines())) <= 80
    assert "\n  - an item" in told
    assert "\n  an item" in told, "what goes on stands below the beginning of its line"
    assert max(map(len, HELP.splitlines())) <= 96


def test_kinds_of_parameters() -> None:
    found = {p.name: p.kind for p in parameters_of(tool(SCHEMAS, []))}

    assert found == {kind: kind for kind in SCHEMAS}


def test_names_that_are_taken_or_odd_get_options_of_their_own() -> None:
    names = ["help", "tell", "-h", "a b", "--", "$ref", "Größe"]
    definition = tool({name: {"type": "string"} for name in names}, [])
    text = tool_parser(definition).format_help()

    assert "100% of %(prog)s" in text
    for flag in ("--help-value", "--tell-value", "--h-value", "--a-b", "--value", "--Größe"):
        assert flag in text
    assert parse_tool_line(definition, "--help-value x --a-b y").args == {"help": "x", "a b": "y"}
    with pytest.raises(HelpWanted):
        parse_tool_line(definition, "--help")


@pytest.mark.parametrize(
    "parameters", [None, True, {}, {"properties": None}, {"properties": {"x": True}}]
)
def test_a_tool_without_a_proper_schema_can_be_called(parameters: object) -> None:
    definition = {"name": "t", "description": "", "parameters": parameters}

    assert parse_tool_line(definition, "") == Call("t")


@st.composite
def calls(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tool and arguments for it."""
    values = {
        "text": st.text(max_size=12),
        "integer": st.integers(),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "json": st.lists(JSON, max_size=3),
        "any": st.integers() | st.lists(st.integers(), max_size=3),
    }
    kinds = draw(st.dictionaries(WORDS, st.sampled_from(list(SCHEMAS)), max_size=5))
    required = [name for name in kinds if draw(st.booleans())]
    args = {
        name: draw(values[kind])
        for name, kind in kinds.items()
        if name in required or draw(st.booleans())
    }
    return tool({name: SCHEMAS[kind] for name, kind in kinds.items()}, required), args


NAMED_AS_OURS = {"help": {"type": "boolean"}, "tell": {"type": "string"}, "--tell": {}}


@given(calls())
@example((tool(NAMED_AS_OURS, []), {"help": False, "tell": "x", "--tell": 1}))
@example((tool({"-i": {"type": "boolean"}}, []), {"-i": False}))
@example((tool({"no_cache": {"type": "boolean"}}, []), {"no_cache": True}))
@example((tool({"__dict__": {}}, ["__dict__"]), {"__dict__": 1}))
@example((tool({"a b": {}, "a-b": {"type": "boolean"}, "no-a-b": {}}, []), {"a b": 1, "no-a-b": 2}))
def test_the_line_to_copy_makes_the_same_call(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    definition, args = case
    line = shown_line("t", parameters_of(definition), args)
    if line:
        assert parse_tool_line(definition, line.removeprefix("%a3s_t")).args == args
    else:
        values = [
            v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in args.values()
        ]
        assert any(len(f".{v}.".splitlines()) > 1 or v == "--" for v in values)


def test_values_are_checked_against_their_choices() -> None:
    parameter = Parameter("n", "integer", choices=(1, 2))

    assert parameter.value_of("2") == 2
    with pytest.raises(ValueError, match="none of 1, 2"):
        parameter.value_of("3")
