"""One tool call from raw arguments to a result that can always be shown to the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.arguments import checked_arguments, normalise_arguments
from a3s_code.tools.output import cap_text
from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput

_log = logging.getLogger(__name__)


async def run_tool(
    tool: Tool, args: Mapping[str, Any], ctx: ToolContext, timeout_ms: int | None = None
) -> ToolOutput:
    """Run a tool and give its output, at most 100 KiB; every failure is an output too.

    `timeout_ms` limits the whole call, None does not. Only `asyncio.CancelledError` is raised, after
    the tool has ended what it started.
    """
    limit = asyncio.timeout(None if timeout_ms is None else max(timeout_ms, 0) / 1000)
    try:
        async with limit:
            output = await _call(tool, args, ctx)
    except ToolFailed as failure:
        output = ToolOutput(failure.problem, failure.exit_code or 1)
    except Exception as error:  # noqa: BLE001  # a fault of a tool must not end the conversation
        if isinstance(error, TimeoutError) and limit.expired():
            output = ToolOutput(
                f"Tool '{tool.name}' timed out after {timeout_ms}ms", 1, fault="timeout"
            )
        else:
            _log.debug("tool %s raised", tool.name, exc_info=True)
            problem = f"Tool execution error: {str(error) or type(error).__name__}"
            output = ToolOutput(problem, 1, fault="exception")
    return replace(output, text=cap_text(output.text))


async def _call(tool: Tool, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
    if not isinstance(args, Mapping):
        raise ToolFailed("Tool arguments must be a JSON object")
    if "__parse_error" in args:
        raise ToolFailed(f"Error: {args['__parse_error']}")
    normalised = normalise_arguments(tool.name, args)
    return await tool.run(checked_arguments(tool.parameters, normalised), ctx)
