"""A planned request from its first event to its last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from a3s_code.errors import ModelError
from a3s_code.events import event_from_dict
from a3s_code.messages import Attachment, Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.planning.driver import (
    MAX_PARALLEL_STEPS,
    GoalWatch,
    PlanDriver,
    PlanResult,
    opening,
)
from a3s_code.planning.waves import StepCall, StepOutcome
from tests.deadlines import DEADLINE_S
from tests.planning.host import ScriptedHost, answered

DIAMOND = json.dumps(
    {
        "goal": "ship it",
        "complexity": "Medium",
        "required_tools": ["bash"],
        "steps": [
            {"id": "a", "content": "do a"},
            {"id": "b", "content": "do b", "dependencies": ["a"]},
            {"id": "c", "content": "do c", "dependencies": ["a"]},
            {"id": "d", "content": "do d", "dependencies": ["b", "c"]},
        ],
    }
)
SINGLE = '{"steps": [{"id": "a", "content": "do a"}]}'
TWO = '{"steps": [{"id": "a", "content": "do a"}, {"id": "b", "content": "do b"}]}'
GOAL = '{"description": "it ships", "success_criteria": ["it runs"]}'
ACHIEVED = '{"achieved": true, "progress": 1.0}'
MISSED = '{"achieved": false, "progress": 0.5, "remaining_criteria": ["it runs"]}'


def driver(host: ScriptedHost, history: tuple[Message, ...] = (), **options: Any) -> PlanDriver:
    request = Message.user("please ship")
    return PlanDriver(host, history=history, request=request, session_id="s1", **options)


def run(work: Coroutine[Any, Any, PlanResult]) -> PlanResult:
    async def bounded() -> PlanResult:
        return await asyncio.wait_for(work, DEADLINE_S)

    return asyncio.run(bounded())


def test_the_first_events_are_planning_start_and_start() -> None:
    assert [(event.event_type, event.prompt) for event in opening("go")] == [
        ("planning_start", "go"),
        ("start", "go"),
    ]


def test_events_of_a_plan_in_order() -> None:
    host = ScriptedHost(plan=DIAMOND)
    result = run(driver(host).run())
    names = host.names("text_delta")
    assert names[:5] == ["planning_end", "plan_ready", "task_updated", "step_start", "task_updated"]
    assert names[5:] == [
        *("step_end", "task_updated"),
        *("step_start", "step_start", "task_updated"),
        *("step_end", "task_updated"),
        *("step_end", "task_updated"),
        *("step_start", "task_updated", "step_end", "task_updated"),
    ]
    assert (result.text, result.error, result.cancelled) == ("did d", None, False)
    assert result.usage.total_tokens == 100 + 4 * 10
    assert result.tool_calls == 4
    assert result.plan is not None
    assert result.plan.progress() == 1.0
    assert result.messages[-1].text == "did d"


def test_fields_of_the_plan_events() -> None:
    host = ScriptedHost(plan=DIAMOND)
    result = run(driver(host).run())
    assert result.plan is not None
    (end,), (ready,) = host.of("planning_end"), host.of("plan_ready")
    assert end.estimated_steps == 4
    assert end.plan["goal"] == "ship it"
    assert end.plan["complexity"] == "Medium"
    assert [step["id"] for step in end.plan["steps"]] == ["a", "b", "c", "d"]
    assert ready.steps == tuple(end.plan["steps"])
    assert ready.wave_count == 3


def test_fields_of_the_step_events() -> None:
    host = ScriptedHost(plan=SINGLE)
    host.fails("a")
    run(driver(host).run())
    (start,), (end,) = host.of("step_start"), host.of("step_end")
    assert start.to_dict() == {
        "type": "step_start",
        "step_id": "a",
        "description": "do a",
        "step_number": 1,
        "total_steps": 1,
        "step": "do a",
        "index": 0,
    }
    assert end.to_dict() == {
        "type": "step_end",
        "step_id": "a",
        "status": "failed",
        "step_number": 1,
        "total_steps": 1,
        "step": "do a",
        "index": 0,
        "success": False,
    }


def test_tasks_are_told_in_full_at_every_change() -> None:
    host = ScriptedHost(plan='{"steps": [{"content": "x"}, {"content": "y", "dependencies": [1]}]}')
    run(driver(host).run())
    updates = host.of("task_updated")
    assert {update.session_id for update in updates} == {"s1"}
    assert [[task["status"] for task in update.tasks] for update in updates] == [
        ["pending", "pending"],
        ["in_progress", "pending"],
        ["completed", "pending"],
        ["completed", "in_progress"],
        ["completed", "completed"],
    ]
    assert updates[0].tasks[1]["dependencies"] == ["step-1"]


def test_every_event_survives_its_saved_form() -> None:
    host = ScriptedHost(plan=TWO, goal=GOAL, check=ACHIEVED)
    run(driver(host, goal_tracking=True).run())
    for event in host.events:
        saved = json.loads(json.dumps(event.to_dict()))
        assert json.loads(json.dumps(event_from_dict(saved).to_dict())) == saved


# -- asking for the plan ----------------------------------------------------------------------------


def test_the_plan_is_asked_for_with_the_conversation_but_without_tool_calls() -> None:
    call = ToolUseBlock("c1", "read", {})
    history = (
        Message.user("look"),
        Message("assistant", (TextBlock("Looking."), call)),
        Message("user", (ToolResultBlock("c1", "content"),)),
        Message("assistant", (TextBlock("Seen."),)),
    )
    host = ScriptedHost(plan=SINGLE)
    image = Attachment.png(b"\x89PNG\r\n\x1a\n")
    request = Message.user("and this?", [image])
    result = run(PlanDriver(host, history=history, request=request, session_id="s").run())
    ((kind, messages),) = host.asked
    assert kind == "plan"
    assert [message.text for message in messages] == ["look", "Looking.", "Seen.", "and this?"]
    assert messages[-1] == request  # images included
    assert result.messages[:5] == [*history, request]


@pytest.mark.parametrize("answer", [None, "Sorry, I cannot plan."])
def test_without_a_plan_there_are_three_general_steps(answer: str | None) -> None:
    host = ScriptedHost(**({} if answer is None else {"plan": answer}))
    result = run(driver(host).run())
    assert host.began == ["step-1", "step-2", "step-3"]
    assert result.plan is not None
    assert result.plan.goal == "please ship"
    assert result.error is None


# -- failures ---------------------------------------------------------------------------------------


def test_a_failed_step_is_passed_over_and_its_dependents_never_begin() -> None:
    host = ScriptedHost(plan=DIAMOND, goal=GOAL, check=MISSED)
    host.fails("b")
    result = run(driver(host, goal_tracking=True).run())
    assert host.began == ["a", "b", "c"]
    assert {end.step_id: end.status for end in host.of("step_end")} == {
        "a": "completed",
        "b": "failed",
        "c": "completed",
    }
    assert result.error is None
    assert "Failed: b broke" in result.text
    assert "did c" in result.text
    assert [progress.progress for progress in host.of("goal_progress")] == [0.25, 0.5]


def test_when_every_step_fails_the_first_failure_is_the_result() -> None:
    host = ScriptedHost(goal=GOAL, check=ACHIEVED)
    host.fails("step-1", error=ModelError("wrong key", status=401))
    earlier = (Message.user("hello"), Message("assistant", (TextBlock("hi"),)))
    result = run(driver(host, earlier, goal_tracking=True).run())
    assert result.error is not None
    assert result.error.problem == "wrong key"
    assert result.messages == list(earlier)
    assert host.of("goal_achieved") == []  # a run that fails is not judged


def test_an_outcome_with_an_error_is_a_failure_too() -> None:
    async def broken(call: StepCall) -> StepOutcome:
        return StepOutcome(text="par", messages=call.history, error=ModelError("broke off"))

    host = ScriptedHost(plan=TWO)
    host.steps["b"] = broken
    result = run(driver(host).run())
    assert result.error is None
    assert "par\n\nFailed: broke off" in result.text


def test_a_bug_in_a_step_stops_the_others_and_is_raised_as_it_is() -> None:
    host = ScriptedHost(plan=TWO)
    host.hangs("b")

    async def bug(call: StepCall) -> StepOutcome:
        await host.all_began.wait()
        raise ZeroDivisionError("a bug")

    host.steps["a"] = bug
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run(driver(host).run())
    assert host.running == 0


# -- waves ------------------------------------------------------------------------------------------


def test_steps_of_a_wave_run_at_the_same_time() -> None:
    """Each one waits for the other to begin: one after the other they would never end."""
    host = ScriptedHost(plan=TWO)
    both = asyncio.Barrier(2)

    async def meet(call: StepCall) -> StepOutcome:
        await both.wait()
        return answered(call, "met")

    host.steps = {"a": meet, "b": meet}
    result = run(driver(host).run())
    names = host.names("text_delta", "task_updated")
    assert names[2:] == ["step_start", "step_start", "step_end", "step_end"]
    assert result.tool_calls == 2


def test_a_broad_wave_does_not_ask_the_model_without_limit() -> None:
    many = [{"content": str(number)} for number in range(3 * MAX_PARALLEL_STEPS)]
    host = ScriptedHost(plan=json.dumps({"steps": many}))
    result = run(driver(host).run())
    assert host.most_running == MAX_PARALLEL_STEPS
    assert result.tool_calls == len(many)


# -- goals ------------------------------------------------------------------------------------------


def test_goal_events_in_order() -> None:
    host = ScriptedHost(plan=DIAMOND, goal=GOAL, check=ACHIEVED)
    result = run(driver(host, goal_tracking=True).run())
    assert host.names("text_delta", "task_updated", "step_start", "step_end") == [
        *("goal_extracted", "goal_updated"),
        *("planning_end", "plan_ready"),
        *("goal_progress", "goal_updated") * 3,
        *("goal_achieved", "goal_updated"),
    ]
    (extracted,), (achieved,) = host.of("goal_extracted"), host.of("goal_achieved")
    assert extracted.goal["description"] == "it ships"
    assert extracted.goal["success_criteria"] == ["it runs"]
    assert [
        (event.goal, event.progress, event.completed_steps, event.total_steps)
        for event in host.of("goal_progress")
    ] == [("it ships", 0.25, 1, 4), ("it ships", 0.75, 3, 4), ("it ships", 1.0, 4, 4)]
    assert (achieved.goal, achieved.total_steps) == ("it ships", 4)
    assert achieved.duration_ms >= 0
    assert [event.status for event in host.of("goal_updated")] == [
        *("active", "in_progress", "in_progress", "in_progress", "achieved")
    ]
    assert result.goal is not None
    assert result.goal.achieved
    assert result.goal.achieved_at is not None
    assert result.usage.total_tokens == 3 * 100 + 4 * 10


def test_a_missed_goal_is_not_called_achieved() -> None:
    host = ScriptedHost(plan=SINGLE, goal=GOAL, check=MISSED)
    result = run(driver(host, goal_tracking=True).run())
    assert host.of("goal_achieved") == []
    assert host.of("goal_updated")[-1].status == "not_achieved"
    assert result.goal is not None
    assert (result.goal.achieved, result.goal.progress) == (False, 0.5)


def test_the_check_sees_goal_criteria_steps_and_report() -> None:
    host = ScriptedHost(plan=SINGLE, goal=GOAL, check=ACHIEVED)
    run(driver(host, goal_tracking=True).run())
    kind, (question,) = host.asked[-1]
    assert kind == "check"
    for part in ("it ships", "- it runs", "1. do a: completed", "did a"):
        assert part in question.text


def test_without_goal_tracking_nothing_is_said_of_goals() -> None:
    host = ScriptedHost(plan=SINGLE)
    result = run(driver(host).run())
    assert not [name for name in host.names() if name.startswith("goal")]
    assert result.goal is None
    assert [kind for kind, _ in host.asked] == ["plan"]


@pytest.mark.parametrize(("text", "achieved"), [("It is done.", True), ("No.", False)])
def test_a_goal_without_a_plan_is_extracted_and_checked_around_the_run(
    text: str, achieved: bool
) -> None:
    host = ScriptedHost()  # no answer at all: the fallbacks hold

    async def around() -> GoalWatch:
        watch = GoalWatch(host)
        await watch.extract((), Message.user("please ship"))
        await watch.check(text)
        return watch

    watch = asyncio.run(around())
    assert watch.goal is not None
    assert (watch.goal.description, watch.goal.achieved) == ("please ship", achieved)
    assert host.names() == [
        *("goal_extracted", "goal_updated"),
        *(("goal_achieved", "goal_updated") if achieved else ("goal_updated",)),
    ]


# -- cancelling -------------------------------------------------------------------------------------


def cancelled(host: ScriptedHost) -> PlanResult:
    """Cancel when the hanging steps have begun; the result that is left."""

    async def cancel() -> PlanResult:
        working = driver(host)
        task = asyncio.create_task(working.run())
        await asyncio.wait_for(host.all_began.wait(), DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert host.running == 0
        return working.result()

    return asyncio.run(cancel())


def test_cancel_in_a_single_step_keeps_its_partial_conversation() -> None:
    host = ScriptedHost(plan=DIAMOND)
    host.hangs("a")
    result = cancelled(host)
    assert (result.cancelled, result.text, result.error) == (True, "half of a", None)
    assert [message.text for message in result.messages[-2:]] == [
        "Carry out step 1 of 4: do a",
        "half of a",
    ]
    assert result.usage.total_tokens == 110
    assert result.plan is not None
    assert [str(step.status) for step in result.plan.steps] == [
        *("cancelled", "pending", "pending", "pending")
    ]


def test_cancel_in_a_wave_keeps_what_every_step_had_done() -> None:
    host = ScriptedHost(plan=DIAMOND)
    host.hangs("b", "c")
    result = cancelled(host)
    assert "### Step 2: do b (cancelled)\n\nhalf of b" in result.text
    assert "### Step 3: do c (cancelled)\n\nhalf of c" in result.text
    assert result.messages[-1].role == "user"
    assert "half of b" in result.messages[-1].text


def test_cancel_while_the_plan_is_asked_for_keeps_the_request() -> None:
    class Thoughtful(ScriptedHost):
        async def ask(self, system: str, messages: object) -> Any:
            self.all_began.set()
            await asyncio.Event().wait()

    result = cancelled(Thoughtful())
    assert (result.cancelled, result.plan, result.tool_calls) == (True, None, 0)
    assert [message.text for message in result.messages] == ["please ship"]
