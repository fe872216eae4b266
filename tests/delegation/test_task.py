"""The tool `task`: isolation, events, rules, limits, cancelling."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, AgentEvent, ConfirmationPolicy, PermissionPolicy, Session, Skill
from tests.deadlines import DEADLINE_S
from tests.delegation.conftest import offered, prompts, system_of, tool_results
from tests.model_server import ModelServer, agent_hcl, calls, calls_raw, says, status, turn, wait
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession


def agent_file(folder: Path, name: str, lines: str, body: str = "") -> str:
    """A directory with one agent definition."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(f"---\nname: {name}\n{lines}\n---\n{body}", "utf-8")
    return str(folder)


def test_a_child_sees_only_its_prompt(
    model_server: ModelServer, new_session: NewSession, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("hi", encoding="utf-8")
    model_server.script(
        says("Noted."),
        calls("task", agent="explore", prompt="look at a.txt"),
        calls("read", file_path="a.txt"),
        says("It says hi."),
        says("All done."),
    )
    session = new_session(kind)
    session.send("my secret number is 7")
    assert session.send("delegate").text == "All done."
    assert len(session.history()) == 6
    assert session.history()[4]["content"][0]["content"] == "It says hi."
    for request in model_server.requests[2:4]:
        assert "secret number" not in str(request)
        assert "look around in a project" in str(request.get("system") or request["messages"][0])
    (prompt,) = (m for m in model_server.requests[2]["messages"] if m["role"] != "system")
    assert prompt["role"] == "user"
    assert "look at a.txt" in str(prompt["content"])


def test_events_of_a_child_lie_between_its_start_and_end(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(
        turn(says("Let me."), calls("task", id="c1", prompt="do it", description="a test")),
        turn(says("Child text."), calls("bash", id="c1", command="echo one")),
        says("Child end."),
        says("Parent end."),
    )
    session = new_session()
    answer = by_stream(session, "go")
    deltas = {"tool_input_delta", "tool_output_delta"}
    types = answer.types(*deltas)
    assert types == [
        "start",
        "turn_start",
        "text_delta",
        "text_delta",
        "tool_start",
        "subagent_start",
        "subagent_progress",
        "text_delta",
        "text_delta",
        "subagent_progress",
        "tool_start",
        "tool_end",
        "subagent_progress",
        "text_delta",
        "text_delta",
        "subagent_end",
        "tool_end",
        "turn_end",
        "turn_start",
        "text_delta",
        "text_delta",
        "turn_end",
        "end",
    ]
    start = next(e for e in answer.events if e.event_type == "subagent_start")
    end = next(e for e in answer.events if e.event_type == "subagent_end")
    progress = [e for e in answer.events if e.event_type == "subagent_progress"]
    task_id, child = start.task_id, start.session_id
    assert task_id == f"task-{uuid.UUID(task_id.removeprefix('task-'))}"
    assert child == f"subagent-{task_id}"
    assert (start.tool_id, start.text, start.tool_name, start.prompt) == (
        task_id,
        child,
        "general",
        "a test",
    )
    assert (start["agent"], start["tool_name"], start.parent_session_id) == (
        "general",
        "general",
        session.session_id,
    )
    assert [e.text for e in progress] == [
        f"{child}: {status}" for status in ("turn 1", "tool bash", "turn 2")
    ]
    assert (end.tool_id, end.session_id, end.agent) == (task_id, child, "general")
    assert (end.output, end.tool_output, end.success, end.exit_code) == (
        "Child end.",
        "Child end.",
        True,
        0,
    )
    ids = [e.tool_id for e in answer.events if e.event_type in ("tool_start", "tool_end")]
    assert ids == ["c1", f"{task_id}/c1", f"{task_id}/c1", "c1"]
    outputs = [e for e in answer.events if e.event_type == "tool_output_delta"]
    assert {e.tool_id for e in outputs} == {f"{task_id}/c1"}


def test_the_beginning_of_the_prompt_describes_a_task(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("task", prompt="ab " * 40), says("child"), says("end"))
    answer = by_stream(new_session(), "go")
    (start,) = (e for e in answer.events if e.event_type == "subagent_start")
    assert start.description == ("ab " * 40)[:60]


def test_settings_of_the_session_hold_in_a_child(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("ana@example.org", encoding="utf-8")
    model_server.script(calls("read", file_path="a.txt"), calls_raw("ls", "{oops"), says("never"))
    session = new_session(default_security=True, max_parse_retries=0)
    result = session.tool("task", {"prompt": "x"})
    assert "[REDACTED:EMAIL]" in tool_results(model_server, 1)[0]
    assert result.output.startswith("Task failed: ")
    assert len(model_server.requests) == 2


def test_tokens_of_a_child_count(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(
        calls("task", prompt="x").using(10, 1),
        calls("ls").using(100, 10),
        says("child").using(200, 20),
        says("end").using(1000, 100),
    )
    session = new_session()
    answer = by_stream(session, "go")
    assert answer.total_tokens == 11 + 110 + 220 + 1100
    assert session.usage.total_tokens == answer.total_tokens
    told = next(e for e in answer.events if e.tool_name == "task" and e.event_type == "tool_end")
    assert told.metadata["usage"]["total_tokens"] == 330
    assert (told.metadata["tool_calls"], told.metadata["agent"]) == (1, "general")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"agent": "nobody", "prompt": "x"}, "Unknown agent 'nobody'"),
        ({}, "prompt parameter is required"),
        ({"prompt": "  "}, "prompt parameter is required"),
        ({"prompt": "x", "workspace": "missing"}, "Workspace not found: missing"),
        ({"prompt": "x", "workspace": "a\0b"}, "Workspace not found"),
        ({"prompt": "x", "max_steps": 0}, "max_steps parameter must be at least 1"),
    ],
)
def test_what_cannot_be_delegated(
    model_server: ModelServer, new_session: NewSession, arguments: dict[str, Any], text: str
) -> None:
    result = new_session().tool("task", arguments)
    assert result.exit_code == 1
    assert text in result.output
    assert model_server.requests == []


def test_a_failing_child_is_a_failed_task(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("task", prompt="x"), status(401), says("I see."))
    answer = by_stream(new_session(), "go")
    assert answer.text == "I see."
    end = next(e for e in answer.events if e.event_type == "subagent_end")
    assert (end.success, end.exit_code) == (False, 1)
    (result,) = tool_results(model_server, 2)
    assert result.startswith("Task failed: ")
    assert "401" in result


@pytest.mark.parametrize(
    ("lines", "argument", "rounds"),
    [("", None, 20), ("max_steps: 3", None, 3), ("max_steps: 3", 2, 2)],
)
def test_rounds(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    lines: str,
    argument: int | None,
    rounds: int,
) -> None:
    folder = agent_file(tmp_path / "agents", "worker", lines)
    session = new_session(agent_dirs=[folder])
    model_server.answer_with(lambda _body: calls("ls"))
    args = {"agent": "worker", "prompt": "x"} | ({"max_steps": argument} if argument else {})
    assert session.tool("task", args).exit_code == 0
    assert len(model_server.requests) == rounds


# -- rules -----------------------------------------------------------------------------------------


def test_a_guard_holds_whatever_the_parent_allows(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    model_server.script(
        calls("task", agent="explore", prompt="x", permissive=True),
        turn(
            calls("write", file_path="a.txt", content="x"),
            calls("patch", file_path="a.txt", diff="x"),
            calls("bash", command="rm -rf ."),
            calls("bash", command="echo fine"),
        ),
        says("child"),
        says("end"),
    )
    answer = by_stream(new_session(), "go")
    results = tool_results(model_server, 2)
    for tool, result in zip(("write", "patch", "bash"), results, strict=False):
        assert result == f"Defense-in-depth: Tool '{tool}' is blocked by guard permission policy"
    assert results[3] == "fine\n"
    denied = [e for e in answer.events if e.event_type == "permission_denied"]
    assert {e.reason for e in denied} == {"Blocked by guard permission policy"}
    task_id = next(e.task_id for e in answer.events if e.event_type == "subagent_start")
    assert all(e.tool_id.startswith(f"{task_id}/") for e in denied)
    assert len(denied) == 3
    assert not (tmp_path / "a.txt").exists()


def test_only_tools_it_may_use_are_offered(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("explored"), says("titled"), says("general"))
    session = new_session()
    for agent in ("explore", "title", "general"):
        session.tool("task", {"agent": agent, "prompt": "x"})
    explore, title, general = map(offered, model_server.requests)
    assert {"read", "bash", "Skill"} <= set(explore)
    assert {"write", "edit", "patch", "task", "parallel_task", "run_team"}.isdisjoint(explore)
    assert title == []
    assert "## Tools" not in system_of(model_server.requests[1])
    assert set(session.tool_names()) - set(general) == {"task", "parallel_task", "run_team"}


def test_delegation_is_not_nested(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(
        turn(calls("task", prompt="y"), calls("parallel_task", tasks=[{"prompt": "y"}])),
        says("child"),
    )
    new_session().tool("task", {"prompt": "x"})
    nested, parallel = tool_results(model_server, 1)
    assert nested.startswith("Defense-in-depth: Tool 'task'")
    assert parallel.startswith("Unknown tool: parallel_task")


def test_the_parents_rules_hold_in_the_child(
    model_server: ModelServer, new_session: NewSession
) -> None:
    policy = PermissionPolicy(allow=["task(*)", "ls(*)"], deny=["bash(*)"])
    session = new_session(permissive=False, permission_policy=policy)
    model_server.script(
        calls("task", prompt="x"),
        turn(calls("bash", command="echo"), calls("ls"), calls("glob", pattern="*")),
        says("child"),
        says("end"),
    )
    session.send("go")
    bash, ls, glob = tool_results(model_server, 2)
    assert bash == "Permission denied: Tool 'bash' is blocked by permission policy."
    assert ls.startswith("Directory:")
    assert "requires confirmation but no HITL" in glob


@pytest.mark.parametrize("approve", [True, False])
def test_a_person_is_asked_about_a_childs_calls(
    model_server: ModelServer, new_session: NewSession, approve: bool
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["task(*)"]),
        confirmation_policy=ConfirmationPolicy(enabled=True),
    )
    model_server.script(
        calls("task", prompt="x"),
        calls("bash", id="c1", command="echo one"),
        says("child"),
        says("end"),
    )
    asked = []
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            asked.append(event.tool_id)
            (pending,) = session.pending_confirmations()
            assert pending["tool_id"] == event.tool_id
            assert session.confirm_tool_use(event.tool_id, approve, "not now")
    assert len(asked) == 1
    assert asked[0].startswith("task-")
    assert asked[0].endswith("/c1")
    (result,) = tool_results(model_server, 2)
    assert ("one" in result) is approve
    assert ("not now" in result) is not approve


AGENT_ASKS = "permissions:\n  allow: ['bash(echo:*)']\n  ask: [ls]"


def test_an_agents_own_questions_are_asked_too(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    folder = agent_file(tmp_path / "agents", "careful", AGENT_ASKS)
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy.permissive(),
        agent_dirs=[folder],
        confirmation_manager=lambda _tool, _args: False,
    )
    model_server.script(
        turn(
            calls("bash", command="echo one"),
            calls("bash", command="pwd"),
            calls("ls"),
            calls("glob", pattern="*"),
        ),
        says("child"),
    )
    session.tool("task", {"agent": "careful", "prompt": "x"})
    echo, pwd, ls, glob = tool_results(model_server, 1)
    assert echo == "one\n"
    assert "rejected by user" in pwd
    assert "rejected by user" in ls
    assert "found" in glob


def test_permissive_needs_consent_and_never_lifts_a_denial(
    model_server: ModelServer, new_session: NewSession
) -> None:
    questions: list[tuple[str, Any]] = []

    def consent(tool: str, args: Any) -> bool:
        questions.append((tool, args.get("permissive")))
        return True

    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["task(*)"], deny=["bash(rm:*)"]),
        confirmation_manager=consent,
    )
    model_server.script(
        calls("task", prompt="x", permissive=True),
        turn(calls("bash", command="echo one"), calls("bash", command="rm a")),
        says("child"),
        says("end"),
    )
    session.send("go")
    assert questions == [("task", True)]
    echo, removed = tool_results(model_server, 2)
    assert echo == "one\n"
    assert removed.startswith("Permission denied")


@pytest.mark.parametrize(
    "wish", [{"permissive": True}, {"permissive": "yes"}, {"workspace": ".."}, {"workspace": "/"}]
)
def test_a_rule_alone_does_not_widen_what_a_child_may_do(
    model_server: ModelServer, new_session: NewSession, wish: dict[str, Any]
) -> None:
    policy = PermissionPolicy(allow=["task(*)", "parallel_task(*)"])
    session = new_session(permissive=False, permission_policy=policy)
    model_server.script(
        turn(
            calls("task", prompt="x", **wish),
            calls("parallel_task", tasks=[{"prompt": "x"} | wish]),
        ),
        says("end"),
    )
    session.send("go")
    for result in tool_results(model_server, 1):
        assert "requires confirmation" in result
    assert len(model_server.requests) == 2


def test_another_workspace(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "AGENTS.md").write_text("Rules of sub.", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("no", encoding="utf-8")
    model_server.script(
        turn(calls("ls"), calls("read", file_path="../outside.txt")),
        says("child"),
    )
    new_session().tool("task", {"prompt": "x", "workspace": "sub"})
    listing, outside = tool_results(model_server, 1)
    assert "AGENTS.md" in listing
    assert "escapes workspace" in outside
    assert "Rules of sub." in system_of(model_server.requests[0])


@pytest.mark.parametrize("call", [("read", "file_path"), ("grep", "path"), ("ls", "path")])
def test_rules_about_places_hold_from_within_a_folder(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, call: tuple[str, str]
) -> None:
    """A child that works in a folder of the parent's workspace has other relative paths."""
    (tmp_path / "secret" / "src").mkdir(parents=True)
    (tmp_path / "secret" / "src" / "key").write_text("hush", encoding="utf-8")
    tool, argument = call
    policy = PermissionPolicy(
        allow=["task(*)", f"{tool}(src/**)", f"{tool}(hush src/**)"],
        deny=[f"{tool}(secret/src/**)", f"{tool}(hush secret/src/**)"],
    )
    session = new_session(permissive=False, permission_policy=policy)
    place = "src/key" if tool != "ls" else "src"
    model_server.script(
        calls("task", prompt="x", workspace="secret"),
        calls(tool, **{argument: place}, **({"pattern": "hush"} if tool == "grep" else {})),
        says("child"),
        says("end"),
    )
    session.send("go")
    [result] = tool_results(model_server, 2)
    assert result == f"Permission denied: Tool '{tool}' is blocked by permission policy."


def test_a_denied_place_stays_denied_from_outside(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "secret").mkdir()
    policy = PermissionPolicy(deny=["write(secret/**)"], default_decision="allow")
    session = new_session(
        permissive=False, permission_policy=policy, confirmation_manager=lambda _tool, _args: True
    )
    model_server.script(
        calls("task", prompt="x", workspace=".."),
        calls("write", file_path=f"{tmp_path.name}/secret/a", content="x"),
        says("child"),
        says("end"),
    )
    session.send("go")
    assert tool_results(model_server, 2)[0].startswith("Permission denied")
    assert not (tmp_path / "secret" / "a").exists()


def test_a_rule_that_allows_a_place_means_the_parents(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """`src/**` is a folder of the workspace, not every folder of that name."""
    (tmp_path / "private" / "src").mkdir(parents=True)
    (tmp_path / "private" / "src" / "a").write_text("hush", encoding="utf-8")
    policy = PermissionPolicy(allow=["task(*)", "read(src/**)"])
    session = new_session(permissive=False, permission_policy=policy)
    model_server.script(
        calls("task", prompt="x", workspace="private"),
        calls("read", file_path="src/a"),
        says("child"),
        says("end"),
    )
    session.send("go")
    [result] = tool_results(model_server, 2)
    assert "requires confirmation" in result


# -- definitions -----------------------------------------------------------------------------------


def test_a_definition_of_ones_own(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    folder = agent_file(tmp_path / "agents", "poet", "description: Rhymes", "You rhyme.")
    session = new_session()
    assert session.tool("task", {"agent": "poet", "prompt": "x"}).exit_code == 1
    assert session.register_agent_dir(folder) == 1
    model_server.script(says("child"))
    result = session.tool("task", {"agent": "poet", "prompt": "say it"})
    assert result.output == "child"
    head, _, extra = system_of(model_server.requests[0]).rpartition("\n\n")
    assert extra == "You rhyme."
    assert head.startswith("You are A3S Code, ")
    assert prompts(model_server.requests[0]) == ["say it"]
    (task,) = (t for t in session.tool_definitions() if t["name"] == "task")
    assert "- poet: Rhymes" in task["description"]
    assert "title" not in task["description"]


def test_agents_of_the_configuration(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    config = agent_file(tmp_path / "config", "one", "")
    own = agent_file(tmp_path / "own", "two", "")
    session = new_session(top=f"agent_dirs = [{config!r}]".replace("'", '"'), agent_dirs=[own])
    model_server.answer_with(lambda _body: says("ok"))
    for name in ("one", "two"):
        assert session.tool("task", {"agent": name, "prompt": "x"}).exit_code == 0


def test_a_definition_with_another_model(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    folder = agent_file(tmp_path / "agents", "a", "model: openai/other")
    agent_file(tmp_path / "agents", "b", "model: openai/missing")
    other = 'id = "m"\n  }\n  models {\n    id = "other"'
    text = agent_hcl(model_server).replace('id   = "m"', other)
    model_server.script(says("child"))
    with Agent.create(text).session(tmp_path, permissive=True, agent_dirs=[folder]) as session:
        assert session.tool("task", {"agent": "a", "prompt": "x"}).output == "child"
        assert model_server.requests[0]["model"] == "other"
        failed = session.tool("task", {"agent": "b", "prompt": "x"})
    assert failed.output.startswith("Task failed: ")
    assert "missing" in failed.output


def test_a_child_has_the_model_of_its_parent(model_server: ModelServer, tmp_path: Path) -> None:
    """Not the default one of the configuration."""
    other = 'id = "m"\n  }\n  models {\n    id = "other"'
    agent = Agent.create(agent_hcl(model_server).replace('id   = "m"', other))
    options = {"permissive": True, "model": "openai/other", "inline_skills": [Skill("talker")]}
    model_server.answer_with(lambda _body: says("child"))
    with agent.session(tmp_path, options) as session:
        session.tool("task", {"prompt": "x"})
        session.tool("Skill", {"skill_name": "talker"})
    assert [request["model"] for request in model_server.requests] == ["other", "other"]


# -- cancelling and the background -----------------------------------------------------------------


def test_cancelling_the_parent_cancels_the_child(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(
        turn(says("Delegating."), calls("task", id="c1", prompt="x")),
        says("never ", wait(), "finished"),
    )
    session = new_session()
    stream = session.stream("go")
    events = []
    for event in stream:
        events.append(event)
        if event.event_type == "text_delta" and event.text == "never ":
            assert session.cancel()
    assert events[-1].event_type == "end"
    assert events[-1].cancelled
    ends = [e for e in events if e.event_type in ("subagent_end", "tool_end")]
    assert [(e.event_type, e.exit_code) for e in ends] == [("subagent_end", 1), ("tool_end", 1)]
    assert model_server.disconnected.wait(DEADLINE_S)
    assert [message["role"] for message in session.history()] == ["user", "assistant", "user"]
    model_server.script(says("Fine."))
    assert session.send("again").text == "Fine."


def test_cancelling_stops_a_childs_command(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("task", prompt="x"), calls("bash", command="echo started; sleep 600"))
    session = new_session()
    ends = []
    for event in session.stream("go"):
        if event.event_type == "tool_output_delta":
            session.cancel()
        if event.event_type == "tool_end":
            ends.append(event.tool_name)
    assert ends == ["bash", "task"]


def test_a_child_that_is_asked_about_can_be_cancelled(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["task(*)"]),
        confirmation_policy=ConfirmationPolicy(enabled=True, default_timeout_ms=600_000),
    )
    model_server.script(calls("task", prompt="x"), calls("bash", command="echo"))
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            session.cancel()
    assert session.pending_confirmations() == []


def test_a_background_task_is_over_before_its_parent(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(in_background)
    session = new_session()
    events = []
    for event in session.stream("go"):
        events.append(event)
        if event.event_type == "turn_end" and texts_of(events) == "Meanwhile.":
            model_server.release()
    types = [event.event_type for event in events]
    assert types[-3:] == ["turn_end", "subagent_end", "end"]
    assert events[-1].text == "Meanwhile."
    start = next(e for e in events if e.event_type == "subagent_start")
    assert start.background
    told = next(e for e in events if e.event_type == "tool_end")
    assert told.tool_output == f"Task started in background. Task ID: {start.task_id}"
    end = next(e for e in events if e.event_type == "subagent_end")
    assert (end.output, end.success) == ("slow result", True)
    assert texts_of(events) == "Meanwhile."
    assert session.usage.total_tokens == 45


def texts_of(events: list[AgentEvent]) -> str:
    """What the agent itself has said."""
    return "".join(event.text for event in events if event.event_type == "text_delta")


def in_background(body: dict[str, Any]) -> Any:
    """The parent starts a task and goes on; the child waits for the test."""
    if "be slow" in prompts(body)[0]:
        return says("slow ", wait(), "result")
    if tool_calls_in(body):
        return says("Meanwhile.")
    return calls("task", prompt="be slow", background=True)


def tool_calls_in(body: dict[str, Any]) -> bool:
    """Whether a request carries tool results."""
    return any(message["role"] == "tool" for message in body["messages"])


def test_cancelling_ends_background_tasks(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(in_background)
    session = new_session()
    events = []
    for event in session.stream("go"):
        events.append(event)
        if event.event_type == "text_delta" and event.text == "Meanwhile.":
            assert model_server.waiting.wait(DEADLINE_S)
            session.cancel()
    end = next(e for e in events if e.event_type == "subagent_end")
    assert not end.success
    assert events[-1].cancelled
    assert model_server.disconnected.wait(DEADLINE_S)


# -- by hand ---------------------------------------------------------------------------------------


def test_a_direct_call_counts_but_changes_no_history(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("ls"), says("child"))
    session = new_session()
    result = session.tool("task", {"prompt": "x"})
    assert (result.output, result.exit_code) == ("child", 0)
    assert result.metadata is not None
    assert result.metadata["task_id"].startswith("task-")
    assert session.usage.total_tokens == 30
    assert session.history() == []


def test_a_background_task_by_hand_ends_with_the_session(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("never ", wait(), "finished"))
    session = new_session()
    result = session.tool("task", {"prompt": "x", "background": True})
    assert result.output.startswith("Task started in background. Task ID: task-")
    assert model_server.waiting.wait(DEADLINE_S)
    session.close()
    assert model_server.disconnected.wait(DEADLINE_S)


def test_two_sessions_do_not_share_agents(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    one, two = new_session(), new_session()
    one.register_agent_dir(agent_file(tmp_path / "agents", "poet", ""))
    assert two.tool("task", {"agent": "poet", "prompt": "x"}).exit_code == 1


def test_cancelling_from_another_thread_while_sending(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("task", prompt="x"), says("never ", wait(), "finished"))
    session: Session = new_session()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(by_send(session, "go")))
    thread.start()
    assert model_server.waiting.wait(DEADLINE_S)
    assert session.cancel()
    thread.join(DEADLINE_S)
    assert answers[0].cancelled
