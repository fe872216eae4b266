"""The queue of a session that talks to the scripted model."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    A3SError,
    ExternalTaskResult,
    PermissionPolicy,
    QueueError,
    Session,
    SessionBusy,
    SessionClosed,
    SessionQueueConfig,
    Skill,
    ToolResult,
)
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, calls_raw, says, turn, wait
from tests.session.callers import Answer, Caller, by_send, by_stream
from tests.session.conftest import NewSession


@pytest.fixture
def queued(new_session: NewSession) -> Callable[..., Session]:
    """Makes sessions with a queue of these settings; other options in `options`."""

    def make(
        kind: str = "openai", options: dict[str, Any] | None = None, **settings: Any
    ) -> Session:
        return new_session(kind, queue_config=SessionQueueConfig(**settings), **(options or {}))

    return make


def ends(answer: Answer) -> list[tuple[str, str, int]]:
    return [
        (event.tool_id, event.tool_output, event.exit_code)
        for event in answer.events
        if event.event_type == "tool_end"
    ]


@contextmanager
def thread(target: Callable[[], object]) -> Iterator[list[Any]]:
    """Runs something beside the test; what it returned or raised is in the list afterwards."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(target())
        except Exception as error:  # noqa: BLE001  # the test looks at it
            outcome.append(error)

    running = threading.Thread(target=run, daemon=True)
    running.start()
    yield outcome
    running.join(DEADLINE_S)
    assert not running.is_alive()


def until_pending(session: Session) -> dict[str, Any]:
    """The first task that is published."""
    limit = threading.Event()
    for _ in range(int(DEADLINE_S / 0.01)):
        if tasks := session.pending_external_tasks():
            return tasks[0]
        limit.wait(0.01)  # the documented way is polling
    raise AssertionError("no task was published")


# -- with and without ------------------------------------------------------------------------------


def test_without_a_queue(new_session: NewSession) -> None:
    session = new_session()
    assert session.has_queue() is False
    assert session.pending_external_tasks() == session.dead_letters() == []
    assert session.queue_metrics() is None
    assert session.queue_stats() == {
        "total_pending": 0,
        "total_active": 0,
        "external_pending": 0,
        "lanes": {},
    }
    for call in (
        lambda: session.submit("query", lambda: 1),
        lambda: session.submit_batch("query", []),
        lambda: session.set_lane_handler("query", "internal"),
        lambda: session.complete_external_task("x"),
    ):
        with pytest.raises(RuntimeError, match="no queue"):
            call()


def test_with_a_queue(new_session: NewSession) -> None:
    session = new_session(queue_config={"query_concurrency": 3, "enable_metrics": True})
    assert session.has_queue() is True
    stats = session.queue_stats()
    limits = {lane: told["max_concurrency"] for lane, told in stats["lanes"].items()}
    assert limits == {"control": 2, "query": 3, "execute": 2, "generate": 1}
    assert set(session.queue_metrics() or ()) == {"counters", "gauges", "histograms"}


def test_the_block_of_the_configuration_gives_starting_values(new_session: NewSession) -> None:
    block = "queue {\n query_max_concurrency = 9\n execute_max_concurrency = 8\n}"
    assert new_session(top=block).has_queue() is False
    session = new_session(top=block, queue_config=SessionQueueConfig(execute_concurrency=3))
    lanes = session.queue_stats()["lanes"]
    assert lanes["query"]["max_concurrency"] == 9
    assert lanes["execute"]["max_concurrency"] == 3


def test_the_block_reaches_the_running_queue(new_session: NewSession, tmp_path: Path) -> None:
    """Repeats, a folder for dead letters, and a rate: three starts, then the rest waits."""
    block = f"""queue {{
        enable_dlq     = true
        enable_metrics = true
        storage_path   = "{(tmp_path / "kept").as_posix()}"
        retry_policy {{ strategy = "fixed" fixed_delay_ms = 1 max_retries = 1 }}
        rate_limit {{ limit_type = "per_hour" max_operations = 3 }}
    }}"""
    session = new_session(top=block, queue_config={}, session_id="s")
    with pytest.raises(ZeroDivisionError):
        session.submit("query", lambda: 1 // 0)
    (letter,) = session.dead_letters()
    assert letter["attempts"] == 2
    file = tmp_path / "kept" / "s.dead_letters.json"
    assert json.loads(file.read_text(encoding="utf-8")) == [letter]
    assert session.submit("execute", lambda: 1) == 1
    with thread(lambda: session.submit("query", lambda: 1)) as outcome:
        limit = threading.Event()
        for _ in range(int(DEADLINE_S / 0.01)):
            if session.queue_stats()["total_pending"]:
                break
            limit.wait(0.01)  # the documented way is polling
        assert session.queue_stats()["total_active"] == 0
        assert (session.queue_metrics() or {})["counters"]["queue.query.submitted"] == 2
        session.close()
    assert str(outcome[0]) == "Session queue is shutting down"


def test_the_time_limits_of_the_block(new_session: NewSession) -> None:
    """Those of a lane before the common one."""
    block = "queue {\n default_timeout_ms = 21\n lane_timeouts {\n query = 22\n }\n}"
    session = new_session(top=block, queue_config={})
    for lane, limit_ms in (("execute", 21), ("query", 22)):
        with pytest.raises(QueueError, match=f"timed out after {limit_ms}ms in lane '{lane}'"):
            session.submit(lane, asyncio.Event().wait)


def test_a_queue_config_of_another_kind_is_refused(new_session: NewSession) -> None:
    with pytest.raises(ValueError, match="queue_config must be a SessionQueueConfig"):
        new_session(queue_config=5)


@pytest.mark.parametrize("lane", ["Query", "fast", "", None])
def test_invalid_lanes_and_modes(queued: Callable[..., Session], lane: Any) -> None:
    session = queued()
    text = f"Invalid lane '{lane}'. Must be: control, query, execute, or generate"
    for call in (
        lambda: session.submit(lane, lambda: 1),
        lambda: session.submit_batch(lane, []),
        lambda: session.set_lane_handler(lane, "internal"),
    ):
        with pytest.raises(ValueError, match="Invalid lane") as raised:
            call()
        assert str(raised.value) == text
    with pytest.raises(ValueError, match="Invalid handler mode") as raised:
        session.set_lane_handler("query", "remote")
    assert str(raised.value) == (
        "Invalid handler mode 'remote'. Must be: internal, external, or hybrid"
    )


# -- a model's calls -------------------------------------------------------------------------------


def test_query_calls_of_a_turn_run_together(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path, kind: str
) -> None:
    """Four at once, their results in the order of the calls, whatever ends first."""
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    read = [calls("read", id=f"c{number}", file_path="a.txt") for number in range(5)]
    model_server.script(turn(*read), says("Read."))
    session = queued(kind)
    session.set_lane_handler("query", "external")
    order: list[str] = []
    answer = []
    for event in session.stream("read them"):
        answer.append(event)
        tasks = session.pending_external_tasks()
        if event.event_type == "external_task_pending" and (len(tasks) == 4 or order):
            assert len(tasks) <= 4
            for task in reversed(tasks):
                order.append(task["task_id"])
                output = {"output": f"by {len(order)}", "exit_code": 0}
                session.complete_external_task(task["task_id"], True, output)
    outputs = [(e.tool_id, e.tool_output) for e in answer if e.event_type == "tool_end"]
    assert outputs == [
        ("c0", "by 4"),
        ("c1", "by 3"),
        ("c2", "by 2"),
        ("c3", "by 1"),
        ("c4", "by 5"),
    ]
    results = [message["content"][0] for message in session.history()[2:7]]
    assert [(result["tool_use_id"], result["content"]) for result in results] == outputs


def test_a_read_after_a_write_sees_it(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path, ask: Caller
) -> None:
    (tmp_path / "a.txt").write_text("one\n", encoding="utf-8")
    model_server.script(
        turn(
            calls("read", id="a", file_path="a.txt"),
            calls("bash", id="b", command="echo two > a.txt"),
            calls("read", id="c", file_path="a.txt"),
            calls("bash", id="d", command="echo three > a.txt"),
            calls("read", id="e", file_path="a.txt"),
        ),
        says("Done."),
    )
    assert ask(queued(), "go").text == "Done."
    results = [m["content"] for m in model_server.requests[1]["messages"] if m["role"] == "tool"]
    assert ["one" in results[0], "two" in results[2], "three" in results[4]] == [True] * 3


def test_other_calls_of_a_turn_run_one_after_the_other(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    """In the order of the model, however many places their lane has."""
    commands = ["one", "two", "three"]
    model_server.script(
        turn(*(calls("bash", id=name, command=name) for name in commands)), says("Done.")
    )
    session = queued(execute_concurrency=4)
    session.set_lane_handler("execute", "external")
    told = []
    for event in session.stream("go"):
        if event.event_type.startswith("external_task"):
            told.append(event.event_type.removeprefix("external_task_"))
        if event.event_type == "external_task_pending":
            told.append(event.payload["command"])
            assert len(session.pending_external_tasks()) == 1
            session.complete_external_task(event.task_id)
    assert told == [each for name in commands for each in ("pending", name, "completed")]


def test_a_failing_call_does_not_cancel_the_others(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    model_server.script(
        turn(calls("read", id="x", file_path="none"), calls("read", id="y", file_path="a.txt")),
        says("Done."),
    )
    answer = by_stream(queued(), "go")
    assert [(tool_id, code) for tool_id, _, code in ends(answer)] == [("x", 1), ("y", 0)]


def test_checks_come_before_the_queue(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path
) -> None:
    outside = str(tmp_path.parent / "secret")
    model_server.script(
        turn(
            calls("bash", id="denied", command="rm x"),
            calls("bash", id="hooked", command="git push"),
            calls("write", id="outside", file_path=outside, content="x"),
            calls("write", id="malformed"),
            calls("nothing", id="unknown"),
            calls("edit", id="unskilled", file_path="a", old_string="a", new_string="b"),
            calls("bash", id="asked", command="make"),
            calls_raw("bash", '{"command": ', id="unread"),
        ),
        says("No."),
    )
    policy = PermissionPolicy(deny=["bash(rm:*)"], ask=["bash(make:*)"], default_decision="allow")
    options = {
        "permissive": False,
        "permission_policy": policy,
        "confirmation_manager": lambda _tool, _args: False,
        "inline_skills": [Skill("narrow", allowed_tools="bash, write, nothing", content="x")],
    }
    session = queued(options=options)
    session.register_hook(
        "h", "pre_tool_use", {"command_pattern": "push"}, None, lambda _event: {"action": "block"}
    )
    session.set_lane_handler("execute", "external", 20)
    answer = by_stream(session, "go")
    assert "external_task_pending" not in answer.types()
    texts = {tool_id: text for tool_id, text, _ in ends(answer)}
    assert "blocked by permission policy" in texts["denied"]
    assert "blocked by hook" in texts["hooked"]
    assert "escapes workspace" in texts["outside"]
    assert "parameter is required" in texts["malformed"]
    assert "Unknown tool: nothing" in texts["unknown"]
    assert "not permitted by any loaded skill" in texts["unskilled"]
    assert "rejected by user" in texts["asked"]
    assert texts["unread"].startswith("Error: ")


def test_the_documented_loop_with_an_external_lane(
    model_server: ModelServer, queued: Callable[..., Session], kind: str
) -> None:
    model_server.script(calls("bash", id="c", command="pytest"), says("All green."))
    session = queued(kind)
    session.set_lane_handler("execute", "external", 30000)
    seen = []
    for event in session.stream("run the tests"):
        seen.append(event.event_type)
        if event.event_type == "external_task_pending":
            assert event.session_id == session.session_id
            assert (event.lane, event.command_type) == ("execute", "bash")
            assert event["payload"] == {"command": "pytest"}
            assert event.timeout_ms == 30000
            done = {"output": "ok", "exit_code": 0}
            assert session.complete_external_task(event.task_id, True, done)
    at = seen.index("external_task_pending")
    assert seen[at : at + 3] == ["external_task_pending", "external_task_completed", "tool_end"]
    assert "ok" in str(model_server.requests[1]["messages"][-1])


@pytest.mark.parametrize(
    "told",
    [
        ({"success": True, "result": {"output": "ok", "exit_code": 0}},),
        (ExternalTaskResult(True, {"output": "ok", "exit_code": 0}),),
        (True, {"output": "ok", "exit_code": 0}, None),
    ],
)
def test_send_with_a_poller_in_another_thread(
    model_server: ModelServer, queued: Callable[..., Session], told: tuple[Any, ...]
) -> None:
    model_server.script(calls("bash", command="pytest"), says("All green."))
    session = queued()
    session.set_lane_handler("execute", {"mode": "external", "timeout_ms": 30000})
    with thread(lambda: session.send("run the tests")) as outcome:
        task = until_pending(session)
        assert task["timeout_ms"] == 30000
        assert session.complete_external_task(task["task_id"], *told) is True
        assert session.complete_external_task(task["task_id"], *told) is False
    assert outcome[0].text == "All green."


def test_a_failure_and_what_is_left_out(queued: Callable[..., Session]) -> None:
    """A lane runs here again unless another mode is named, and a task is done unless it failed."""
    session = queued()
    session.set_lane_handler("execute", "external")
    with thread(lambda: session.submit("execute", {"command": "make"})) as outcome:
        task = until_pending(session)
        assert (task["timeout_ms"], task["session_id"]) == (60_000, session.session_id)
        assert session.complete_external_task(task["task_id"], False, None, "no make there")
    assert (outcome[0].output, outcome[0].exit_code) == ("no make there", 1)
    with thread(lambda: session.submit("execute", {"command": "make"})) as outcome:
        assert session.complete_external_task(until_pending(session)["task_id"])
    assert (outcome[0].output, outcome[0].exit_code) == ("", 0)
    session.set_lane_handler("execute")
    assert session.submit("execute", {"command": "echo here"}).output == "here\n"


def test_a_result_that_is_no_json_leaves_the_task_open(queued: Callable[..., Session]) -> None:
    session = queued()
    session.set_lane_handler("query", "external")
    with thread(lambda: session.submit("query", lambda: 1)) as outcome:
        task_id = until_pending(session)["task_id"]
        with pytest.raises(ValueError, match="JSON"):
            session.complete_external_task(task_id, True, object())
        assert session.complete_external_task(task_id, True, [7])
    assert outcome == [[7]]
    assert session.complete_external_task("unknown") is False


def test_cancel_withdraws_the_task(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(calls("bash", id="c", command="pytest"))
    session = queued()
    session.set_lane_handler("execute", "external")
    events = []
    for event in session.stream("run the tests"):
        events.append(event)
        if event.event_type == "external_task_pending":
            assert session.cancel()
    assert events[-1].cancelled
    assert session.pending_external_tasks() == []
    assert session.complete_external_task(events[-1].get("task_id", "x")) is False
    assert session.history()[-1]["content"][0]["type"] == "tool_result"


def test_closing_ends_what_waits_for_others(queued: Callable[..., Session]) -> None:
    session = queued()
    session.set_lane_handler("execute", "external")
    with thread(lambda: session.submit("execute", lambda: 1)) as outcome:
        until_pending(session)
        session.close()
    assert isinstance(outcome[0], QueueError)
    assert str(outcome[0]) == "Session queue is shutting down"
    with pytest.raises(SessionClosed):
        session.submit("execute", lambda: 1)


def test_a_time_limit_ends_the_process(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path
) -> None:
    model_server.script(calls("bash", id="c", command="sleep 60; touch made"), says("Too late."))
    session = queued(default_timeout_ms=200, enable_dlq=True)
    seen: list[Any] = []
    session.register_hook("h", "on_error", lambda event: seen.append(event["error_type"]))
    answer = by_stream(session, "go")
    assert ends(answer) == [("c", "'bash' timed out after 200ms in lane 'execute'", 1)]
    assert "command_dead_lettered" in answer.types()
    assert session.dead_letters()[0]["command_type"] == "bash"
    assert seen == ["timeout"]
    assert not (tmp_path / "made").exists()


def test_the_children_of_a_call_do_not_wait_for_it(
    model_server: ModelServer, queued: Callable[..., Session], tmp_path: Path
) -> None:
    """The call holds the one place of its lane while its child runs a command of the same lane."""
    model_server.script(
        calls("task", agent="general", description="d", prompt="make it"),
        calls("bash", command="touch made"),
        says("Made."),
        says("Done."),
    )
    session = queued(execute_concurrency=1)
    assert by_send(session, "go").text == "Done."
    assert (tmp_path / "made").exists()


def test_the_calls_of_children_are_published_too(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(
        calls("task", agent="general", description="d", prompt="read it"),
        calls("read", file_path="a.txt"),
        says("It says hi."),
        says("Done."),
    )
    session = queued()
    session.set_lane_handler("query", "external")
    for event in session.stream("go"):
        if event.event_type == "external_task_pending":
            session.complete_external_task(event.task_id, True, "hi from elsewhere")
    assert "hi from elsewhere" in str(model_server.requests[2])


def test_a_model_call_has_a_place_in_its_lane(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(says("One ", wait(), "two."))
    session = queued()
    for event in session.stream("go"):
        if event.event_type == "text_delta" and event.text == "One ":
            assert session.queue_stats()["lanes"]["generate"]["active"] == 1
            model_server.release()
    assert session.queue_stats()["total_active"] == 0


def test_output_from_outside_is_redacted(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(calls("bash", command="whoami"), says("Done."))
    session = queued(options={"default_security": True})
    session.set_lane_handler("execute", "external")
    for event in session.stream("go"):
        if event.event_type == "external_task_pending":
            session.complete_external_task(event.task_id, True, "ana@example.org")
    assert "ana@example.org" not in str(model_server.requests[1])


def test_direct_calls_pass_the_queue_by(queued: Callable[..., Session]) -> None:
    session = queued()
    session.set_lane_handler("execute", "external", 1)
    assert session.bash("echo hi") == "hi\n"


# -- submitted work --------------------------------------------------------------------------------


def test_submitted_callables(queued: Callable[..., Session]) -> None:
    session = queued()

    async def coroutine() -> str:
        return "awaited"

    assert session.submit("control", lambda: 7) == 7
    assert session.submit("generate", coroutine) == "awaited"
    with pytest.raises(ZeroDivisionError):
        session.submit("query", lambda: 1 // 0)


def test_a_submitted_callable_may_submit(queued: Callable[..., Session]) -> None:
    session = queued(execute_concurrency=1)
    value = session.submit("execute", lambda: session.submit("execute", lambda: 7) + 1)
    assert value == 8


def test_submitted_tools(queued: Callable[..., Session], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    policy = PermissionPolicy(deny=["bash(rm:*)"])
    session = queued(options={"permission_policy": policy})
    named = session.submit("execute", {"tool": "bash", "args": {"command": "exit 3"}})
    assert isinstance(named, ToolResult)
    assert (named.name, named.exit_code) == ("bash", 3)
    assert session.submit("execute", {"command": "echo hi"}).output == "hi\n"
    assert "alpha" in session.submit("query", {"path": "a.txt"}).output
    refused = session.submit("execute", {"command": "rm a.txt"})
    assert "Permission denied" in refused.output
    session.set_lane_handler("execute", "external")
    assert "Permission denied" in session.submit("execute", {"command": "rm a.txt"}).output
    with pytest.raises(ValueError, match="which tool"):
        session.submit("execute", {"path": "a.txt"})


def test_a_batch_in_the_query_lane_runs_together(queued: Callable[..., Session]) -> None:
    barrier = threading.Barrier(4)
    met = [lambda number=number: (barrier.wait(DEADLINE_S), number)[1] for number in range(8)]
    assert queued().submit_batch("query", met) == list(range(8))


def test_as_many_run_together_as_the_setting_says(queued: Callable[..., Session]) -> None:
    """Also when each of them waits for another one: threads are not what is scarce."""
    session, barrier = queued(query_concurrency=40), threading.Barrier(40)

    def meet() -> int:
        barrier.wait(DEADLINE_S)
        return int(session.submit("execute", lambda: 1))

    assert session.submit_batch("query", [meet] * 40) == [1] * 40


@pytest.mark.parametrize("lane", ["control", "execute", "generate"])
def test_a_batch_in_another_lane_runs_one_by_one(queued: Callable[..., Session], lane: str) -> None:
    running, most, order = list[int](), list[int](), list[int]()

    def work(number: int) -> int:
        running.append(number)
        most.append(len(running))
        order.append(number)
        running.pop()
        return number

    session = queued(**{f"{lane}_concurrency": 4})
    batch = [lambda number=number: work(number) for number in range(5)]
    assert session.submit_batch(lane, batch) == [0, 1, 2, 3, 4]
    assert (order, most) == ([0, 1, 2, 3, 4], [1] * 5)


def test_a_batch_that_fails(queued: Callable[..., Session]) -> None:
    session, done = queued(), list[str]()
    batch = [lambda: 1 // 0, lambda: done.append("second")]
    with pytest.raises(ZeroDivisionError):
        session.submit_batch("execute", batch)
    assert done == []
    with pytest.raises(ZeroDivisionError):
        session.submit_batch("query", batch)
    assert done == ["second"]
    with pytest.raises(ValueError, match="which tool"):
        session.submit_batch("query", [*batch, {}])
    assert done == ["second"]  # nothing is begun


def test_what_submitted_work_does_is_seen_in_the_stream(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(says("One ", wait(), "two."))
    session = queued(enable_dlq=True)
    types = []
    for event in session.stream("go"):
        types.append(event.event_type)
        if event.event_type == "text_delta" and event.text == "One ":
            with pytest.raises(ZeroDivisionError):
                session.submit("query", lambda: 1 // 0)
            model_server.release()
    assert types.count("command_dead_lettered") == 1


def test_submitted_work_cannot_take_the_place_of_a_run(
    model_server: ModelServer, queued: Callable[..., Session]
) -> None:
    model_server.script(says("One ", wait(), "two."))
    session = queued()
    for event in session.stream("go"):
        if event.event_type == "text_delta" and event.text == "One ":
            with pytest.raises(SessionBusy):
                session.submit("query", lambda: session.send("more"))
            model_server.release()


def test_errors_are_of_the_library(queued: Callable[..., Session]) -> None:
    session = queued(lane_timeouts={"query": 20})
    release = threading.Event()
    try:
        with pytest.raises(A3SError, match="timed out after 20ms in lane 'query'"):
            session.submit("query", lambda: release.wait(DEADLINE_S))
    finally:
        release.set()
