"""The queue itself, with real coroutines on a real loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from a3s_code import AgentEvent, ExternalTaskResult, QueueError, SessionQueueConfig
from a3s_code.events import ExternalTaskPending
from a3s_code.lanes.external import ExternalTasks
from a3s_code.lanes.handler import LaneHandler
from a3s_code.lanes.queue import LaneQueue
from a3s_code.lanes.tool_commands import run_function_in, run_tool_in, tool_named_by
from a3s_code.permissions.lanes import LANES
from a3s_code.tools.protocol import ToolOutput
from tests.deadlines import DEADLINE_S


class Bench:
    """A queue and what it tells; use it inside of a loop."""

    def __init__(self, **settings: Any) -> None:
        self.queue = LaneQueue("s", SessionQueueConfig(**settings).settings())
        self.events: list[AgentEvent] = []
        self.published = asyncio.Event()

    async def emit(self, events: list[AgentEvent]) -> None:
        self.events += events
        if any(event.event_type == "external_task_pending" for event in events):
            self.published.set()

    async def function(self, lane: str, function: Callable[[], Any]) -> Any:
        return await run_function_in(self.queue, lane, function, self.emit)

    async def tool(
        self, lane: str, work: Callable[[], Awaitable[ToolOutput]], name: str = "bash"
    ) -> ToolOutput:
        return await run_tool_in(self.queue, lane, name, {"x": 1}, work, self.emit)

    async def task(self) -> dict[str, Any]:
        """The oldest published task, as soon as there is one."""
        await asyncio.wait_for(self.published.wait(), DEADLINE_S)
        self.published.clear()
        return self.queue.tasks.pending()[0]

    def types(self) -> list[str]:
        return [event.event_type for event in self.events]


async def never() -> ToolOutput:
    raise AssertionError("it must not run here")


def told_output(text: str, exit_code: int = 0) -> Callable[[], Awaitable[ToolOutput]]:
    async def work() -> ToolOutput:
        return ToolOutput(text, exit_code)

    return work


class Crowd:
    """Coroutines that count how many run at once, and end when they may."""

    def __init__(self) -> None:
        self.running = self.most = self.begun = 0
        self.gate, self.full = asyncio.Event(), asyncio.Event()
        self.expected = 0

    async def __call__(self) -> int:
        self.running += 1
        self.begun += 1
        number = self.begun
        self.most = max(self.most, self.running)
        if self.running == self.expected:
            self.full.set()
        await self.gate.wait()
        self.running -= 1
        return number


@pytest.mark.parametrize(
    ("lane", "most"), [("control", 2), ("query", 4), ("execute", 2), ("generate", 1)]
)
def test_a_lane_has_so_many_places(lane: str, most: int) -> None:
    async def go() -> None:
        bench, crowd = Bench(), Crowd()
        crowd.expected = most
        tasks = [asyncio.create_task(bench.function(lane, crowd)) for _ in range(6)]
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        stats = bench.queue.stats()
        assert stats["lanes"][lane] == {
            "lane": lane,
            "pending": 6 - most,
            "active": most,
            "max_concurrency": most,
            "handler_mode": "internal",
        }
        assert (stats["total_pending"], stats["total_active"]) == (6 - most, most)
        assert stats["external_pending"] == 0
        assert list(stats["lanes"]) == ["control", "query", "execute", "generate"]
        crowd.gate.set()
        assert await asyncio.gather(*tasks) == [1, 2, 3, 4, 5, 6]  # first come, first served
        assert crowd.most == most
        assert bench.queue.stats()["total_active"] == 0

    asyncio.run(go())


def test_a_lane_in_which_many_wait_is_told() -> None:
    """Once when the threshold is reached, and once when none waits any more."""

    async def go() -> None:
        bench, crowd = Bench(pressure_threshold=2), Crowd()
        crowd.expected = 1
        crowd.gate.set()
        await asyncio.gather(*(bench.function("generate", crowd) for _ in range(5)))
        alerts = [event for event in bench.events if event.event_type == "queue_alert"]
        assert [(alert["level"], alert["alert_type"]) for alert in alerts] == [
            ("info", "queue.lane.pressure"),
            ("info", "queue.lane.idle"),
        ]
        assert alerts[0]["message"] == "2 commands wait in lane 'generate'"

    asyncio.run(go())


@pytest.mark.parametrize("strategy", ["standard", "aggressive", "disabled"])
def test_no_boost_lets_a_command_overtake_an_older_one(strategy: str) -> None:
    """All commands of a lane have the same time, so the oldest is the nearest to its deadline."""

    async def go() -> None:
        boost = {"strategy": strategy, "deadline_ms": 1}
        bench, crowd = Bench(priority_boost=boost), Crowd()
        crowd.expected = 1
        tasks = [asyncio.create_task(bench.function("generate", crowd)) for _ in range(5)]
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        crowd.gate.set()
        assert await asyncio.gather(*tasks) == [1, 2, 3, 4, 5]

    asyncio.run(go())


def test_lanes_do_not_wait_for_each_other() -> None:
    async def go() -> None:
        bench, crowd = Bench(), Crowd()
        crowd.expected = 9
        for lane in LANES:
            for _ in range(9):
                task = asyncio.create_task(bench.function(lane, crowd))
                task.add_done_callback(lambda done: done.result())
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        assert crowd.most == 2 + 4 + 2 + 1
        crowd.gate.set()
        while bench.queue.stats()["total_active"]:
            await asyncio.sleep(0)

    asyncio.run(go())


def test_a_cancelled_command_leaves_its_place() -> None:
    async def go() -> None:
        bench, crowd = Bench(), Crowd()
        crowd.expected = 1
        running = asyncio.create_task(bench.function("generate", crowd))
        waiting = asyncio.create_task(bench.function("generate", crowd))
        last = asyncio.create_task(bench.function("generate", crowd))
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        waiting.cancel()
        running.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        crowd.gate.set()
        assert await asyncio.wait_for(last, DEADLINE_S) == 2
        assert bench.queue.stats()["total_active"] == bench.queue.stats()["total_pending"] == 0

    asyncio.run(go())


@pytest.mark.parametrize("lane", LANES)
def test_a_command_inside_a_command_of_its_lane_does_not_wait(lane: str) -> None:
    async def go() -> None:
        bench = Bench(**{f"{lane}_concurrency": 1})

        async def inner() -> str:
            return "inner"

        async def outer() -> Any:
            return await bench.function(lane, inner)

        assert await asyncio.wait_for(bench.function(lane, outer), DEADLINE_S) == "inner"

    asyncio.run(go())


def test_values_and_exceptions_of_functions() -> None:
    async def go() -> None:
        bench = Bench()
        assert await bench.function("execute", lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await bench.function("execute", lambda: 1 // 0)

        def leave() -> None:
            raise SystemExit(3)

        with pytest.raises(RuntimeError, match="SystemExit: 3"):
            await bench.function("execute", leave)

    asyncio.run(go())


# -- time limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"default_timeout_ms": 20},
        {"lane_timeouts": {"execute": 20}},
        {"lane_timeouts": {"execute": 20}, "default_timeout_ms": 10**6},
    ],
)
def test_time_limits(settings: dict[str, Any]) -> None:
    async def go() -> None:
        bench, ended = Bench(**settings), list[bool]()

        async def endless() -> ToolOutput:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)
            raise AssertionError

        output = await bench.tool("execute", endless)
        assert output.text == "'bash' timed out after 20ms in lane 'execute'"
        assert (output.exit_code, output.fault) == (1, "timeout")
        with pytest.raises(QueueError, match="'endless' timed out after 20ms"):
            await bench.function("execute", endless)
        assert ended == [True, True]

    asyncio.run(go())


def test_a_timeout_error_of_the_function_is_its_own() -> None:
    async def go() -> None:
        async def late() -> None:
            raise TimeoutError("mine")

        with pytest.raises(TimeoutError, match="mine"):
            await Bench(default_timeout_ms=10**6).function("execute", late)

    asyncio.run(go())


# -- repeating -------------------------------------------------------------------------------------

RETRY = {"strategy": "exponential", "initial_delay_ms": 1, "max_retries": 2}


class Flaky:
    """Fails so many times."""

    def __init__(self, failures: int, fault: Any = "exception") -> None:
        self.failures, self.calls, self.fault = failures, 0, fault

    async def tool(self) -> ToolOutput:
        self.calls += 1
        if self.calls <= self.failures:
            return ToolOutput("broken", 1, fault=self.fault)
        return ToolOutput("ok")

    def function(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise ValueError("broken")
        return "ok"


def test_query_calls_and_functions_are_repeated() -> None:
    async def go() -> None:
        for lane in LANES:
            bench, flaky = Bench(retry_policy=RETRY), Flaky(2)
            assert await bench.function(lane, flaky.function) == "ok"
            assert bench.types() == ["command_retry", "command_retry"]
        bench, flaky = Bench(retry_policy=RETRY), Flaky(2)
        assert (await bench.tool("query", flaky.tool, "read")).text == "ok"
        first, second = bench.events
        assert (first.attempt, first.delay_ms, first.lane) == (2, 1, "query")
        assert (second.attempt, second.delay_ms, second.command_type) == (3, 2, "read")
        assert first.command_id == second.command_id

    asyncio.run(go())


@pytest.mark.parametrize(
    ("lane", "fault", "settings"),
    [
        ("execute", "exception", {"retry_policy": RETRY}),  # it may have had side effects
        ("query", None, {"retry_policy": RETRY}),  # it merely says that it failed
        ("query", "exception", {}),
        ("query", "exception", {"retry_policy": {"strategy": "none"}}),
    ],
)
def test_what_is_not_repeated(lane: str, fault: Any, settings: dict[str, Any]) -> None:
    async def go() -> None:
        bench, flaky = Bench(**settings), Flaky(1, fault)
        output = await bench.tool(lane, flaky.tool)
        assert (output.text, output.exit_code, flaky.calls) == ("broken", 1, 1)

    asyncio.run(go())


def test_dead_letters() -> None:
    async def go() -> None:
        bench = Bench(retry_policy=RETRY, enable_dlq=True, dlq_max_size=2)
        assert (await bench.tool("query", Flaky(9).tool, "read")).text == "broken"
        (event,) = (e for e in bench.events if e.event_type == "command_dead_lettered")
        (letter,) = bench.queue.dead_letters()
        assert {**letter, "failed_at": ""} == {
            "command_id": event.command_id,
            "command_type": "read",
            "lane": "query",
            "error": "broken",
            "attempts": 3,
            "failed_at": "",
        }
        assert (event.error, event.attempts, event.lane) == ("broken", 3, "query")
        await bench.tool("execute", told_output("exit 1", 1))  # no failure of the queue's
        assert len(bench.queue.dead_letters()) == 1
        for _ in range(3):
            with pytest.raises(ValueError, match="broken"):
                await bench.function("execute", Flaky(9).function)
        kinds = [letter["command_type"] for letter in bench.queue.dead_letters()]
        assert kinds == ["function", "function"]

    asyncio.run(go())


def test_dead_letters_are_kept_in_the_folder_of_the_setting(tmp_path: Path) -> None:
    async def go() -> None:
        bench = Bench(enable_dlq=True, storage_path=tmp_path / "queue")
        await bench.tool("query", Flaky(9).tool, "read")
        (file,) = (tmp_path / "queue").iterdir()
        assert json.loads(file.read_text(encoding="utf-8")) == bench.queue.dead_letters()

    asyncio.run(go())


def test_a_lane_may_be_worked_for_by_others_from_the_beginning() -> None:
    async def go() -> None:
        bench = Bench(lane_handlers={"execute": {"mode": "external"}})
        call = asyncio.create_task(bench.tool("execute", never))
        task = await bench.task()
        assert task["timeout_ms"] == 60_000
        bench.queue.tasks.complete(task["task_id"], ExternalTaskResult(True, "elsewhere"))
        assert (await call).text == "elsewhere"

    asyncio.run(go())


def test_every_task_has_an_id_of_its_own() -> None:
    async def go() -> None:
        bench = Bench()
        bench.queue.set_handler("query", LaneHandler("external", 60_000))
        calls = [asyncio.create_task(bench.tool("query", never, "read")) for _ in range(4)]
        while len(bench.queue.tasks.pending()) < 4:
            await asyncio.sleep(0)
        ids = [task["task_id"] for task in bench.queue.tasks.pending()]
        assert len(set(ids)) == 4
        for number, task_id in enumerate(ids):
            bench.queue.tasks.complete(task_id, ExternalTaskResult(True, str(number)))
        assert [(await call).text for call in calls] == ["0", "1", "2", "3"]

    asyncio.run(go())


def test_no_task_has_less_than_no_time_left() -> None:
    """Also when the loop was too busy to withdraw it."""

    async def go() -> None:
        tasks = ExternalTasks()
        tasks.publish(
            ExternalTaskPending(
                task_id="t", session_id="s", lane="query", command_type="read", payload={},
                timeout_ms=1,
            )
        )  # fmt: skip
        await asyncio.sleep(0.01)
        (task,) = tasks.pending()
        assert (task["timeout_ms"], task["remaining_ms"]) == (1, 0)

    asyncio.run(go())


def test_without_a_dead_letter_queue_nothing_is_kept() -> None:
    async def go() -> None:
        bench = Bench()
        await bench.tool("query", Flaky(9).tool)
        assert (bench.queue.dead_letters(), bench.events) == ([], [])

    asyncio.run(go())


def test_metrics() -> None:
    async def go() -> None:
        assert Bench().queue.metrics() is None
        bench = Bench(enable_metrics=True, retry_policy=RETRY, lane_timeouts={"execute": 10})
        await bench.tool("query", Flaky(1).tool)
        await bench.tool("execute", asyncio.Event().wait)  # type: ignore[arg-type]
        figures = bench.queue.metrics()
        assert figures is not None
        assert figures["counters"] == {
            "queue.query.submitted": 1,
            "queue.query.retried": 1,
            "queue.query.completed": 1,
            "queue.execute.submitted": 1,
            "queue.execute.timed_out": 1,
            "queue.execute.failed": 1,
        }
        assert figures["gauges"]["queue.query.active"] == 0
        assert figures["histograms"]["queue.query.run_ms"]["count"] == 2

    asyncio.run(go())


@pytest.mark.parametrize("settings", [{}, {"enable_alerts": True}], ids=["off", "on"])
def test_alerts_of_a_crowded_lane(settings: dict[str, Any]) -> None:
    """Without the setting only its pressure is told."""

    async def go() -> None:
        bench, crowd = Bench(pressure_threshold=3, **settings), Crowd()
        crowd.expected = 1
        tasks = [asyncio.create_task(bench.function("generate", crowd)) for _ in range(52)]
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        crowd.gate.set()
        await asyncio.gather(*tasks)
        told = [(event.level, event.alert_type) for event in bench.events]
        assert told == [
            ("info", "queue.lane.pressure"),
            *([("warning", "queue_depth")] if settings else []),
            ("info", "queue.lane.idle"),
        ]

    asyncio.run(go())


def test_a_rate_holds_commands_back() -> None:
    async def go() -> None:
        bench = Bench(rate_limit={"limit_type": "per_hour", "max_operations": 2})
        await bench.function("query", lambda: 1)
        await bench.function("execute", lambda: 1)
        held = asyncio.create_task(bench.function("query", lambda: 1))
        while bench.queue.stats()["total_pending"] == 0:
            await asyncio.sleep(0)
        assert bench.queue.stats()["total_active"] == 0
        bench.queue.close()
        with pytest.raises(QueueError, match="Session queue is shutting down"):
            await held

    asyncio.run(go())


# -- lanes that others work for --------------------------------------------------------------------


def external(bench: Bench, timeout_ms: int = 60_000, mode: str = "external") -> None:
    bench.queue.set_handler("execute", LaneHandler(mode, timeout_ms))


@pytest.mark.parametrize(
    ("result", "text", "exit_code"),
    [
        ({"output": "ok", "exit_code": 0}, "ok", 0),
        ({"output": "no", "exit_code": 3}, "no", 3),
        ({"output": "ok"}, "ok", 0),
        ({"a": [1, "ü"]}, '{"a": [1, "ü"]}', 0),
        ([1, 2], "[1, 2]", 0),
        (5, "5", 0),
        ("text", "text", 0),
        (None, "", 0),
    ],
)
def test_an_external_success(result: Any, text: str, exit_code: int) -> None:
    async def go() -> None:
        bench = Bench()
        external(bench, 30_000)
        call = asyncio.create_task(bench.tool("execute", never))
        task = await bench.task()
        assert bench.queue.stats()["external_pending"] == 1
        assert bench.queue.stats()["lanes"]["execute"]["handler_mode"] == "external"
        assert 0 < task.pop("remaining_ms") <= 30_000
        task_id = task.pop("task_id")
        assert isinstance(task_id, str)
        assert task == {
            "session_id": "s",
            "lane": "execute",
            "command_type": "bash",
            "payload": {"x": 1},
            "timeout_ms": 30_000,
        }
        assert bench.queue.tasks.complete(task_id, ExternalTaskResult(True, result)) is True
        assert bench.queue.tasks.complete(task_id, ExternalTaskResult()) is False
        output = await call
        assert (output.text, output.exit_code) == (text, exit_code)
        pending, completed = bench.events
        assert (pending.event_type, pending.task_id) == ("external_task_pending", task_id)
        assert (pending.payload, pending.command_type) == ({"x": 1}, "bash")
        assert (completed.event_type, completed.task_id) == ("external_task_completed", task_id)
        assert (completed.session_id, completed.success) == ("s", True)
        assert bench.queue.tasks.pending() == []

    asyncio.run(go())


def test_a_worker_may_be_done_before_the_call_waits_for_it() -> None:
    """It hears of the task a moment before, and may be quick."""

    async def go() -> None:
        bench = Bench()
        external(bench)

        async def at_once(events: list[AgentEvent]) -> None:
            for event in events:
                if event.event_type == "external_task_pending":
                    done = ExternalTaskResult(True, "quick")
                    assert bench.queue.tasks.complete(event.task_id, done)
            await bench.emit(events)

        output = await run_tool_in(bench.queue, "execute", "bash", {}, never, at_once)
        assert (output.text, output.exit_code) == ("quick", 0)
        assert bench.types() == ["external_task_pending", "external_task_completed"]

    asyncio.run(go())


@pytest.mark.parametrize("error", [None, "the worker is ill"])
def test_an_external_failure(error: str | None) -> None:
    async def go() -> None:
        bench = Bench()
        external(bench)
        for run in (bench.tool, bench.function):
            call: asyncio.Task[Any] = asyncio.create_task(run("execute", never))
            task_id = (await bench.task())["task_id"]
            bench.queue.tasks.complete(task_id, ExternalTaskResult(False, None, error))
            await asyncio.wait([call])
            text = error or "External task failed"
            if call.exception() is None:
                assert call.result() == ToolOutput(text, 1)
            else:
                assert str(call.exception()) == text
        assert [e.success for e in bench.events if e.event_type.endswith("completed")] == [
            False
        ] * 2

    asyncio.run(go())


def test_an_external_task_that_nobody_does() -> None:
    async def go() -> None:
        bench = Bench()
        external(bench, 20)
        output = await bench.tool("execute", never)
        assert output.text == "External task 'bash' timed out after 20ms"
        assert (output.exit_code, output.fault) == (1, "timeout")
        task_id = bench.events[0].task_id
        assert bench.queue.tasks.complete(task_id, ExternalTaskResult()) is False
        assert bench.queue.tasks.pending() == []
        assert bench.events[-1].success is False

    asyncio.run(go())


def test_a_cancelled_external_call_is_withdrawn() -> None:
    async def go() -> None:
        bench = Bench()
        external(bench)
        call = asyncio.create_task(bench.tool("execute", never))
        task_id = (await bench.task())["task_id"]
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()
        assert bench.queue.tasks.complete(task_id, ExternalTaskResult()) is False

    asyncio.run(go())


def test_the_end_of_the_queue() -> None:
    async def go() -> None:
        bench, text = Bench(enable_dlq=True, retry_policy=RETRY), "Session queue is shutting down"
        external(bench)
        call = asyncio.create_task(bench.tool("execute", never))
        function = asyncio.create_task(bench.function("execute", never))
        await bench.task()
        bench.queue.close()
        assert await call == ToolOutput(text, 1)
        with pytest.raises(QueueError, match=text):
            await function
        with pytest.raises(QueueError, match=text):
            await bench.function("query", lambda: 1)
        assert bench.queue.dead_letters() == []

    asyncio.run(go())


def test_hybrid_runs_here_and_tells() -> None:
    async def go() -> None:
        bench, gate = Bench(), asyncio.Event()
        external(bench, mode="hybrid")

        async def work() -> ToolOutput:
            await gate.wait()
            return ToolOutput("local")

        call = asyncio.create_task(bench.tool("execute", work))
        task_id = (await bench.task())["task_id"]
        other = ExternalTaskResult(True, {"output": "remote", "exit_code": 0})
        assert bench.queue.tasks.complete(task_id, other) is True
        gate.set()
        assert (await call).text == "local"
        assert bench.types() == ["external_task_pending", "external_task_completed"]
        await bench.tool("execute", Flaky(9).tool)
        assert bench.events[-1].success is False
        assert bench.queue.tasks.pending() == []

    asyncio.run(go())


def test_commands_that_wait_keep_their_mode() -> None:
    async def go() -> None:
        bench, crowd = Bench(execute_concurrency=1), Crowd()
        crowd.expected = 1
        first = asyncio.create_task(bench.function("execute", crowd))
        await asyncio.wait_for(crowd.full.wait(), DEADLINE_S)
        second = asyncio.create_task(bench.tool("execute", told_output("local")))
        while bench.queue.stats()["total_pending"] == 0:
            await asyncio.sleep(0)
        external(bench)
        crowd.gate.set()
        assert (await second).text == "local"
        assert await first == 1

    asyncio.run(go())


# -- forms of arguments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lane", "given", "tool"),
    [
        ("execute", {"tool": "ls", "args": {"path": "."}}, ("ls", {"path": "."})),
        ("execute", {"tool": "ls"}, ("ls", {})),
        ("execute", {"command": "true"}, ("bash", {"command": "true"})),
        ("query", {"file_path": "a"}, ("read", {"file_path": "a"})),
        ("query", {"path": "a"}, ("read", {"path": "a"})),
    ],
)
def test_submitted_dicts(lane: str, given: dict[str, Any], tool: tuple[str, Any]) -> None:
    assert tool_named_by(lane, given) == tool


@pytest.mark.parametrize(
    ("lane", "given"),
    [
        ("execute", {"path": "a"}),
        ("query", {"pattern": "a"}),
        ("query", {}),
        ("query", 5),
        ("query", {"tool": 5}),
        ("query", {"tool": "ls", "args": 5}),
        ("query", {"tool": "ls", "arguments": {}}),
    ],
)
def test_dicts_that_name_no_tool(lane: str, given: Any) -> None:
    with pytest.raises(ValueError, match=r"submit|tool"):
        tool_named_by(lane, given)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("yes", None, None), "success must be True or False"),
        ((True, object(), None), "JSON"),
        ((True, None, 5), "error must be a string"),
        (({"ok": True}, None, None), "no 'ok'"),
    ],
)
def test_results_that_are_refused(arguments: tuple[Any, Any, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ExternalTaskResult.of(*arguments)
