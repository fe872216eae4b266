"""Several children: `parallel_task` and `run_team`."""

from __future__ import annotations

import inspect
import json
import threading
from typing import Any

import pytest

from a3s_code import PermissionPolicy, ToolResult
from tests.deadlines import DEADLINE_S
from tests.delegation.conftest import prompts, system_of, tool_results
from tests.model_server import ModelServer, calls, says, status, wait
from tests.session.callers import by_stream
from tests.session.conftest import NewSession


def test_results_come_in_the_order_of_the_tasks(
    model_server: ModelServer, new_session: NewSession
) -> None:
    both = threading.Barrier(2)

    def answer(body: dict[str, Any]) -> Any:
        prompt = prompts(body)[0]
        if prompt == "bad":
            return status(401)
        both.wait(DEADLINE_S)  # they only get past this together
        return says(f"did {prompt}")

    model_server.answer_with(answer)
    result = new_session().tool(
        "parallel_task",
        {
            "tasks": [
                {"agent": "explore", "prompt": "one"},
                {"prompt": "bad"},
                {"prompt": "two"},
                {"agent": "nobody", "prompt": "x"},
                {"agent": "general"},
                "no task",
            ]
        },
    )
    assert result.exit_code == 0
    blocks = result.output.split("\n\n")
    assert blocks[0] == "Executed 6 tasks in parallel:"
    assert blocks[1] == "--- Task 1 (explore) [OK] ---\ndid one"
    assert blocks[2].startswith("--- Task 2 (general) [ERR] ---\nTask failed: ")
    assert blocks[3] == "--- Task 3 (general) [OK] ---\ndid two"
    assert blocks[4].startswith("--- Task 4 (nobody) [ERR] ---\nUnknown agent 'nobody'")
    assert blocks[5] == "--- Task 5 (general) [ERR] ---\nprompt parameter is required"
    assert blocks[6].startswith("--- Task 6 (general) [ERR] ---\na task must be an object")
    assert result.metadata is not None
    assert [task["success"] for task in result.metadata["tasks"]] == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]


def test_at_most_eight_at_a_time(model_server: ModelServer, new_session: NewSession) -> None:
    lock, running, most = threading.Lock(), 0, 0
    eight = threading.Barrier(8)

    def answer(_body: dict[str, Any]) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        eight.wait(DEADLINE_S)
        with lock:
            running -= 1
        return says("ok")

    model_server.answer_with(answer)
    tasks = [{"prompt": str(n)} for n in range(16)]
    result = new_session().tool("parallel_task", {"tasks": tasks})
    assert result.output.count("[OK]") == 16
    assert most == 8


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"tasks": []}, "No tasks provided"),
        ({}, "tasks parameter is required"),
        ({"tasks": [{"prompt": "x"}] * 33}, "At most 32 tasks"),
    ],
)
def test_tasks_that_cannot_be_run(
    model_server: ModelServer, new_session: NewSession, arguments: dict[str, Any], text: str
) -> None:
    result = new_session().tool("parallel_task", arguments)
    assert (result.exit_code, text in result.output) == (1, True)
    assert model_server.requests == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("max_steps", "many", "must be an integer"),
        ("max_steps", 0, "must be at least 1"),
        ("max_steps", 1.5, "must be an integer"),
        ("prompt", 3, "must be a string"),
        ("agent", ["general"], "must be a string"),
        ("permissive", "yes", "must be true or false"),
        ("workspace", 1, "must be a string"),
    ],
)
def test_a_wrong_argument_of_one_task_fails_that_task(
    model_server: ModelServer, new_session: NewSession, name: str, value: Any, problem: str
) -> None:
    model_server.answer_with(lambda _body: says("fine"))
    tasks = [{"prompt": "x", name: value}, {"prompt": "y"}]
    output = new_session().tool("parallel_task", {"tasks": tasks}).output
    wrong, right = output.split("\n\n")[1:]
    assert wrong.endswith(f"[ERR] ---\n{name} parameter {problem}")
    assert right.endswith("[OK] ---\nfine")
    assert len(model_server.requests) == 1


def test_a_rule_about_one_agent_holds_for_every_way_to_it(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(permission_policy=PermissionPolicy(deny=["task(general)"]))
    assert session.tool("task", {"prompt": "x"}).output.startswith("Permission denied")
    result = session.tool("parallel_task", {"tasks": [{"prompt": "x"}]})
    assert (
        "[ERR] ---\nTask failed: agent 'general' is blocked by permission policy" in result.output
    )
    assert session.run_team("x").exit_code == 1
    assert model_server.requests == []


def test_events_and_tokens_of_all_of_them(
    model_server: ModelServer, new_session: NewSession
) -> None:
    def answer(body: dict[str, Any]) -> Any:
        if any(message["role"] == "tool" for message in body["messages"]):
            return says("end")
        if prompts(body) == ["go"]:
            return calls("parallel_task", tasks=[{"prompt": "a"}, {"prompt": "b"}])
        return says("child")

    model_server.answer_with(answer)
    session = new_session()
    result = by_stream(session, "go")
    assert result.total_tokens == session.usage.total_tokens == 4 * 15
    starts = {e.task_id for e in result.events if e.event_type == "subagent_start"}
    ends = {e.task_id for e in result.events if e.event_type == "subagent_end"}
    assert len(starts) == 2
    assert starts == ends


def test_cancelling_cancels_all_of_them(model_server: ModelServer, new_session: NewSession) -> None:
    def answer(body: dict[str, Any]) -> Any:
        if prompts(body) == ["go"]:
            return calls("parallel_task", tasks=[{"prompt": "a"}, {"prompt": "b"}])
        return says("never ", wait(), "finished")

    model_server.answer_with(answer)
    session = new_session()
    seen, ends = 0, []
    for event in session.stream("go"):
        seen += event.event_type == "text_delta"
        if event.event_type == "text_delta" and seen == 2:
            session.cancel()
        if event.event_type == "subagent_end":
            ends.append(event.success)
    assert ends == [False, False]


# -- teams -----------------------------------------------------------------------------------------


def team(body: dict[str, Any]) -> Any:
    """A lead with two tasks, a worker, and a reviewer who wants the second one done again."""
    prompt = prompts(body)[0]
    if "You lead a team" in prompt:
        return says('Here: {"tasks": ["first", "second"]}')
    if "Review the result" in prompt:
        return says("REJECTED: more" if "\n\nResult:\nsecond try" in prompt else "APPROVED")
    if "rejected it" in prompt:
        return says("better")
    return says("first try" if "Your task: first" in prompt else "second try")


def test_a_team_reaches_its_goal(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.answer_with(team)
    session = new_session()
    result = session.run_team("the goal", lead_agent="plan", reviewer_agent="review")
    assert result.exit_code == 0
    assert result.output == (
        "Team run complete. Done: 2, Rejected: 0, Rounds: 2\n\n"
        "[DONE] first\nResult: first try\n\n[DONE] second\nResult: better"
    )
    assert result.metadata is not None
    assert (result.metadata["done"], result.metadata["rounds"]) == (2, 2)
    assert result.metadata["usage"]["total_tokens"] == session.usage.total_tokens
    assert "You plan a piece of work" in system_of(model_server.requests[0])
    assert "You review changes" in system_of(model_server.requests[3])


def test_members_are_general_agents_unless_they_are_named(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(team)
    session = new_session()
    assert str(inspect.signature(session.run_team)) == (
        "(goal: 'str', lead_agent: 'str' = 'general', worker_agent: 'str' = 'general', "
        "reviewer_agent: 'str' = 'general', max_steps: 'int | None' = None) -> 'ToolResult'"
    )
    by_hand = session.run_team("the goal")
    assert isinstance(by_hand, ToolResult)
    assert by_hand.output == session.tool("run_team", {"goal": "the goal"}).output
    assert by_hand.name == "run_team"
    model_server.script(says("alone"))
    session.tool("task", {"agent": "general", "prompt": "x"})
    *members, general = map(system_of, model_server.requests)
    assert set(members) == {general}
    assert len(members) == 2 * 7


def test_what_is_never_approved_is_rejected(
    model_server: ModelServer, new_session: NewSession
) -> None:
    def rejects(body: dict[str, Any]) -> Any:
        return says("no") if "Review the result" in prompts(body)[0] else team(body)

    model_server.answer_with(rejects)
    output = new_session().run_team("g").output
    assert output == (
        "Team run complete. Done: 0, Rejected: 2, Rounds: 10\n\n"
        "[REJECTED] first\n\n[REJECTED] second"
    )


def test_a_team_in_a_conversation(model_server: ModelServer, new_session: NewSession) -> None:
    def answer(body: dict[str, Any]) -> Any:
        if any(message["role"] == "tool" for message in body["messages"]):
            return says("end")
        return calls("run_team", goal="g") if prompts(body) == ["go"] else team(body)

    model_server.answer_with(answer)
    result = by_stream(new_session(), "go")
    members = [e.description for e in result.events if e.event_type == "subagent_start"]
    assert members == [
        "lead",
        "worker-1",
        "worker-1",
        "reviewer",
        "reviewer",
        "worker-1",
        "reviewer",
    ]
    assert "Done: 2" in tool_results(model_server, -1)[0]


def test_a_team_without_its_lead_fails(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.answer_with(lambda _body: status(401))
    result = new_session().run_team("g")
    assert (result.exit_code, "401" in result.output) == (1, True)
    assert new_session().run_team("  ").output == "goal parameter is required"
    assert "Unknown agent 'x'" in new_session().run_team("g", worker_agent="x").output


def test_steps_of_the_members_are_limited(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda _body: calls("ls"))
    new_session().run_team("g", max_steps=2, lead_agent="explore")
    per_member = [
        json.dumps(request["messages"]).count('"tool"') for request in model_server.requests
    ]
    assert max(per_member) == 1  # a second call of the model has one result, there is no third


def test_words_of_children_side_by_side_name_their_speaker(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """They arrive in turns; without a name a reader could not tell them apart."""
    both = threading.Barrier(2)

    def answer(body: dict[str, Any]) -> Any:
        prompt = prompts(body)[-1]
        if prompt in ("one", "two"):
            both.wait(DEADLINE_S)
            return says(f"I am {prompt}, ", f"said {prompt}.", size=3)
        if tool_messages(body):
            return says("Both said it.")
        return calls("parallel_task", tasks=[{"prompt": "one"}, {"prompt": "two"}])

    model_server.answer_with(answer)
    session = new_session(permission_policy=PermissionPolicy(allow=["parallel_task"]))
    events = list(session.stream("ask two"))

    ids = {e.description: e.task_id for e in events if e.event_type == "subagent_start"}
    said: dict[str | None, str] = {}
    for event in events:
        if event.event_type == "text_delta":
            said[event.task_id] = said.get(event.task_id, "") + event.text
    assert said == {
        None: "Both said it.",
        ids["one"]: "I am one, said one.",
        ids["two"]: "I am two, said two.",
    }
    own = next(e for e in events if e.event_type == "text_delta" and e.task_id is None)
    assert set(own.to_dict()) == {"type", "text"}


def tool_messages(body: dict[str, Any]) -> list[Any]:
    return [message for message in body["messages"] if message["role"] == "tool"]
