"""Registering hooks: ids, order, names, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code.errors import A3SError
from a3s_code.hooks.names import BLOCKING, EVENTS, event_name
from a3s_code.hooks.registry import HookRegistry


def nothing(_event: dict[str, Any]) -> None:
    """A handler."""


def test_there_are_eleven_events_and_two_can_block() -> None:
    assert len(EVENTS) == 11
    assert set(EVENTS) >= BLOCKING == {"pre_tool_use", "pre_prompt"}


@pytest.mark.parametrize("name", EVENTS)
def test_both_spellings_of_an_event(name: str) -> None:
    camel = "".join(word.capitalize() for word in name.split("_"))
    assert event_name(name) == event_name(camel) == name


@pytest.mark.parametrize("name", ["pre_tool", "", None, 3])
def test_an_unknown_event_names_the_valid_ones(name: Any) -> None:
    with pytest.raises(ValueError, match=r"pre_tool_use, .*on_error") as raised:
        HookRegistry().register("h", name, handler=nothing)
    assert isinstance(raised.value, A3SError)


def test_order_is_priority_then_age() -> None:
    registry = HookRegistry()
    for hook_id, config in [
        ("late", {"priority": 200}),
        ("first of 100", None),
        ("second of 100", {"priority": 100}),
        ("guard", {"priority": 1}),
    ]:
        registry.register(hook_id, "on_error", config=config, handler=nothing)
    ids = [hook.hook_id for hook in registry.of_event("on_error")]
    assert ids == ["guard", "first of 100", "second of 100", "late"]


def test_the_same_id_replaces() -> None:
    registry = HookRegistry()
    registry.register("h", "on_error", handler=nothing)
    registry.register("h", "pre_prompt", handler=nothing)
    assert len(registry) == 1
    assert registry.of_event("on_error") == []
    assert [hook.hook_id for hook in registry.of_event("pre_prompt")] == ["h"]


def test_unregistering() -> None:
    registry = HookRegistry()
    registry.register("h", "on_error", handler=nothing)
    assert registry.unregister("h") is True
    assert registry.unregister("h") is False
    assert len(registry) == 0


def test_a_hook_without_a_handler_counts_and_is_never_called() -> None:
    registry = HookRegistry()
    registry.register("h", "pre_tool_use", matcher={"tool": "bash"})
    assert len(registry) == 1
    assert registry.of_event("pre_tool_use") == []


def test_a_function_in_the_place_of_the_matcher_is_the_handler() -> None:
    registry = HookRegistry()
    registry.register("h", "on_error", nothing)
    (hook,) = registry.of_event("on_error")
    assert hook.handler is nothing
    with pytest.raises(ValueError, match="two handlers"):
        registry.register("h", "on_error", nothing, handler=nothing)


def test_defaults_of_the_configuration() -> None:
    registry = HookRegistry()
    registry.register("h", "on_error", handler=nothing)
    config = registry.of_event("on_error")[0].config
    assert (config.priority, config.timeout_ms) == (100, 30000)
    assert (config.async_execution, config.max_retries) == (False, 0)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"config": {"prio": 1}}, "unknown config key 'prio'"),
        ({"config": {"priority": "high"}}, "priority must be an integer"),
        ({"config": {"priority": True}}, "priority must be an integer"),
        ({"config": {"timeout_ms": 0}}, "timeout_ms must be an integer of at least 1"),
        ({"config": {"max_retries": -1}}, "max_retries must be an integer of at least 0"),
        ({"config": {"async_execution": 1}}, "async_execution must be True or False"),
        ({"config": 5}, "config must be a dict"),
        ({"matcher": {"tools": "bash"}}, "unknown matcher key 'tools'"),
        ({"matcher": {"tool": 5}}, "matcher key tool must be a string"),
        ({"matcher": "bash"}, "matcher must be a dict"),
        ({"handler": "f"}, "handler must be callable"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], problem: str) -> None:
    registry = HookRegistry()
    with pytest.raises(ValueError, match=problem):
        registry.register("h", "on_error", **arguments)
    assert len(registry) == 0
    with pytest.raises(ValueError, match="hook_id"):
        registry.register("", "on_error")
