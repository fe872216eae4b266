"""The answers of the built-in commands, as functions of facts. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from a3s_code.commands.host import CompactReport, McpServer
from a3s_code.results import TokenUsage
from a3s_code.schedule.grammar import format_interval, format_remaining
from a3s_code.schedule.scheduler import LIFETIME_S

MCP_PREFIX = "mcp__"
_PROMPT_CHARACTERS = 60

LOOP_USAGE = """\
Usage: /loop [interval] <prompt> [every <interval>]

Examples:
  /loop 5m check the build
  /loop check the build every 2h
  /loop check the build

Units: s (seconds), m (minutes), h (hours), d (days); 10m without an interval.
Tasks end after 3 days."""


def help_text(commands: Iterable[Mapping[str, str | None]]) -> str:
    """Every command with its description, and its usage where there is one."""
    lines = ["Available commands:", ""]
    for command in commands:
        lines.append(f"  /{command['name']} — {command['description']}")
        if command["usage"]:
            lines.append(f"      Usage: {command['usage']}")
    return "\n".join(lines)


def unknown_text(name: str, known: Iterable[str]) -> str:
    """The answer to a name that is not one of the known commands; it offers the one most like it."""
    parts = [f"Unknown command: /{name}."]
    if "/" in name:
        parts.append("A prompt that begins with a path needs a word in front of it.")
    elif near := difflib.get_close_matches(name, [*known], n=1):
        parts.append(f"Did you mean /{near[0]}?")
    return " ".join([*parts, "Type /help for the available commands."])


def cost_text(session_id: str, model: str, usage: TokenUsage, cost_usd: float) -> str:
    """Session, model, tokens and dollars."""
    parts = f"{usage.prompt_tokens} prompt, {usage.completion_tokens} completion"
    return "\n".join(
        [
            f"Session: {session_id[:8]}",
            f"Model: {model}",
            f"Tokens: {usage.total_tokens} ({parts})",
            f"Cost: ${cost_usd:.4f}",
        ]
    )


def history_text(messages: int, turns: int, usage: TokenUsage, session_id: str) -> str:
    """Length of the conversation, tokens, session."""
    return "\n".join(
        [
            f"Messages: {messages} ({_count(turns, 'turn')})",
            f"Tokens: {usage.total_tokens}",
            f"Session: {session_id[:8]}",
        ]
    )


NOT_CLEARED = "Nothing was cleared: /clear stands alone, without words behind it."


def cleared_text(removed: int) -> str:
    """How much `/clear` removed."""
    return f"Conversation cleared: {_count(removed, 'message')} removed."


def compacted_text(report: CompactReport) -> str:
    """Messages and tokens before and after."""
    return "\n".join(
        [
            "Conversation compacted.",
            f"Messages: {report.messages_before} → {report.messages_after}",
            f"Tokens: about {report.tokens_before} → {report.tokens_after}",
        ]
    )


def not_compacted_text(messages: int) -> str:
    """The answer when there was nothing to shorten."""
    return f"Nothing was compacted: {_count(messages, 'message')} are too few to shorten."


def tools_text(names: Sequence[str]) -> str:
    """All tools in two groups; an empty group is left out."""
    if not names:
        return "No tools available."
    lines = [f"Tools: {len(names)} total"]
    mcp = [name for name in names if name.startswith(MCP_PREFIX)]
    builtin = [name for name in names if not name.startswith(MCP_PREFIX)]
    for title, group in (("Builtin", builtin), ("MCP", mcp)):
        if group:
            lines += ["", f"{title} ({len(group)}):", *(f"  • {name}" for name in group)]
    return "\n".join(lines)


def mcp_text(servers: Sequence[McpServer]) -> str:
    """The connected servers with their tools."""
    if not servers:
        return "No MCP servers connected."
    tools = sum(len(server.tools) for server in servers)
    lines = [f"MCP: {len(servers)} server(s), {tools} tool(s)"]
    for server in servers:
        lines += ["", f"  {server.name} ({len(server.tools)} tools)"]
        lines += [f"    • {tool}" for tool in server.tools]
    return "\n".join(lines)


def scheduled_text(task_id: str, prompt: str, interval_s: int, mistaken: str | None = None) -> str:
    """The confirmation of `/loop`; `mistaken` is a word that was meant as an interval, but is none."""
    text = f'Scheduled [{task_id}]: "{prompt}" — fires every {format_interval(interval_s)}'
    if mistaken:
        text += (
            f"\nNote: {mistaken!r} is not an interval (30s, 5m, 2h or 1d), so it stays in the prompt."
            f" /cron-cancel {task_id} takes it back."
        )
    if interval_s >= LIFETIME_S:
        text += "\nNote: a task ends 3 days after its creation, so this one never fires."
    return text


def cron_list_text(tasks: Sequence[Mapping[str, Any]]) -> str:
    """The scheduled tasks, a line each for facts and prompt."""
    if not tasks:
        return "No scheduled tasks. Use /loop to create one."
    lines = [f"Scheduled tasks: {len(tasks)}"]
    for task in tasks:
        every = f"every {format_interval(task['interval_secs'])}"
        cadence = every if task["recurring"] else "once"
        wait, fired = (
            format_remaining(task["next_fire_in_secs"]),
            _count(task["fire_count"], "time"),
        )
        lines += [
            "",
            f"  [{task['id']}] {cadence}, next in {wait}, fired {fired}",
            f"      {_shortened(task['prompt'])}",
        ]
    return "\n".join(lines)


def _shortened(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= _PROMPT_CHARACTERS else f"{line[:_PROMPT_CHARACTERS]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
