"""What each built-in command does and says."""

from __future__ import annotations

import asyncio
import re

import pytest

from a3s_code.commands.builtin import command_registry
from a3s_code.commands.host import CompactReport, McpServer
from a3s_code.commands.outcome import CommandOutcome
from a3s_code.commands.run import run_command
from a3s_code.errors import ModelUnreachable, SessionBusy
from a3s_code.results import TokenUsage
from tests.commands.host import SIDE_USAGE, Host


def run(text: str, host: Host) -> CommandOutcome:
    return asyncio.run(run_command(text, command_registry(), host))


@pytest.fixture
def host() -> Host:
    return Host()


def test_help_lists_every_command_sorted_with_its_usage(host: Host) -> None:
    registry = command_registry()
    registry.register("hello", "Says hello", lambda args, ctx: "hello")
    text = asyncio.run(run_command("/help", registry, host)).text
    names = re.findall(r"^  /(\S+) — \S", text, re.MULTILINE)
    assert names == [entry["name"] for entry in registry.entries()]
    assert "  /hello — Says hello" in text
    for entry in registry.entries():
        assert entry["usage"] is None or f"Usage: {entry['usage']}" in text


def test_model_shows_the_model(host: Host) -> None:
    assert run("/model", host) == CommandOutcome("Current model: openai/gpt-4o")


def test_model_switches_and_confirms(host: Host) -> None:
    assert "anthropic/claude" in run("/model anthropic/claude", host).text
    assert host.model == "anthropic/claude"


def test_model_without_a_provider_explains_itself(host: Host) -> None:
    assert run("/model gpt-4o", host).text == "Usage: /model [provider/model]"
    assert host.model == "openai/gpt-4o"


def test_an_unknown_model_is_named_and_nothing_changes(host: Host) -> None:
    assert run("/model x/y", host).text == "Command error: no model 'x/y' is configured"
    assert host.model == "openai/gpt-4o"


def test_cost(host: Host) -> None:
    assert run("/cost", host).text.splitlines() == [
        "Session: 01234567",
        "Model: openai/gpt-4o",
        "Tokens: 1234 (1000 prompt, 234 completion)",
        "Cost: $0.0123",
    ]


def test_history(host: Host) -> None:
    assert run("/history", host).text.splitlines() == [
        "Messages: 4 (2 turns)",
        "Tokens: 1234",
        "Session: 01234567",
    ]


def test_clear_with_words_behind_it_clears_nothing(host: Host) -> None:
    outcome = run("/clear the table in notes.md", host)
    assert outcome.text == "Nothing was cleared: /clear stands alone, without words behind it."
    assert not outcome.changed_history
    assert host.message_count


def test_clear_empties_the_conversation(host: Host) -> None:
    outcome = run("/clear", host)
    assert outcome == CommandOutcome(
        "Conversation cleared: 4 messages removed.", changed_history=True
    )
    assert host.messages == []
    assert run("/clear", host).changed_history is False


def test_clear_says_why_it_cannot(host: Host) -> None:
    host.failure = SessionBusy("a prompt is running")
    assert run("/clear", host) == CommandOutcome("Command error: a prompt is running")


def test_compact_tells_before_and_after(host: Host) -> None:
    host.report = CompactReport(40, 23, 9_000, 1_500, SIDE_USAGE)
    outcome = run("/compact", host)
    assert outcome.text.splitlines()[1:] == ["Messages: 40 → 23", "Tokens: about 9000 → 1500"]
    assert outcome.changed_history is True
    assert outcome.usage == SIDE_USAGE


def test_compact_has_nothing_to_do_with_a_short_conversation(host: Host) -> None:
    outcome = run("/compact", host)
    assert outcome.text.startswith("Nothing was compacted: 4 messages")
    assert outcome.changed_history is False


def test_tools_in_two_groups(host: Host) -> None:
    host.tools = ["read", "mcp__pencil__draw", "bash"]
    assert run("/tools", host).text.splitlines() == [
        "Tools: 3 total",
        "",
        "Builtin (2):",
        "  • read",
        "  • bash",
        "",
        "MCP (1):",
        "  • mcp__pencil__draw",
    ]


@pytest.mark.parametrize(("tool", "absent"), [("read", "MCP"), ("mcp__a__b", "Builtin")])
def test_an_empty_group_of_tools_is_left_out(host: Host, tool: str, absent: str) -> None:
    host.tools = [tool]
    assert absent not in run("/tools", host).text


def test_no_tools(host: Host) -> None:
    host.tools = []
    assert run("/tools", host).text == "No tools available."


def test_mcp_servers_with_their_tools(host: Host) -> None:
    host.servers = [McpServer("pencil", ["draw", "erase"]), McpServer("clock", ["now"])]
    assert run("/mcp", host).text.splitlines() == [
        "MCP: 2 server(s), 3 tool(s)",
        "",
        "  pencil (2 tools)",
        "    • draw",
        "    • erase",
        "",
        "  clock (1 tools)",
        "    • now",
    ]


def test_no_mcp_servers(host: Host) -> None:
    assert run("/mcp", host).text == "No MCP servers connected."


@pytest.mark.parametrize(
    ("text", "answer", "interval_s"),
    [
        (
            "/loop 30s check deployment status",
            'Scheduled [a1b2c3d4]: "check deployment status" — fires every 30s',
            30,
        ),
        ("/loop check every 2h", 'Scheduled [a1b2c3d4]: "check" — fires every 2h', 7_200),
        ("/loop check", 'Scheduled [a1b2c3d4]: "check" — fires every 10m', 600),
        ("/loop 0s check", 'Scheduled [a1b2c3d4]: "check" — fires every 1s', 1),
    ],
)
def test_loop_schedules(host: Host, text: str, answer: str, interval_s: int) -> None:
    assert run(text, host) == CommandOutcome(answer)
    assert [task["interval_secs"] for task in host.scheduler.tasks()] == [interval_s]


def test_loop_says_when_a_task_will_never_fire(host: Host) -> None:
    first, note = run("/loop 3d check", host).text.splitlines()
    assert first == 'Scheduled [a1b2c3d4]: "check" — fires every 3d'
    assert "never fires" in note


def test_loop_says_that_a_mistaken_interval_stays_in_the_prompt(host: Host) -> None:
    first, note = run("/loop 10x check", host).text.splitlines()

    assert first == 'Scheduled [a1b2c3d4]: "10x check" — fires every 10m'
    assert "'10x' is not an interval (30s, 5m, 2h or 1d)" in note
    assert "/cron-cancel a1b2c3d4" in note


@pytest.mark.parametrize("text", ["/loop", "/loop 5m", "/loop every 5m"])
def test_loop_without_a_prompt_explains_itself(host: Host, text: str) -> None:
    answer = run(text, host).text
    assert answer.startswith("Usage: /loop [interval] <prompt> [every <interval>]")
    for word in ("Examples", "seconds", "minutes", "hours", "days"):
        assert word in answer
    assert host.scheduler.tasks() == []


def test_loop_says_when_there_are_too_many_tasks(host: Host) -> None:
    for _ in range(50):
        host.scheduler.add("x", 60)
    assert run("/loop check", host).text.startswith("Command error: ")
    assert len(host.scheduler) == 50


def test_cron_list(host: Host) -> None:
    host.scheduler.add("check\nthe  build", 300)
    host.scheduler.add("y" * 61, 86_400, recurring=False)
    host.clock.advance(400)
    host.scheduler.take_due()
    assert run("/cron-list", host).text.splitlines() == [
        "Scheduled tasks: 2",
        "",
        "  [a1b2c3d4] every 5m, next in 3m20s, fired 1 time",
        "      check the build",
        "",
        "  [a1b2c3d5] once, next in 23h53m, fired 0 times",
        f"      {'y' * 60}…",
    ]


def test_cron_list_of_nothing_points_to_loop(host: Host) -> None:
    assert "/loop" in run("/cron-list", host).text


@pytest.mark.parametrize("form", ["{}", "[{}]"])
def test_cron_cancel(host: Host, form: str) -> None:
    task_id = host.scheduler.add("x", 60)
    assert run(f"/cron-cancel {form.format(task_id)}", host).text == "Cancelled task [a1b2c3d4]"
    assert host.scheduler.tasks() == []


def test_cron_cancel_of_an_unknown_task_names_it(host: Host) -> None:
    assert "[deadbeef]" in run("/cron-cancel deadbeef", host).text


def test_cron_cancel_without_an_id_explains_itself(host: Host) -> None:
    assert run("/cron-cancel", host).text == "Usage: /cron-cancel <task-id>"


def test_btw_answers_with_its_own_usage(host: Host) -> None:
    outcome = run("/btw  what is it? ", host)
    assert outcome == CommandOutcome("42", SIDE_USAGE, btw=("what is it?", "42"))
    assert host.questions == ["what is it?"]


def test_btw_without_a_question_explains_itself(host: Host) -> None:
    assert run("/btw", host).text == "Usage: /btw <question>"
    assert host.questions == []


def test_btw_says_what_failed(host: Host) -> None:
    host.failure = ModelUnreachable("no route")
    assert run("/btw why?", host) == CommandOutcome("btw query failed: no route")


@pytest.mark.parametrize("name", ["cost", "history", "clear", "tools", "mcp", "help", "cron-list"])
def test_commands_cost_no_tokens(host: Host, name: str) -> None:
    assert run(f"/{name}", host).usage == TokenUsage()
