"""The tool `Skill`: a skill's own run, and what it may do there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code import ConfirmationPolicy, PermissionPolicy
from a3s_code.skills.skill import Skill
from tests.deadlines import DEADLINE_S
from tests.delegation.conftest import offered, prompts, system_of, tool_results
from tests.model_server import ModelServer, calls, says, status, turn, wait
from tests.session.callers import by_stream
from tests.session.conftest import NewSession

READER = Skill("reader", "Reads things", "read(*), ls(*)", content="Read carefully.")
SHELL = Skill("shell", "Runs things", "bash(echo:*)")


def test_the_run_of_a_skill(model_server: ModelServer, new_session: NewSession) -> None:
    session = new_session(inline_skills=[READER, SHELL])
    model_server.script(
        says("Noted."),
        calls("Skill", skill_name="reader", prompt="read a.txt").using(1, 1),
        calls("ls").using(10, 10),
        says("child").using(100, 100),
        says("end").using(1000, 1000),
    )
    session.send("my secret number is 7")
    before = session.usage.total_tokens
    answer = by_stream(session, "go")
    child = model_server.requests[2]
    assert prompts(child) == ["read a.txt"]
    assert "You are running the skill 'reader'.\n\nReads things\n\nRead carefully." in (
        system_of(child)
    )
    assert "# Available Skills" not in system_of(child)
    assert offered(child) == ["read", "ls"]
    assert tool_results(model_server, 4)[-1] == "child"
    assert answer.total_tokens == session.usage.total_tokens - before == 2222
    end = next(e for e in answer.events if e.event_type == "tool_end" and e.tool_name == "Skill")
    assert (end.metadata["skill_name"], end.metadata["tool_calls"]) == ("reader", 1)
    assert end.metadata["usage"]["total_tokens"] == 220
    start = next(e for e in answer.events if e.event_type == "subagent_start")
    assert (start.agent, start.description) == ("skill:reader", "Reads things")
    assert "tool_start" in [e.event_type for e in answer.events if (e.tool_name or "") == "ls"]


def test_limits_and_workspace_of_the_session_hold_in_a_skills_run(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("alpha", encoding="utf-8")
    model_server.answer_with(lambda _body: calls("ls"))
    session = new_session(inline_skills=[READER], max_tool_rounds=3)
    session.tool("Skill", {"skill_name": "reader"})
    assert len(model_server.requests) == 3
    assert "  a.txt\n" in tool_results(model_server, 1)[0]
    assert system_of(model_server.requests[0]).startswith("You are A3S Code, ")


@pytest.mark.parametrize("kind", ["instruction", "tool"])
def test_kinds_that_can_be_run_and_are_listed(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    skill = Skill("both", "Does both", "ls(*)", kind, content="Do both.")
    session = new_session(inline_skills=[skill])
    model_server.script(says("ran"), says("ok"))
    assert session.tool("Skill", {"skill_name": "both"}).output == "ran"
    assert offered(model_server.requests[0]) == ["ls"]
    session.send("hi")
    assert "## both\n\nDoes both\n\nDo both." in system_of(model_server.requests[1])


@pytest.mark.parametrize(
    "arguments",
    [
        {"skill_name": "reader", "prompt": "do it"},
        {"skillName": "reader", "args": "do it"},
        {"name": "reader", "query": "do it"},
        {"input": {"skill_name": "reader", "prompt": "do it"}},
        {"arguments": {"input": {"name": "reader", "args": "do it"}}},
    ],
)
def test_spellings_of_the_arguments(
    model_server: ModelServer, new_session: NewSession, arguments: dict[str, Any]
) -> None:
    model_server.script(says("child"))
    assert new_session(inline_skills=[READER]).tool("Skill", arguments).output == "child"
    assert prompts(model_server.requests[0]) == ["do it"]


def test_a_bare_name_and_the_default_prompt(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("child"), says("child"))
    session = new_session(inline_skills=[READER])
    for arguments in ("reader", {"input": "reader"}):
        assert session.tool("Skill", arguments).output == "child"  # type: ignore[arg-type]  # the bare name
    for request in model_server.requests:
        assert prompts(request) == ["Execute the 'reader' skill"]


def test_other_spellings_do_not_lead_past_a_rule(
    model_server: ModelServer, new_session: NewSession
) -> None:
    policy = PermissionPolicy(deny=["Skill(reader)"])
    session = new_session(inline_skills=[READER], permission_policy=policy)
    for arguments in ({"name": "reader"}, {"input": {"skillName": "reader"}}):
        assert session.tool("Skill", arguments).output.startswith("Permission denied")
    assert model_server.requests == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"skill_name": "nothing"}, "Skill 'nothing' not found"),
        ({"skill_name": "people-only"}, "can only be started by a person"),
        ({}, "skill_name parameter is required"),
    ],
)
def test_skills_that_cannot_be_run(
    model_server: ModelServer, new_session: NewSession, arguments: dict[str, Any], text: str
) -> None:
    session = new_session(inline_skills=[Skill("people-only", model_may_call=False)])
    result = session.tool("Skill", arguments)
    assert result.exit_code == 1
    assert text in result.output


def test_the_grant_stands_in_for_the_parents_rules(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["Skill(*)"], deny=["ls(*)"]),
        inline_skills=[Skill("lister", allowed_tools="ls(*), bash(echo:*)")],
    )
    model_server.script(
        calls("Skill", skill_name="lister"),
        turn(calls("ls"), calls("bash", command="echo one"), calls("bash", command="pwd")),
        says("child"),
        calls("ls"),
        says("end"),
    )
    session.send("go")
    ls, echo, pwd = tool_results(model_server, 2)
    assert ls.startswith("Directory:")
    assert echo == "one\n"
    assert pwd == "Permission denied: Tool 'bash' is blocked by permission policy."
    # The grant is gone with the run; outside, the loaded skills permit `ls` and the policy denies.
    assert tool_results(model_server, 4)[-1].startswith("Permission denied: Tool 'ls'")


def test_the_grant_is_gone_after_a_run_that_failed(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["Skill(*)"], deny=["ls(*)"]),
        inline_skills=[READER],
    )
    model_server.script(calls("Skill", skill_name="reader"), status(401), calls("ls"), says("end"))
    session.send("go")
    assert tool_results(model_server, 2)[0].startswith("Skill 'reader' failed: ")
    assert tool_results(model_server, 3)[1].startswith("Permission denied: Tool 'ls'")


def test_without_allowed_tools_nothing_can_be_used(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("ls"), says("child"))
    new_session(inline_skills=[Skill("talker")]).tool("Skill", {"skill_name": "talker"})
    assert offered(model_server.requests[0]) == []
    assert tool_results(model_server, 1)[0].startswith("Permission denied")


def test_a_person_is_still_asked(model_server: ModelServer, new_session: NewSession) -> None:
    asked: list[str] = []

    def refuse(tool: str, _args: Any) -> bool:
        asked.append(tool)
        return tool == "Skill"

    session = new_session(
        permissive=False,
        inline_skills=[SHELL],
        confirmation_manager=refuse,
    )
    model_server.script(
        calls("Skill", skill_name="shell"),
        calls("bash", command="echo one"),
        says("child"),
        says("end"),
    )
    session.send("go")
    assert asked == ["Skill", "bash"]
    assert "rejected by user" in tool_results(model_server, 2)[0]


def test_ask_rules_outlast_a_denial_that_the_grant_replaces(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["Skill"], deny=["bash"], ask=["bash(echo:*)"]),
        confirmation_policy=ConfirmationPolicy(enabled=True),
        inline_skills=[SHELL],
    )
    model_server.script(
        calls("Skill", skill_name="shell"),
        calls("bash", id="c1", command="echo one"),
        says("child"),
        says("end"),
    )
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            assert event.tool_id.endswith("/c1")
            assert session.confirm_tool_use(event.tool_id, True)
    assert tool_results(model_server, 2) == ["one\n"]


class NoShell:
    """A host's own rule."""

    def check(self, tool: str, _args: Any) -> str:
        return "deny" if tool == "bash" else "allow"


def test_a_hosts_checker_is_not_overruled(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(permissive=False, permission_checker=NoShell(), inline_skills=[SHELL])
    model_server.script(calls("bash", command="echo one"), says("child"))
    session.tool("Skill", {"skill_name": "shell"})
    assert tool_results(model_server, 1)[0].startswith("Permission denied")


def test_the_guard_of_a_delegated_run_applies_to_its_skills(
    model_server: ModelServer, new_session: NewSession
) -> None:
    writer = Skill("writer", allowed_tools="write(*), ls(*)")
    session = new_session(inline_skills=[writer])
    model_server.script(
        calls("Skill", id="s1", skill_name="writer"),
        turn(calls("write", id="w1", file_path="a", content="x"), calls("ls", id="l1")),
        says("skill"),
        says("child"),
    )
    session.tool("task", {"agent": "explore", "prompt": "x"})
    write, ls = tool_results(model_server, 2)
    assert write.startswith("Defense-in-depth: Tool 'write'")
    assert ls.startswith("Directory:")


def test_ids_of_nested_calls_tell_the_whole_way(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(inline_skills=[Skill("lister", allowed_tools="ls, task")])
    model_server.script(
        calls("task", id="c1", prompt="x"),
        calls("Skill", id="c1", skill_name="lister"),
        calls("ls", id="c1"),
        says("skill"),
        says("child"),
        says("end"),
    )
    answer = by_stream(session, "go")
    task, skill = [e.task_id for e in answer.events if e.event_type == "subagent_start"]
    ends = [(e.tool_name, e.tool_id) for e in answer.events if e.event_type == "tool_end"]
    assert ends == [
        ("ls", f"{task}/{skill}/c1"),
        ("Skill", f"{task}/c1"),
        ("task", "c1"),
    ]
    assert answer.total_tokens == session.usage.total_tokens == 6 * 15


def test_an_agent_that_a_skill_delegates_to_has_the_sessions_rules(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permission_policy=PermissionPolicy(deny=["bash(rm:*)"]),
        inline_skills=[Skill("delegator", allowed_tools="task(*)")],
        builtin_skills=True,
    )
    model_server.script(
        calls("task", prompt="x"),
        turn(calls("bash", command="rm a"), calls("ls")),
        says("child"),
        says("skill"),
    )
    assert session.tool("Skill", {"skill_name": "delegate-task"}).output == "skill"
    removed, ls = tool_results(model_server, 2)
    assert removed.startswith("Tool 'bash' is not permitted by any loaded skill")
    assert ls.startswith("Tool 'ls' is not permitted by any loaded skill")
    session = new_session(builtin_skills=True)
    model_server.script(calls("task", prompt="x"), calls("ls"), says("child"), says("skill"))
    session.tool("Skill", {"skill_name": "delegate-task"})
    assert tool_results(model_server, 6)[0].startswith("Directory:")


def test_skills_may_call_the_skills_they_list(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        inline_skills=[
            Skill("outer", allowed_tools="Skill(inner), Skill(outer)"),
            Skill("inner", allowed_tools="ls, Skill(outer)"),
            Skill("other"),
        ]
    )
    model_server.script(
        turn(
            calls("Skill", skill_name="other"),
            calls("Skill", skill_name="outer"),
            calls("Skill", skill_name="inner"),
        ),
        turn(calls("ls"), calls("Skill", skill_name="outer")),
        says("inner done"),
        says("outer done"),
    )
    assert session.tool("Skill", {"skill_name": "outer"}).output == "outer done"
    assert "# Available Skills" not in "".join(map(system_of, model_server.requests))
    ls, again = tool_results(model_server, 2)
    assert ls.startswith("Directory:")
    assert "cannot call itself" in again
    other, itself, inner = tool_results(model_server, 3)
    assert other.startswith("Permission denied")
    assert "cannot call itself" in itself
    assert inner == "inner done"


def test_nesting_has_a_limit(model_server: ModelServer, new_session: NewSession) -> None:
    skills = [Skill(f"s{n}", allowed_tools="Skill(*)") for n in range(7)]

    def deeper(body: dict[str, Any]) -> Any:
        if any(message["role"] == "tool" for message in body["messages"]):
            return says("back")
        depth = int(prompts(body)[0].partition("'s")[2][0])
        return calls("Skill", skill_name=f"s{depth + 1}")

    model_server.answer_with(deeper)
    session = new_session(inline_skills=skills)
    assert session.tool("Skill", {"skill_name": "s0"}).output == "back"
    results = [tool_results(model_server, n) for n in range(len(model_server.requests))]
    assert "Skill 's5': skills may be nested 5 deep at most" in str(results)
    assert not any("'s6'" in str(request["messages"]) for request in model_server.requests)


def test_cancelling_ends_the_skills_run_and_its_grant(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(allow=["Skill(*)"], deny=["ls(*)"]),
        inline_skills=[READER],
    )
    model_server.script(calls("Skill", skill_name="reader"), says("never ", wait(), "finished"))
    for event in session.stream("go"):
        if event.event_type == "text_delta":
            session.cancel()
    assert model_server.disconnected.wait(DEADLINE_S)
    model_server.script(calls("ls"), says("end"))
    session.send("again")
    assert tool_results(model_server, 3)[-1].startswith("Permission denied: Tool 'ls'")


def test_skills_in_a_batch(model_server: ModelServer, new_session: NewSession) -> None:
    session = new_session(inline_skills=[READER, Skill("talker")])
    model_server.answer_with(
        lambda body: says("reader" if "reader" in system_of(body) else "talker")
    )
    names = ("reader", "talker", "reader")
    invocations = [{"tool": "Skill", "args": {"name": name}} for name in names]
    result = session.tool("batch", {"invocations": invocations})
    assert result.exit_code == 0
    assert result.output == (
        "--- [1: Skill] ---\nreader\n--- [2: Skill] ---\ntalker\n--- [3: Skill] ---\nreader\n"
    )
