"""The `batch` tool: several tool calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.output import cap_text
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput

MAX_INVOCATIONS = 32
MAX_CONCURRENT = 8
_ROOM_FOR_HEADER = 128


class Batch:
    """Run other tools concurrently; each call is judged as if it had been made alone."""

    name = "batch"
    read_only = False
    description = (
        "Run several independent tool calls at the same time. Results come in the order of the "
        "calls. A batch cannot contain a batch."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "invocations": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_INVOCATIONS,
                "description": "The calls, at most 32.",
                "items": {
                    "type": "object",
                    "properties": {
                        "tool": {"type": "string", "description": "Name of the tool."},
                        "args": {"type": "object", "description": "Its arguments."},
                    },
                    "required": ["tool", "args"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["invocations"],
        "additionalProperties": False,
        "examples": [
            {
                "invocations": [
                    {"tool": "ls", "args": {}},
                    {"tool": "read", "args": {"file_path": "a"}},
                ]
            }
        ],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Run all calls, at most 8 at a time; fails when one of them does, with all outputs."""
        calls = _calls(args["invocations"])
        invoke = ctx.invoke
        if invoke is None:
            raise ToolFailed("batch is not available here")
        free = asyncio.Semaphore(MAX_CONCURRENT)

        async def one(name: str, arguments: Mapping[str, Any]) -> ToolOutput:
            async with free:
                return await invoke(name, arguments)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(name, arguments)) for name, arguments in calls]
        outputs = [task.result() for task in tasks]
        room = MAX_OUTPUT_BYTES // len(calls) - _ROOM_FOR_HEADER
        texts = [
            _item(number, name, output, room)
            for number, ((name, _), output) in enumerate(zip(calls, outputs, strict=True), 1)
        ]
        failed = any(output.exit_code != 0 for output in outputs)
        images = tuple(image for output in outputs for image in output.images)
        return ToolOutput("".join(texts), int(failed), images=images)


def _calls(invocations: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and arguments of each call. Raises `ToolFailed` before anything runs."""
    if not invocations:
        raise ToolFailed("invocations array must not be empty")
    if len(invocations) > MAX_INVOCATIONS:
        raise ToolFailed(f"invocations array must not have more than {MAX_INVOCATIONS} items")
    calls = []
    for number, invocation in enumerate(invocations, 1):
        match invocation:
            case {"tool": "batch"}:
                raise ToolFailed("nested batch calls are not allowed")
            case {"tool": str(name)} if isinstance(invocation.get("args", {}), Mapping):
                calls.append((name, invocation.get("args", {})))
            case _:
                raise ToolFailed(f"invocation {number} must be an object with tool and args")
    return calls


def _item(number: int, name: str, output: ToolOutput, room: int) -> str:
    text = cap_text(output.text, room)
    shown = text if output.exit_code == 0 else f"ERROR: {text}"
    return f"--- [{number}: {name[:64]}] ---\n{shown}\n"
