"""Plans and goals in a session."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from a3s_code import InvalidArgument, MemorySessionStore
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, Reply, calls, says, status, wait
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession


def plan(*steps: tuple[str, list[str]]) -> Reply:
    """A model's plan: steps with the numbers of the steps they wait for."""
    listed = [
        {"id": f"s{n}", "content": content, "dependencies": [f"s{d}" for d in waits]}
        for n, (content, waits) in enumerate(steps, start=1)
    ]
    return says(json.dumps({"goal": "the goal", "complexity": "Simple", "steps": listed}))


IN_ORDER = plan(("Look around", []), ("Report", ["1"]))


def test_steps_run_in_order_on_one_history(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(IN_ORDER, calls("ls", id="c1"), says("Seen."), says("Reported."))
    session = new_session(kind, planning=True)
    answer = ask(session, "do it")
    assert answer.text == "Reported."
    assert answer.total_tokens == 4 * 15
    assert len(model_server.requests) == 4
    assert "Seen." in str(model_server.requests[3]["messages"])
    if answer.events:
        types = [
            kind for kind in answer.types() if kind.startswith(("plan", "start", "step", "end"))
        ]
        assert types == [
            "planning_start",
            "start",
            "planning_end",
            "plan_ready",
            "step_start",
            "step_end",
            "step_start",
            "step_end",
            "end",
        ]
    texts = str(session.history())
    assert "Seen." in texts
    assert "Reported." in texts


def test_rounds_count_for_each_step(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(IN_ORDER, calls("ls"), calls("ls"), calls("ls"), says("Reported."))
    answer = by_stream(new_session(planning=True, max_tool_rounds=2), "do it")
    assert answer.text == "Reported."
    assert len(model_server.requests) == 1 + 2 + 2


def test_independent_steps_run_at_the_same_time(
    model_server: ModelServer, new_session: NewSession
) -> None:
    both = threading.Barrier(2, timeout=DEADLINE_S)

    def meet(name: str) -> str:
        """Wait for the other one."""
        both.wait()
        return name

    def choose(body: dict[str, Any]) -> Reply:
        last = str(body["messages"][-1]["content"])
        if "tools" not in body:
            return plan(("First half", []), ("Second half", []))
        return says("Met.") if body["messages"][-1]["role"] == "tool" else calls("meet", name=last)

    model_server.answer_with(choose)
    session = new_session(planning=True)
    session.register_tool(meet)
    answer = by_stream(session, "do both")
    steps = [event for event in answer.events if event.event_type == "step_end"]
    assert [event.success for event in steps] == [True, True]
    types = answer.types()
    assert types.index("step_end") > [n for n, t in enumerate(types) if t == "step_start"][1]


def test_a_plan_that_cannot_be_had_is_replaced(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("no plan"), says("A."), says("B."), says("C."))
    answer = by_stream(new_session(planning=True), "do it")
    (ready,) = (event for event in answer.events if event.event_type == "plan_ready")
    assert [task["priority"] for task in ready.steps] == ["high", "high", "medium"]
    assert answer.text == "C."


def test_cancel_keeps_what_the_steps_have_reached(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(IN_ORDER, says("Seen."), says("Half a ", wait(), "report"))
    session = new_session(planning=True)
    events = []
    for event in session.stream("do it"):
        events.append(event)
        if event.event_type == "text_delta" and event.text == "Half a ":
            session.cancel()
    assert events[-1].cancelled
    assert "Seen." in str(session.history())
    assert "Half a " in str(session.history())
    model_server.script(says("{}"), says("Again."), says("x"), says("y"))
    assert not by_send(session, "again").error


def test_a_failed_plan_is_an_error(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(IN_ORDER, status(401), status(401))
    session = new_session(planning=True)
    assert "401" in by_send(session, "do it").error
    assert not session.busy


def test_the_model_is_told_how_to_plan(model_server: ModelServer, new_session: NewSession) -> None:
    """The form of the answer, and the strategies by size."""
    model_server.script(IN_ORDER, says("Seen."), says("Reported."))
    new_session(planning=True).send("do it")
    told = model_server.requests[0]["messages"][0]["content"]
    for name in (
        *("goal", "complexity", "steps", "required_tools"),
        *("id", "content", "priority", "tool", "dependencies", "success_criteria"),
        *("Simple", "Medium", "Complex", "VeryComplex", "high", "medium", "low"),
    ):
        assert f'"{name}"' in told
    assert (
        "DIRECT for 1 or 2 steps (Simple), ITERATIVE for 3 to 5 (Medium), PLANNED for 6 to 10 "
        "(Complex), PARALLEL for more than 10 (VeryComplex)"
    ) in told


def test_plan_and_goal_together(model_server: ModelServer, new_session: NewSession) -> None:
    """Three calls besides those of the steps; the goal comes before the plan."""
    goal = {"description": "be done", "success_criteria": ["it is done"]}
    model_server.script(says(json.dumps(goal)), IN_ORDER, says("Seen."), says("Reported."))
    model_server.script(says(json.dumps({"achieved": True, "progress": 1.0})))
    answer = by_stream(new_session(planning=True, goal_tracking=True), "do it")
    left_out = ("text_delta", "turn_start", "turn_end", "task_updated", "goal_updated")
    assert answer.types(*left_out) == [
        *("planning_start", "start", "goal_extracted", "planning_end", "plan_ready"),
        *("step_start", "step_end", "goal_progress") * 2,
        *("goal_achieved", "end"),
    ]
    assert answer.text == "Reported."
    assert len(model_server.requests) == 5


@pytest.mark.parametrize("achieved", [True, False])
def test_a_goal_is_extracted_and_judged(
    model_server: ModelServer, new_session: NewSession, achieved: bool
) -> None:
    goal = {"description": "be done", "success_criteria": ["it is done"]}
    verdict = {"achieved": achieved, "progress": 1.0, "remaining_criteria": []}
    model_server.script(says(json.dumps(goal)), says("Worked."), says(json.dumps(verdict)))
    answer = by_stream(new_session(goal_tracking=True), "do it")
    assert answer.text == "Worked."
    (extracted,) = (event for event in answer.events if event.event_type == "goal_extracted")
    assert extracted.goal["description"] == "be done"
    assert ("goal_achieved" in answer.types()) == achieved
    assert answer.total_tokens == 3 * 15


@pytest.mark.parametrize(
    ("options", "prompt", "planned"),
    [
        ({}, "do it", False),
        ({"planning": True}, "do it", True),
        ({"planning": False}, "do it", False),
        ({"planning": True, "planning_mode": "disabled"}, "do it", False),
        ({"planning": False, "planning_mode": "enabled"}, "do it", True),
        ({"planning": True, "planning_mode": "auto"}, "do it", False),
        ({"planning_mode": "auto"}, "1. look around\n2. report", True),
    ],
)
def test_the_mode_wins_over_the_switch(
    model_server: ModelServer,
    new_session: NewSession,
    options: dict[str, Any],
    prompt: str,
    planned: bool,
) -> None:
    model_server.answer_with(lambda body: says("Done.") if "tools" in body else IN_ORDER)
    answer = by_stream(new_session(**options), prompt)
    assert ("planning_start" in answer.types()) is planned
    assert "goal_extracted" not in answer.types()  # which is another switch
    assert len(model_server.requests) == (3 if planned else 1)


def test_a_mode_that_is_none_is_refused(new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument, match="auto, enabled or disabled, not 'sometimes'"):
        new_session(planning_mode="sometimes")


def test_the_steps_are_saved_with_the_session(
    model_server: ModelServer, new_session: NewSession
) -> None:
    store = MemorySessionStore()
    model_server.script(IN_ORDER, says("Seen."), says("Reported."))
    session = new_session(planning=True, session_store=store, auto_save=True)
    session.send("do it")
    saved = store.load(session.session_id)
    assert saved is not None
    assert [task["status"] for task in saved.tasks] == ["completed", "completed"]
