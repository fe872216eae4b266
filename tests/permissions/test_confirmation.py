"""Asking a person."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.confirmation import (
    ConfirmationPolicy,
    Decision,
    PendingConfirmations,
    lane_of,
)

HOUR_MS = 3_600_000


def run(test: Callable[[PendingConfirmations], Awaitable[Any]]) -> Any:
    """A coroutine with a fresh registry, on a fresh loop."""

    async def bounded() -> Any:
        return await asyncio.wait_for(_awaited(test), 30)

    return asyncio.run(bounded())


async def _awaited(test: Callable[[PendingConfirmations], Awaitable[Any]]) -> Any:
    return await test(PendingConfirmations())


# -- the policy --------------------------------------------------------------------------------------


def test_the_documented_defaults() -> None:
    """Off, 30 seconds, reject, no lane."""
    policy = ConfirmationPolicy()
    assert (policy.enabled, policy.default_timeout_ms) == (False, 30000)
    assert (policy.timeout_action, policy.yolo_lanes) == ("reject", frozenset())


def test_all_fields_may_be_given() -> None:
    """By position or by name."""
    lanes = ["query", "execute", "control", "generate"]
    policy = ConfirmationPolicy(True, 5, "auto_approve", lanes)
    assert policy == ConfirmationPolicy(
        enabled=True, default_timeout_ms=5, timeout_action="auto_approve", yolo_lanes={*lanes},
    )  # fmt: skip
    assert policy.yolo_lanes == {*lanes}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"default_timeout_ms": 0}, "not 0"),
        ({"default_timeout_ms": True}, "not True"),
        ({"default_timeout_ms": "5"}, "not '5'"),
        ({"timeout_action": "approve"}, "not 'approve'"),
        ({"yolo_lanes": ["fast"]}, "Invalid lane 'fast'. Must be: control, query, execute, or generate"),
        ({"yolo_lanes": "query"}, "yolo_lanes must be a list of strings, not 'query'"),
    ],
)  # fmt: skip
def test_bad_values_are_named(arguments: dict[str, Any], said: str) -> None:
    """At construction."""
    with pytest.raises(InvalidArgument) as caught:
        ConfirmationPolicy(**arguments)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("lane", "tools"),
    [
        ("query", ["read", "glob", "ls", "grep", "list_files", "search", "web_fetch", "web_search"]),
        ("execute", ["bash", "write", "edit", "patch", "git", "task", "mcp__a__b", "unknown"]),
    ],
)  # fmt: skip
def test_lanes_of_tools(lane: str, tools: list[str]) -> None:
    """The table of the reference."""
    assert {lane_of(tool) for tool in tools} == {lane}


# -- open questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approved", "reason", "decision"),
    [
        (True, None, Decision("approved", None)),
        (False, "too risky", Decision("rejected", "too risky")),
    ],
)
def test_an_answer_from_another_thread(
    approved: bool, reason: str | None, decision: Decision
) -> None:
    """It arrives once; a second one finds nothing."""

    async def test(pending: PendingConfirmations) -> tuple[Decision, list[bool]]:
        waiting = pending.request("c1", "bash", {"command": "x"}, HOUR_MS)
        answers: list[bool] = []

        def person() -> None:
            answers.extend(pending.answer("c1", approved, reason) for _ in range(2))

        thread = threading.Thread(target=person)
        thread.start()
        outcome = await waiting
        await asyncio.to_thread(thread.join)
        return outcome, answers

    assert run(test) == (decision, [True, False])


def test_questions_are_listed_from_any_thread() -> None:
    """Oldest first, with the time that is left, until they are answered."""

    async def test(pending: PendingConfirmations) -> None:
        first = pending.request("c1", "bash", {"command": "x"}, HOUR_MS)
        second = pending.request("c2", "write", {}, HOUR_MS)
        listed = await asyncio.to_thread(pending.pending)
        assert [set(item) for item in listed] == [
            {"tool_id", "tool_name", "args", "remaining_ms"}
        ] * 2
        assert [item["tool_id"] for item in listed] == ["c1", "c2"]
        assert (listed[0]["tool_name"], listed[0]["args"]) == ("bash", {"command": "x"})
        assert all(type(item["remaining_ms"]) is int for item in listed)
        assert all(HOUR_MS - 60_000 < item["remaining_ms"] <= HOUR_MS for item in listed)
        assert not pending.answer("c3", True)
        assert pending.answer("c2", True)
        assert [item["tool_id"] for item in pending.pending()] == ["c1"]
        assert pending.answer("c1", False)
        assert ((await first).outcome, (await second).outcome) == ("rejected", "approved")
        assert pending.pending() == []

    run(test)


def test_nobody_answers_in_time() -> None:
    """The question is gone, a late answer too late."""

    async def test(pending: PendingConfirmations) -> tuple[Decision, bool]:
        decision = await pending.request("c1", "bash", {}, 1)
        return decision, pending.answer("c1", True)

    assert run(test) == (Decision("timeout"), False)


def test_an_answer_that_came_first_is_not_overtaken_by_the_timeout() -> None:
    """Even when the loop is busy until after the deadline."""

    async def test(pending: PendingConfirmations) -> Decision:
        waiting = pending.request("c1", "bash", {}, 1)
        expired = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, expired.set)
        assert pending.answer("c1", True)
        await expired.wait()
        return await waiting

    assert run(test) == Decision("approved")


def test_cancelling_rejects_all() -> None:
    """And says how many there were."""

    async def test(pending: PendingConfirmations) -> None:
        waiting = [pending.request(f"c{number}", "bash", {}, HOUR_MS) for number in range(3)]
        assert await asyncio.to_thread(pending.cancel_all) == 3
        assert {(await one).outcome for one in waiting} == {"rejected"}
        assert pending.cancel_all() == 0

    run(test)


def test_a_question_nobody_waits_for_is_closed() -> None:
    """A cancelled run leaves nothing behind."""

    async def test(pending: PendingConfirmations) -> None:
        async def ask() -> Decision:
            return await pending.request("c1", "bash", {}, HOUR_MS)

        task = asyncio.create_task(ask())
        while not pending.pending():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert pending.pending() == []
        assert not pending.answer("c1", True)

    run(test)


def test_two_questions_with_one_id_are_answered_in_turn() -> None:
    """Some models number their calls anew in each message."""

    async def test(pending: PendingConfirmations) -> list[str]:
        waiting = [pending.request("c1", "bash", {}, HOUR_MS) for _ in range(2)]
        assert pending.answer("c1", True)
        assert pending.answer("c1", False)
        return [(await one).outcome for one in waiting]

    assert run(test) == ["approved", "rejected"]


def test_arguments_are_a_copy() -> None:
    """What is shown is what was asked."""

    async def test(pending: PendingConfirmations) -> Any:
        args = {"command": "x"}
        waiting = pending.request("c1", "bash", args, HOUR_MS)
        args["command"] = "changed"
        listed = pending.pending()[0]["args"]
        pending.cancel_all()
        await waiting
        return listed

    assert run(test) == {"command": "x"}


def test_an_answer_after_the_loop_has_ended() -> None:
    """Nobody can take it: it counts as not pending."""
    pending = PendingConfirmations()

    async def ask() -> None:
        pending.request("c1", "bash", {}, HOUR_MS)

    asyncio.run(ask())
    assert not pending.answer("c1", True)
    assert pending.cancel_all() == 0
