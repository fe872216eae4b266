"""Running a command: the library's own on the event loop, the user's in a worker thread."""

from __future__ import annotations

import inspect
from typing import Any

from a3s_code.commands.host import CommandHost
from a3s_code.commands.outcome import CommandOutcome
from a3s_code.commands.parse import parse_command
from a3s_code.commands.registry import CommandRegistry, UserHandler
from a3s_code.commands.texts import unknown_text
from a3s_code.errors import A3SError, InvalidArgument
from a3s_code.tools.threads import in_thread


async def run_command(text: str, registry: CommandRegistry, host: CommandHost) -> CommandOutcome:
    """The answer to a prompt that is a command; what goes wrong is part of the answer.

    Raises `InvalidArgument` when the prompt is no command. No lock is held while it runs.
    """
    parsed = parse_command(text)
    if parsed is None:
        raise InvalidArgument("the prompt is no command")
    command = registry.get(parsed.name)
    if command is None:
        known = [other.name for other in registry.commands()]
        return CommandOutcome(unknown_text(parsed.name, known))
    if command.builtin is not None:
        try:
            return await command.builtin(parsed.args, host, registry)
        except A3SError as error:
            return CommandOutcome(f"Command error: {error.problem}")
    handler, ctx = command.handler, command_context(host)
    assert handler is not None
    answer = await in_thread(lambda _stop: _answer(handler, parsed.args, ctx))
    return CommandOutcome(answer)


def command_context(host: CommandHost) -> dict[str, Any]:
    """What a user's handler is told: the documented keys, as plain values of this moment."""
    return {
        "session_id": host.session_id,
        "model": host.model,
        "history_len": host.message_count,
        "workspace": host.workspace,
        "total_tokens": host.usage.total_tokens,
        "total_cost": host.cost_usd,
        "tool_names": list(host.tool_names()),
        "mcp_servers": [(server.name, len(server.tools)) for server in host.mcp_servers()],
    }


def _answer(handler: UserHandler, args: str, ctx: dict[str, Any]) -> str:
    try:
        answer: object = handler(args, ctx)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's function may fail in any way
        return f"Command error: {type(error).__name__}: {error}"
    if isinstance(answer, str):
        return answer
    if inspect.iscoroutine(answer):
        answer.close()  # it will never run, and Python would warn of that
    return f"Command error: the handler returned {type(answer).__name__}, not a string"
