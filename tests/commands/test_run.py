"""Running commands: unknown ones, those of the user, and their events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from a3s_code.commands.builtin import command_registry
from a3s_code.commands.host import McpServer
from a3s_code.commands.outcome import CommandOutcome, outcome_events
from a3s_code.commands.run import run_command
from a3s_code.errors import InvalidArgument
from a3s_code.events import BtwAnswer, End, TextDelta
from a3s_code.results import TokenUsage
from tests.commands.host import SIDE_USAGE, Host
from tests.deadlines import DEADLINE_S


def run_own(handler: Callable[[str, dict[str, Any]], Any], text: str = "/own") -> CommandOutcome:
    registry = command_registry()
    registry.register("own", "The user's own", handler)
    return asyncio.run(run_command(text, registry, Host()))


@pytest.mark.parametrize("text", ["/nope", "/nope with words", "/Help"])
def test_an_unknown_command_is_named_and_help_is_offered(text: str) -> None:
    outcome = asyncio.run(run_command(text, command_registry(), Host()))
    assert text.split()[0] in outcome.text
    assert "Unknown command" in outcome.text
    assert "/help" in outcome.text
    assert outcome.usage == TokenUsage()


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("/hlep", "Unknown command: /hlep. Did you mean /help? Type /help "),
        ("/Compact", "Unknown command: /Compact. Did you mean /compact? Type /help "),
        ("/zzz", "Unknown command: /zzz. Type /help "),
        ("/etc/hosts is wrong", "a word in front of it. Type /help "),
    ],
)
def test_what_was_meant_is_offered(text: str, advice: str) -> None:
    assert advice in asyncio.run(run_command(text, command_registry(), Host())).text


def test_a_prompt_that_is_no_command_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        asyncio.run(run_command("hello", command_registry(), Host()))


def test_a_handler_gets_its_arguments_and_its_text_is_the_answer() -> None:
    assert run_own(lambda args, ctx: f"<{args}>", "/own  two  words ").text == "<two  words>"
    assert run_own(lambda args, ctx: f"<{args}>").text == "<>"


def test_a_handler_is_told_about_the_session() -> None:
    seen: dict[str, Any] = {}
    registry, host = command_registry(), Host()
    host.servers = [McpServer("pencil", ["draw", "erase"])]
    registry.register("own", "The user's own", lambda args, ctx: str(seen.update(ctx)))
    asyncio.run(run_command("/own", registry, host))
    assert seen == {
        "session_id": "0123456789abcdef",
        "model": "openai/gpt-4o",
        "history_len": 4,
        "workspace": "/proj",
        "total_tokens": 1_234,
        "total_cost": 0.01234,
        "tool_names": ["read", "bash"],
        "mcp_servers": [("pencil", 2)],
    }


def test_a_handler_may_block_without_holding_the_loop() -> None:
    """It waits for something that only the event loop does."""
    released = threading.Event()
    registry = command_registry()
    registry.register("own", "Waits", lambda args, ctx: str(released.wait(DEADLINE_S)))

    async def scenario() -> str:
        command = asyncio.create_task(run_command("/own", registry, Host()))
        await asyncio.sleep(0)
        released.set()
        return (await command).text

    assert asyncio.run(scenario()) == "True"


def test_a_cancelled_command_lets_its_caller_go() -> None:
    """The thread cannot be ended, so its answer is dropped."""
    begun, released = threading.Event(), threading.Event()
    registry = command_registry()

    def handler(args: str, ctx: dict[str, Any]) -> str:
        begun.set()
        released.wait(DEADLINE_S)
        return "too late"

    registry.register("own", "Waits", handler)

    async def scenario() -> None:
        command = asyncio.create_task(run_command("/own", registry, Host()))
        assert await asyncio.to_thread(begun.wait, DEADLINE_S)
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        released.set()

    asyncio.run(scenario())


def fails(args: str, ctx: dict[str, Any]) -> str:
    raise LookupError("no such thing")


def leaves(args: str, ctx: dict[str, Any]) -> str:
    raise SystemExit(3)


async def late(args: str) -> str:
    return args


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (fails, "LookupError: no such thing"),
        (leaves, "SystemExit: 3"),
        (lambda args, ctx: None, "NoneType"),
        (lambda args, ctx: 7, "int"),
        (lambda args, ctx: late(args), "coroutine"),
        (lambda args: args, "TypeError"),
    ],
)
def test_what_goes_wrong_in_a_handler_is_the_answer(
    handler: Callable[..., Any], reason: str
) -> None:
    answer = run_own(handler).text
    assert answer.startswith("Command error: ")
    assert reason in answer


def test_a_replaced_built_in_command_runs_the_users_handler() -> None:
    registry, host = command_registry(), Host()
    registry.register("/clear", "Never", lambda args, ctx: "kept")
    assert asyncio.run(run_command("/clear", registry, host)) == CommandOutcome("kept")
    assert len(host.messages) == 4


def test_a_command_in_a_stream_is_a_text_and_an_end() -> None:
    assert outcome_events(CommandOutcome("done")) == [
        TextDelta(text="done"),
        End(text="done", total_tokens=0, usage=TokenUsage()),
    ]


def test_a_side_question_in_a_stream_is_its_answer_and_an_end() -> None:
    assert outcome_events(CommandOutcome("42", SIDE_USAGE, btw=("why?", "42"))) == [
        BtwAnswer(question="why?", answer="42", total_tokens=7),
        End(text="42", total_tokens=7, usage=SIDE_USAGE),
    ]
