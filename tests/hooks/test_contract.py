"""What handlers return and what becomes of it, with real handlers on a real loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from a3s_code.hooks.contract import Block, Continue, Retry, Skip, answer_of, message_for
from a3s_code.hooks.engine import HookEngine, HookVerdict
from a3s_code.hooks.names import BLOCKING, EVENTS
from a3s_code.hooks.registry import Handler
from tests.deadlines import DEADLINE_S

PAYLOAD = {"session_id": "s", "tool": "bash", "args": {"command": "ls"}}


def fired(engine: HookEngine, event: str = "pre_tool_use") -> HookVerdict:
    return asyncio.run(engine.fire(event, PAYLOAD))


def engine_with(*handlers: Handler, event: str = "pre_tool_use", **config: Any) -> HookEngine:
    engine = HookEngine()
    for number, handler in enumerate(handlers):
        engine.registry.register(f"h{number}", event, config=config, handler=handler)
    return engine


def answering(value: Any, seen: list[Any]) -> Handler:
    def handler(event: dict[str, Any]) -> Any:
        seen.append(event)
        return value

    return handler


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        (None, Continue()),
        ({"action": "continue"}, Continue()),
        ({"action": "block", "reason": "no"}, Block("no")),
        ({"action": "block"}, Block("Blocked by hook")),
        ({"action": "skip"}, Skip()),
        ({"action": "retry", "delay_ms": 5}, Retry(5)),
        ({"action": "retry"}, Retry(1000)),
    ],
)
def test_return_values(returned: Any, answer: object) -> None:
    assert answer_of(returned) == answer


@pytest.mark.parametrize(
    "returned",
    [
        True,
        "block",
        {},
        {"action": "modify", "args": {}},
        {"action": "retry", "delay_ms": "soon"},
        {"action": "retry", "delay_ms": float("nan")},
        {"action": "retry", "delay_ms": -1},
    ],
)
def test_anything_else_goes_on_with_a_warning(
    returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    seen: list[Any] = []
    engine = engine_with(answering(returned, seen), answering(None, seen))
    assert not fired(engine).blocked
    assert len(seen) == 2
    assert "hook 'h0' is ignored" in caplog.text


def test_a_block_stops_the_later_hooks() -> None:
    seen: list[Any] = []
    block = answering({"action": "block", "reason": "not here"}, seen)
    engine = engine_with(block, answering(None, seen))
    assert fired(engine) == HookVerdict("not here")
    assert len(seen) == 1


@pytest.mark.parametrize("returned", [None, {"action": "continue"}])
def test_the_others_are_called_in_order_of_priority(returned: Any) -> None:
    engine, called = HookEngine(), list[str]()
    for hook_id, priority in [("last", 50), ("first", 2), ("middle", 10)]:

        def handler(_event: dict[str, Any], hook_id: str = hook_id) -> Any:
            called.append(hook_id)
            return returned

        engine.registry.register(
            hook_id, "pre_tool_use", config={"priority": priority}, handler=handler
        )
    assert not fired(engine).blocked
    assert called == ["first", "middle", "last"]


def test_a_skip_leaves_out_the_later_hooks() -> None:
    seen: list[Any] = []
    engine = engine_with(answering({"action": "skip"}, seen), answering(None, seen))
    assert not fired(engine).blocked
    assert len(seen) == 1


@pytest.mark.parametrize("event", [event for event in EVENTS if event not in BLOCKING])
def test_other_events_cannot_be_blocked(event: str, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Any] = []
    block = answering({"action": "block"}, seen)
    engine = engine_with(block, answering(None, seen), event=event)
    assert not fired(engine, event).blocked
    assert len(seen) == 2
    assert "cannot block" in caplog.text


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "error", [ValueError("broken"), SystemExit(3), StopIteration(), asyncio.CancelledError()]
)
def test_a_failing_handler_blocks_where_it_can(event: str, error: BaseException) -> None:
    seen: list[Any] = []

    def broken(_event: dict[str, Any]) -> None:
        raise error

    engine = engine_with(broken, answering(None, seen), event=event)
    verdict = fired(engine, event)
    assert verdict.blocked is (event in BLOCKING)
    if verdict.reason is not None:
        assert "hook 'h0' failed" in verdict.reason
        assert type(error).__name__ in verdict.reason
    assert len(seen) == (0 if verdict.blocked else 1)


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), asyncio.CancelledError()])
def test_a_failing_coroutine_is_a_failing_handler(error: BaseException) -> None:
    async def broken(_event: dict[str, Any]) -> None:
        raise error

    reason = fired(engine_with(broken)).reason
    assert reason is not None
    assert type(error).__name__ in reason


@pytest.mark.parametrize("event", ["pre_tool_use", "on_error"])
def test_a_handler_that_takes_too_long(event: str) -> None:
    release = threading.Event()

    def slow(_event: dict[str, Any]) -> None:
        release.wait(DEADLINE_S)

    engine = engine_with(slow, event=event, timeout_ms=20, max_retries=5)
    verdict = fired(engine, event)  # the loop has ended, too: the handler holds up nothing
    assert not release.is_set()
    release.set()
    expected = "hook 'h0' failed: no answer within 20 ms" if event in BLOCKING else None
    assert verdict.reason == expected


def test_retry_calls_again_at_most_three_times() -> None:
    seen: list[Any] = []
    always = answering({"action": "retry", "delay_ms": 0}, seen)
    reason = fired(engine_with(always)).reason
    assert len(seen) == 4
    assert reason is not None
    assert "more than 3 times" in reason


def test_retry_until_there_is_an_answer() -> None:
    answers = iter([{"action": "retry", "delay_ms": 0}, {"action": "block", "reason": "now"}])
    assert fired(engine_with(lambda _event: next(answers))).reason == "now"


def test_max_retries_calls_again_after_an_exception() -> None:
    calls: list[int] = []

    def flaky(_event: dict[str, Any]) -> None:
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("not yet")

    assert not fired(engine_with(flaky, max_retries=2)).blocked
    calls.clear()
    assert fired(engine_with(flaky, max_retries=1)).blocked


def test_the_message_can_be_read_at_both_levels() -> None:
    message = message_for("pre_tool_use", PAYLOAD)
    assert message["event_type"] == "pre_tool_use"
    assert message["payload"] == PAYLOAD
    assert message["tool"] == message["payload"]["tool"] == "bash"


def test_a_handler_changes_nothing_but_its_own_copy() -> None:
    def forge(event: dict[str, Any]) -> None:
        event["payload"]["args"]["command"] = "rm -rf ."

    seen: list[Any] = []
    fired(engine_with(forge, answering(None, seen)))
    assert seen[0]["args"] == PAYLOAD["args"] == {"command": "ls"}


def test_coroutines_and_awaitables_are_awaited() -> None:
    async def block(_event: dict[str, Any]) -> Any:
        await asyncio.sleep(0)
        return {"action": "block", "reason": "awaited"}

    assert fired(engine_with(block)).reason == "awaited"
    assert fired(engine_with(lambda event: block(event))).reason == "awaited"


def test_plain_handlers_run_in_a_worker_thread() -> None:
    threads: list[threading.Thread] = []
    fired(engine_with(lambda _event: threads.append(threading.current_thread())))
    assert threads[0] is not threading.main_thread()


def test_handlers_run_one_at_a_time() -> None:
    running: list[int] = []
    most: list[int] = []

    async def handler(_event: dict[str, Any]) -> None:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        running.pop()

    engine = engine_with(handler)

    async def many() -> None:
        await asyncio.gather(*(engine.fire("pre_tool_use", PAYLOAD) for _ in range(5)))

    asyncio.run(many())
    assert most == [1] * 5


def _background(event: str) -> tuple[bool, bool]:
    """Whether `fire` came back before the handler was done, and whether that was done at last."""

    async def go() -> tuple[bool, bool]:
        gate, done = asyncio.Event(), asyncio.Event()

        async def handler(_event: dict[str, Any]) -> None:
            await gate.wait()
            done.set()

        engine = engine_with(handler, event=event, async_execution=True)
        firing = asyncio.create_task(engine.fire(event, PAYLOAD))
        if event in BLOCKING:
            gate.set()
        await asyncio.wait_for(firing, DEADLINE_S)
        before = not done.is_set()
        gate.set()
        await asyncio.wait_for(done.wait(), DEADLINE_S)
        return before, done.is_set()

    return asyncio.run(go())


def test_async_execution_is_not_waited_for() -> None:
    assert _background("on_error") == (True, True)


@pytest.mark.parametrize("event", sorted(BLOCKING))
def test_async_execution_is_ignored_where_a_hook_can_block(event: str) -> None:
    assert _background(event) == (False, True)


def test_what_a_handler_sets_off_does_not_wait_for_it() -> None:
    calls: list[bool] = []
    engine: HookEngine

    async def outer(_event: dict[str, Any]) -> None:
        calls.append(engine.is_calling)
        if len(calls) == 1:
            await engine.fire("pre_tool_use", PAYLOAD)

    engine = engine_with(outer)
    assert not engine.is_calling
    assert not fired(engine).blocked
    assert calls == [True, True]


def test_cancelling_passes_through() -> None:
    async def go() -> None:
        entered = asyncio.Event()

        async def handler(_event: dict[str, Any]) -> None:
            entered.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(engine_with(handler).fire("pre_tool_use", PAYLOAD))
        await asyncio.wait_for(entered.wait(), DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())


def test_matchers_decide_who_is_called() -> None:
    engine, seen = HookEngine(), list[Any]()
    block: Callable[[Any], Any] = answering({"action": "block"}, seen)
    engine.registry.register("reads", "pre_tool_use", {"tool": "read"}, handler=block)
    assert not fired(engine).blocked
    engine.registry.register("bash", "pre_tool_use", {"tool": "bash"}, handler=block)
    assert fired(engine).reason == "Blocked by hook"
