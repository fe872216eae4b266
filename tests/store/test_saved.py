"""The documented form of a saved session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from a3s_code.messages import (
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from a3s_code.results import TokenUsage
from a3s_code.store.reading import WrongForm
from a3s_code.store.saved import ContextUsage, SavedConfig, SavedSession

FULL = SavedSession(
    id="s",
    config=SavedConfig(
        name="n",
        workspace="/w",
        system_prompt="p",
        max_context_length=1000,
        auto_compact=True,
        auto_compact_threshold=0.5,
        storage_type="memory",
        planning_enabled=True,
        planning_mode="auto",
        goal_tracking=True,
        queue_config={"a": 1},
        confirmation_policy={"b": 2},
        permission_policy={"c": 3},
        parent_id="p",
        security_config={"d": 4},
    ),
    state="Paused",
    messages=[
        Message("user", (ImageBlock("image/png", "AAAA"), TextBlock("look"))),
        Message(
            "assistant",
            (ThinkingBlock("hm", "sig"), TextBlock("so"), ToolUseBlock("c1", "ls", {"path": "."})),
            "because",
        ),
        Message("user", (ToolResultBlock("c1", "a.txt", is_error=True),)),
    ],
    context_usage=ContextUsage(used_tokens=5, max_tokens=10, percent=0.5, turns=2),
    total_usage=TokenUsage(
        prompt_tokens=3,
        completion_tokens=4,
        total_tokens=7,
        cache_read_tokens=1,
        cache_write_tokens=2,
    ),
    total_cost=0.25,
    model_name="m",
    cost_records=[{"model": "m", "total_cost": 0.25}],
    tool_names=["ls", "read"],
    thinking_enabled=True,
    thinking_budget=2048,
    created_at=1_700_000_000,
    updated_at=1_700_000_100,
    llm_config={"provider": "a", "model": "m", "base_url": "https://host/v1"},
    tasks=[{"id": "1", "content": "do"}],
    parent_id="parent",
)

WRITTEN = {
    "id": "s",
    "config": {
        "name": "n",
        "workspace": "/w",
        "system_prompt": "p",
        "max_context_length": 1000,
        "auto_compact": True,
        "auto_compact_threshold": 0.5,
        "storage_type": "memory",
        "planning_enabled": True,
        "planning_mode": "auto",
        "goal_tracking": True,
        "queue_config": {"a": 1},
        "confirmation_policy": {"b": 2},
        "permission_policy": {"c": 3},
        "parent_id": "p",
        "security_config": {"d": 4},
    },
    "state": "Paused",
    "messages": [
        {
            "role": "user",
            "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                },
                {"type": "text", "text": "look"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "text", "text": "so"},
                {"type": "tool_use", "id": "c1", "name": "ls", "input": {"path": "."}},
            ],
            "reasoning_content": "because",
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "a.txt", "is_error": True}
            ],
        },
    ],
    "context_usage": {"used_tokens": 5, "max_tokens": 10, "percent": 0.5, "turns": 2},
    "total_usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "cache_read_tokens": 1,
        "cache_write_tokens": 2,
    },
    "total_cost": 0.25,
    "model_name": "m",
    "cost_records": [{"model": "m", "total_cost": 0.25}],
    "tool_names": ["ls", "read"],
    "thinking_enabled": True,
    "thinking_budget": 2048,
    "created_at": 1_700_000_000,
    "updated_at": 1_700_000_100,
    "llm_config": {"provider": "a", "model": "m", "base_url": "https://host/v1"},
    "tasks": [{"id": "1", "content": "do"}],
    "parent_id": "parent",
}


def test_every_documented_key_is_written_and_read() -> None:
    assert FULL.to_dict() == WRITTEN
    assert SavedSession.from_dict(json.loads(json.dumps(WRITTEN))) == FULL


def test_optional_keys_that_are_absent_are_not_written() -> None:
    written = SavedSession(id="s").to_dict()
    assert set(written) == set(WRITTEN) - {"model_name", "llm_config", "parent_id"}
    assert set(written["config"]) == {
        *("name", "workspace", "system_prompt", "max_context_length", "auto_compact"),
        *("auto_compact_threshold", "storage_type", "planning_enabled", "goal_tracking"),
    }


@pytest.mark.parametrize(
    "data", [{"id": "s"}, {"id": "s", "messages": None, "config": None, "tasks": None}]
)
def test_missing_keys_get_defaults(data: dict[str, Any]) -> None:
    loaded = SavedSession.from_dict(data)
    assert loaded == SavedSession(id="s", state="Unknown")
    assert loaded.config.max_context_length == loaded.context_usage.max_tokens == 200_000
    assert loaded.config.auto_compact_threshold == 0.8


def test_unknown_keys_are_ignored() -> None:
    data = {"id": "s", "colour": 1, "config": {"smell": 2}, "context_usage": {"x": 3}}
    assert SavedSession.from_dict(data) == SavedSession(id="s", state="Unknown")


@pytest.mark.parametrize(
    "time",
    [1_700_000_000, 1_700_000_000.9, "2023-11-14T22:13:20Z", "2023-11-14T23:13:20.5+01:00"],
)
def test_both_forms_of_times(time: object) -> None:
    loaded = SavedSession.from_dict({"id": "s", "created_at": time, "updated_at": time})
    assert (loaded.created_at, loaded.updated_at) == (1_700_000_000, 1_700_000_000)


def test_todos_are_tasks() -> None:
    assert SavedSession.from_dict({"id": "s", "todos": [{"id": "1"}]}).tasks == ({"id": "1"},)


@pytest.mark.parametrize("state", ["Active", "Paused", "Completed", "Error", "Unknown"])
def test_states(state: str) -> None:
    assert SavedSession.from_dict({"id": "s", "state": state}).to_dict()["state"] == state


def test_unknown_state() -> None:
    assert SavedSession.from_dict({"id": "s", "state": "Dreaming"}).state == "Unknown"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "'id' is missing"),
        ({"id": 3}, "'id' must be a string, not int"),
        ({"id": "s", "messages": "x"}, "'messages' must be a list, not str"),
        ({"id": "s", "messages": [{"role": "robot"}]}, "'messages': message 0: role must be"),
        ({"id": "s", "total_cost": "x"}, "'total_cost' must be a number, not str"),
        ({"id": "s", "thinking_budget": True}, "'thinking_budget' must be an integer, not bool"),
        ({"id": "s", "created_at": "yesterday"}, "'created_at' is not a date and time"),
        ({"id": "s", "tasks": [1]}, "'tasks' must hold objects, not int"),
        ({"id": "s", "tool_names": [1]}, "'tool_names' must hold strings, not int"),
        ({"id": "s", "config": {"name": []}}, "'name' must be a string, not list"),
    ],
)
def test_wrong_types_are_named(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(WrongForm) as caught:
        SavedSession.from_dict(data)
    assert str(caught.value).startswith(problem)


def test_no_api_key_gets_in() -> None:
    saved = SavedSession(
        id="s",
        llm_config={
            "provider": "a",
            "model": "m",
            "api_key": "sk-secret",
            "headers": {"Authorization": "sk-secret"},
            "base_url": "https://user:sk-secret@host:8080/v1?key=sk-secret",
        },
    )
    assert saved.llm_config == {
        "provider": "a",
        "model": "m",
        "base_url": "https://host:8080/v1",
    }
    assert "sk-secret" not in repr(saved) + json.dumps(saved.to_dict())
    assert SavedSession(id="s", llm_config={"base_url": "http://[sk-secret"}).llm_config == {
        "base_url": ""
    }
