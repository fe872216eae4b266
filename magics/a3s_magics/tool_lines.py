"""`%a3s_<tool>`: call a tool by hand, get a Python value, and tell the agent about it if wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Session, ToolResult
from a3s_magics.cards import fenced
from a3s_magics.notebook_names import NOTEBOOK_TOOLS
from a3s_magics.options import one_line
from a3s_magics.tool_parser import Call, parse_tool_cell, parse_tool_line, tool_parser
from a3s_magics.tool_schema import rest_of_line
from a3s_magics.tool_values import Matches, value_of

ToolCaller = Callable[[str, Mapping[str, Any]], ToolResult]


def run_tool_line(
    session: Session, invoke: ToolCaller, tool: str, line: str, body: str | None = None
) -> Any:
    """The value of calling the tool with the arguments of the line, and of the cell below it.

    `invoke` makes the call. Raises `UsageError` in one line when the tool fails (a command of `bash`
    and code of `python` may fail: the exit code is in the result).
    """
    definition = tool_definition(session, tool)
    if body is None:
        call = parse_tool_line(definition, line)
    else:
        call = parse_tool_cell(definition, line, body)
    if tool == "glob" and "path" not in call.args:  # complete, where the tool's text is cut
        value = session.glob(call.args["pattern"])
        output = "\n".join(value) or "No files found"
    else:
        result = invoke(tool, call.args)
        if result.exit_code and rest_of_line(definition) is None:
            raise UsageError(f"%a3s_{tool}: {one_line(result.output)}")
        output, value = result.output, _value(session, call, result)
    if call.tell:
        session.tell(told(tool, line if body is None else f"{line}\n{body}", output))
    return value


def told(tool: str, line: str, output: str) -> str:
    """How the agent hears of a call by hand."""
    call = line.replace("--tell", "", 1).strip()
    return f"I called the tool `{tool}` by hand: {call}\nIts result:\n\n{fenced(output)}"


def tool_definition(session: Session, tool: str) -> Mapping[str, Any]:
    """Name, description and schema. Raises `UsageError` for a tool that the session has not."""
    for definition in session.tool_definitions():
        if definition["name"] == tool:
            return definition
    off = "; A3SMagics.notebook_tools is off" if tool in NOTEBOOK_TOOLS else ""
    raise UsageError(f"%a3s_{tool}: this session has no tool {tool!r}{off}")


def tool_help(session: Session, tool: str) -> str:
    """What `--help` and Shift-Tab show."""
    return tool_parser(tool_definition(session, tool)).format_help().rstrip()


def _value(session: Session, call: Call, result: ToolResult) -> Any:
    if call.tool == "grep" and call.args.get("context"):
        # Among lines of context it cannot be told from the text alone which ones match.
        args = {name: value for name, value in call.args.items() if name != "context"}
        found = Matches.read(session.tool("grep", args).output)
        return Matches(found, result.output, found.complete)
    return value_of(result)
