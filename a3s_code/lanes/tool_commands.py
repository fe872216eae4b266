"""Tool calls and submitted functions as commands of a lane."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from a3s_code.errors import InvalidArgument, QueueError
from a3s_code.lanes.external import DEFAULT_ERROR, ExternalTaskResult
from a3s_code.lanes.queue import Command, CommandTimeout, Emit, LaneQueue
from a3s_code.tools.foreign import call_foreign
from a3s_code.tools.output import cap_text
from a3s_code.tools.protocol import ToolOutput


class _Fault(Exception):
    """A tool that broke, with what is told of it."""

    def __init__(self, output: ToolOutput) -> None:
        self.output = output
        super().__init__(output.text)


async def run_tool_in(
    queue: LaneQueue,
    lane: str,
    name: str,
    args: Mapping[str, Any],
    work: Callable[[], Awaitable[ToolOutput]],
    emit: Emit,
) -> ToolOutput:
    """The output of a tool call that runs in a lane; what goes wrong is an output, too.

    Only in the query lane a call that broke is repeated: others may have had side effects.
    """

    async def unbroken() -> ToolOutput:
        output = await work()
        if output.fault is not None:
            raise _Fault(output)
        return output

    command = Command(
        lane=lane,
        kind=name,
        payload=args,
        work=unbroken,
        from_outside=_output_of,
        repeatable=lane == "query",
    )
    try:
        return await queue.run(command, emit)
    except _Fault as fault:
        return fault.output
    except CommandTimeout as error:
        return ToolOutput(error.problem, 1, fault="timeout")
    except QueueError as error:
        return ToolOutput(error.problem, 1)


def _output_of(result: ExternalTaskResult) -> ToolOutput:
    """A tool's output from outside: text and exit code as documented, else the JSON text."""
    if not result.success:
        raise _Fault(ToolOutput(cap_text(result.error or DEFAULT_ERROR), 1))
    given = result.result
    if isinstance(given, Mapping) and isinstance(given.get("output"), str):
        code = given.get("exit_code", 0)
        if type(code) is int:
            return ToolOutput(cap_text(given["output"]), code, {"exit_code": code})
    if isinstance(given, str):
        return ToolOutput(cap_text(given))
    return ToolOutput("" if given is None else cap_text(json.dumps(given, ensure_ascii=False)))


async def run_function_in(
    queue: LaneQueue, lane: str, function: Callable[[], Any], emit: Emit
) -> Any:
    """What a function returns that runs in a lane. Raises what it raises, or `QueueError`."""
    command = Command(
        lane=lane,
        kind=getattr(function, "__name__", type(function).__name__),
        payload={},
        work=lambda: call_foreign(function),
        from_outside=_value_of,
        repeatable=True,
    )
    return await queue.run(command, emit)


def _value_of(result: ExternalTaskResult) -> Any:
    if not result.success:
        raise QueueError(result.error or DEFAULT_ERROR)
    return result.result


def tool_named_by(lane: str, given: Any) -> tuple[str, dict[str, Any]]:
    """Tool and arguments of a submitted dict: `{"tool", "args"}`, or bare arguments.

    Bare arguments have to be unmistakable: a `command` is meant for bash, a path in the query lane
    for read. Raises `InvalidArgument`.
    """
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"submit needs a callable or a dict, not {given!r}")
    if "tool" in given:
        args = given.get("args") or {}
        if not isinstance(given["tool"], str) or not isinstance(args, Mapping):
            raise InvalidArgument("a submitted dict has a string `tool` and a dict `args`")
        if unknown := set(given) - {"tool", "args"}:
            raise InvalidArgument(f"a submitted dict has no {min(map(str, unknown))!r}")
        return given["tool"], dict(args)
    if "command" in given:
        return "bash", dict(given)
    if lane == "query" and ("file_path" in given or "path" in given):
        return "read", dict(given)
    raise InvalidArgument(
        f"it cannot be told which tool is meant by {dict(given)!r}; name it: tool"
    )
