"""Teams whose members are sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, InvalidArgument, ModelError, UnknownModel
from a3s_code.agents.team import Team, TeamConfig
from a3s_code.teams import TeamMemberOptions, TeamRunner
from tests.delegation.conftest import prompts, system_of
from tests.model_server import ModelServer, agent_hcl, calls, says, status


def answer(body: dict[str, Any]) -> Any:
    prompt = prompts(body)[-1]
    if "You lead a team" in prompt:
        return says('{"tasks": ["first", "second"]}')
    return says("APPROVED" if "Review the result" in prompt else "did it")


@pytest.fixture
def agent(model_server: ModelServer) -> Agent:
    """An agent whose model plays all members."""
    model_server.answer_with(answer)
    return Agent.create(agent_hcl(model_server))


def test_a_team_of_named_agents(model_server: ModelServer, agent: Agent, tmp_path: Path) -> None:
    with TeamRunner.create(agent, tmp_path) as runner:
        assert runner.add_lead("plan", TeamMemberOptions(extra="Lead well.")) == "lead"
        assert runner.add_worker("general", guidelines="Work hard.") == "worker-1"
        assert runner.add_worker("general") == "worker-2"
        assert runner.add_reviewer("review") == "reviewer"
        result = runner.run_until_done("the goal")
    assert [task.result for task in result.done_tasks] == ["did it", "did it"]
    assert (result.rejected_tasks, result.rounds) == ([], 1)
    assert runner.task_board().stats().done == 2
    systems = "".join(map(system_of, model_server.requests))
    assert "Lead well." in systems
    assert "Work hard." in systems
    assert "You review changes" in systems


def test_every_option_of_a_member(model_server: ModelServer, tmp_path: Path) -> None:
    other = 'id = "m"\n  }\n  models {\n    id = "other"'
    agent = Agent.create(agent_hcl(model_server).replace('id   = "m"', other))
    model_server.answer_with(answer)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "AGENTS.md").write_text("Rules of sub.", encoding="utf-8")
    options = TeamMemberOptions(
        workspace=tmp_path / "sub",
        model="openai/other",
        role="You are a foreman.",
        guidelines="Divide fairly.",
        response_style="Be terse.",
        extra="Mind the budget.",
    )
    with TeamRunner.create(agent, tmp_path) as runner:
        runner.add_lead("plan", options)
        runner.add_worker("general")
        runner.run_until_done("the goal")
        with pytest.raises(UnknownModel, match="missing"):
            runner.add_reviewer("review", model="openai/missing")
    assert [request["model"] for request in model_server.requests] == ["other", "m", "m"]
    system = system_of(model_server.requests[0])
    for told in ("a foreman", "Divide fairly", "Be terse", "Mind the budget", "Rules of sub"):
        assert told in system


def test_rounds_of_a_member_are_limited(
    model_server: ModelServer, agent: Agent, tmp_path: Path
) -> None:
    """A lead that did not come to its tasks leaves the goal as the only one."""
    model_server.script(calls("ls"), calls("ls"))
    with TeamRunner.create(agent, tmp_path) as runner:
        runner.add_lead("plan", max_tool_rounds=2)
        runner.add_worker("general")
        result = runner.run_until_done("the goal")
    assert [task.description for task in result.done_tasks] == ["the goal"]
    assert len(model_server.requests) == 3


def test_members_from_a_directory_of_agents(
    model_server: ModelServer, agent: Agent, tmp_path: Path
) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "poet.yaml").write_text("name: poet\nprompt: You rhyme.", "utf-8")
    with TeamRunner.create(agent, tmp_path, agent_dirs=[tmp_path / "agents"]) as runner:
        runner.add_lead("plan")
        runner.add_worker("poet")
        assert runner.run_until_done("the goal").rounds == 1
    team = Team("mine")
    team.add_member("boss", "lead")
    team.add_member("hand", "worker")
    with TeamRunner(team) as runner:
        runner.bind_agent("boss", agent, tmp_path, "plan")
        runner.bind_agent("hand", agent, tmp_path, "poet", agent_dirs=[tmp_path / "agents"])
        assert runner.run_until_done("the goal").rounds == 1
    poets = ["You rhyme." in system_of(request) for request in model_server.requests]
    assert poets == [False, True, True] * 2


def test_bound_sessions_without_a_reviewer(agent: Agent, tmp_path: Path) -> None:
    team = Team("mine", TeamConfig(max_tasks=1))
    team.add_member("boss", "lead")
    team.add_member("hand", "worker")
    runner = TeamRunner(team)
    with agent.session(tmp_path) as boss:
        runner.bind_session("boss", boss)
        runner.bind_agent("hand", agent, tmp_path, "general")
        result = runner.run_until_done("the goal")
        runner.close()
        assert len(boss.history()) == 2
    assert [task.assigned_to for task in result.done_tasks] == ["hand"]


def test_what_a_team_needs(agent: Agent, tmp_path: Path) -> None:
    with TeamRunner.create(agent, tmp_path) as runner:
        with pytest.raises(InvalidArgument, match="not found"):
            runner.add_lead("nobody")
        runner.add_lead("plan")
        with pytest.raises(InvalidArgument, match="a lead and a worker"):
            runner.run_until_done("x")
        with pytest.raises(InvalidArgument, match="goal is empty"):
            runner.run_until_done(" ")
        with pytest.raises(InvalidArgument, match="no member 'x'"):
            runner.bind_agent("x", agent, tmp_path, "general")
    with pytest.raises(InvalidArgument, match="has no agent"):
        TeamRunner(Team("t")).add_lead("plan")


def test_a_lead_that_fails_fails_the_team(
    model_server: ModelServer, agent: Agent, tmp_path: Path
) -> None:
    model_server.answer_with(lambda _body: status(401))
    with TeamRunner.create(agent, tmp_path) as runner:
        runner.add_lead("plan")
        runner.add_worker("general")
        with pytest.raises(ModelError, match="401"):
            runner.run_until_done("x")
