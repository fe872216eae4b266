"""Dispatch and the list of commands."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code.commands.builtin import command_registry
from a3s_code.commands.parse import ParsedCommand, parse_command
from a3s_code.errors import InvalidArgument

BUILTIN = [
    "btw",
    "clear",
    "compact",
    "cost",
    "cron-cancel",
    "cron-list",
    "help",
    "history",
    "loop",
    "mcp",
    "model",
    "tools",
]


def echo(args: str, ctx: dict[str, Any]) -> str:
    return args


@pytest.mark.parametrize(
    ("prompt", "name", "args"),
    [
        ("/help", "help", ""),
        ("  \n/help", "help", ""),
        ("/model  openai/gpt-4o  ", "model", "openai/gpt-4o"),
        ("/loop\t5m\n two  words\n", "loop", "5m\n two  words"),
        ("/etc/hosts is a file", "etc/hosts", "is a file"),
        ("//help", "/help", ""),
        ("/Help", "Help", ""),
        ("/", "", ""),
        ("/ help", "", "help"),
    ],
)
def test_a_command_is_a_name_and_the_rest(prompt: str, name: str, args: str) -> None:
    assert parse_command(prompt) == ParsedCommand(name, args)


@pytest.mark.parametrize("prompt", ["", " ", "help", "see /etc/hosts", "\\/help"])
def test_other_prompts_are_none(prompt: str) -> None:
    assert parse_command(prompt) is None


def test_the_built_in_commands_are_listed_by_name() -> None:
    entries = command_registry().entries()
    assert [entry["name"] for entry in entries] == BUILTIN
    assert all(list(entry) == ["name", "description", "usage"] for entry in entries)
    assert all(entry["description"] for entry in entries)
    assert {entry["name"]: entry["usage"] for entry in entries if entry["usage"]} == {
        "btw": "/btw <question>",
        "cron-cancel": "/cron-cancel <task-id>",
        "loop": "/loop [interval] <prompt> [every <interval>]",
        "model": "/model [provider/model]",
    }


def test_a_command_of_the_user_is_listed_in_its_place() -> None:
    registry = command_registry()
    registry.register("/count", "Messages so far", echo, usage="/count")
    assert [entry["name"] for entry in registry.entries()] == sorted([*BUILTIN, "count"])
    command = registry.get("count")
    assert command is not None
    assert command.to_dict() == {
        "name": "count",
        "description": "Messages so far",
        "usage": "/count",
    }


def test_of_two_leading_slashes_one_is_dropped() -> None:
    registry = command_registry()
    registry.register("//count", "Messages so far", echo)
    assert registry.get("/count") is not None
    assert registry.get("count") is None


def test_a_later_command_replaces_even_a_built_in_one_but_in_its_registry_only() -> None:
    registry = command_registry()
    registry.register("model", "mine", echo)
    registry.register("model", "mine again", echo)
    assert registry.get("model").to_dict() == {  # type: ignore[union-attr]
        "name": "model",
        "description": "mine again",
        "usage": None,
    }
    assert len(registry.entries()) == len(BUILTIN)
    assert command_registry().get("model").description != "mine again"  # type: ignore[union-attr]


async def asynchronous(args: str, ctx: dict[str, Any]) -> str:
    return args


@pytest.mark.parametrize(
    ("name", "description", "handler"),
    [
        ("", "d", echo),
        ("/", "d", echo),
        ("two words", "d", echo),
        (" count", "d", echo),
        (7, "d", echo),
        ("count", None, echo),
        ("count", "d", None),
        ("count", "d", asynchronous),
    ],
)
def test_what_could_never_run_is_refused(name: Any, description: Any, handler: Any) -> None:
    registry = command_registry()
    with pytest.raises(InvalidArgument):
        registry.register(name, description, handler)
    assert len(registry.entries()) == len(BUILTIN)
