"""The built-in commands."""

from __future__ import annotations

from a3s_code.commands import texts
from a3s_code.commands.host import CommandHost
from a3s_code.commands.outcome import CommandOutcome
from a3s_code.commands.registry import BuiltinHandler, Command, CommandRegistry
from a3s_code.errors import A3SError, BtwFailed
from a3s_code.schedule.grammar import mistaken_interval, parse_loop


async def _help(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(texts.help_text(registry.entries()))


async def _model(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    if not args:
        return CommandOutcome(f"Current model: {host.model}")
    if "/" not in args:
        return _usage("model")
    host.use_model(args)
    return CommandOutcome(f"Model switched to {host.model}")


async def _cost(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(texts.cost_text(host.session_id, host.model, host.usage, host.cost_usd))


async def _history(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(
        texts.history_text(host.message_count, host.turn_count, host.usage, host.session_id)
    )


async def _clear(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    if args:  # a sentence that begins with /clear must not cost the conversation
        return CommandOutcome(texts.NOT_CLEARED)
    removed = host.clear()
    return CommandOutcome(texts.cleared_text(removed), changed_history=removed > 0)


async def _compact(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    report = await host.acompact()
    if report is None:
        return CommandOutcome(texts.not_compacted_text(host.message_count))
    return CommandOutcome(texts.compacted_text(report), report.usage, changed_history=True)


async def _tools(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(texts.tools_text(host.tool_names()))


async def _mcp(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(texts.mcp_text(host.mcp_servers()))


async def _loop(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    request = parse_loop(args)
    if request is None:
        return CommandOutcome(texts.LOOP_USAGE)
    task_id = host.scheduler.add(request.prompt, request.interval_s)
    mistaken = mistaken_interval(args)
    return CommandOutcome(
        texts.scheduled_text(task_id, request.prompt, request.interval_s, mistaken)
    )


async def _cron_list(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    return CommandOutcome(texts.cron_list_text(host.scheduler.tasks()))


async def _cron_cancel(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    task_id = args.removeprefix("[").removesuffix("]")  # as it is printed
    if not task_id:
        return _usage("cron-cancel")
    if not host.scheduler.cancel(task_id):
        return CommandOutcome(f"No scheduled task [{task_id}]. See /cron-list.")
    return CommandOutcome(f"Cancelled task [{task_id}]")


async def _btw(args: str, host: CommandHost, registry: CommandRegistry) -> CommandOutcome:
    if not args:
        return _usage("btw")
    try:
        result = await host.abtw(args)
    except A3SError as error:
        return CommandOutcome(str(BtwFailed(error.problem)))
    return CommandOutcome(result.answer, result.usage, btw=(args, result.answer))


def _usage(name: str) -> CommandOutcome:
    return CommandOutcome(f"Usage: {_BUILTIN[name].usage}")


def _builtin(
    name: str, description: str, builtin: BuiltinHandler, usage: str | None = None
) -> Command:
    return Command(name, description, usage, builtin=builtin)


_BUILTIN = {
    command.name: command
    for command in (
        _builtin("help", "List the commands", _help),
        _builtin("model", "Show or switch the model", _model, "/model [provider/model]"),
        _builtin("cost", "Show tokens and cost of this session", _cost),
        _builtin("history", "Show the size of the conversation", _history),
        _builtin("clear", "Empty the conversation", _clear),
        _builtin("compact", "Shorten the conversation to a summary", _compact),
        _builtin("tools", "List the tools", _tools),
        _builtin("mcp", "List MCP servers and their tools", _mcp),
        _builtin(
            "loop",
            "Send a prompt again and again",
            _loop,
            "/loop [interval] <prompt> [every <interval>]",
        ),
        _builtin("cron-list", "List the scheduled prompts", _cron_list),
        _builtin(
            "cron-cancel", "Cancel a scheduled prompt", _cron_cancel, "/cron-cancel <task-id>"
        ),
        _builtin(
            "btw",
            "Ask a side question that the conversation does not remember",
            _btw,
            "/btw <question>",
        ),
    )
}


def command_registry() -> CommandRegistry:
    """A registry with the built-in commands, for one session."""
    return CommandRegistry(_BUILTIN)
