"""Sessions that are set up as an agent's definition says."""

from __future__ import annotations

from pathlib import Path

import pytest

from a3s_code import Agent, InvalidArgument, PermissionPolicy
from tests.delegation.conftest import system_of, tool_results
from tests.model_server import ModelServer, agent_hcl, calls, says, turn

LINES = """\
name: auditor
permissions:
  allow: ["bash(echo:*)", "ls"]
  default_decision: deny
max_steps: 2
model: openai/m
"""


@pytest.fixture
def agents(tmp_path: Path) -> list[str]:
    """A directory with one definition."""
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "auditor.md").write_text(f"---\n{LINES}---\nYou audit.", encoding="utf-8")
    return [str(folder)]


def test_the_definition_sets_the_session_up(
    model_server: ModelServer, tmp_path: Path, agents: list[str]
) -> None:
    agent = Agent.create(agent_hcl(model_server))
    model_server.script(
        turn(calls("bash", command="echo one"), calls("bash", command="pwd")), calls("ls")
    )
    with agent.session_for_agent(tmp_path, "auditor", agents) as session:
        session.send("go")
    assert "You audit." in system_of(model_server.requests[0])
    echo, pwd = tool_results(model_server, 1)
    assert echo == "one\n"
    assert pwd.startswith("Permission denied")
    assert len(model_server.requests) == 2


def test_options_of_the_caller_win(
    model_server: ModelServer, tmp_path: Path, agents: list[str]
) -> None:
    agent = Agent.create(agent_hcl(model_server))
    model_server.script(calls("bash", command="echo one; pwd"), calls("ls"), says("end"))
    with agent.session_for_agent(
        tmp_path,
        "auditor",
        agent_dirs=agents,
        options={"extra": "Mine.", "max_tool_rounds": 3},
        permission_policy=PermissionPolicy.permissive(),
    ) as session:
        assert session.send("go").text == "end"
    system = system_of(model_server.requests[0])
    assert "Mine." in system
    assert "You audit." not in system


def test_built_in_agents_and_directories_of_the_configuration(
    model_server: ModelServer, tmp_path: Path, agents: list[str]
) -> None:
    folder = Path(agents[0]).as_posix()
    agent = Agent.create(agent_hcl(model_server, top=f'agent_dirs = ["{folder}"]'))
    model_server.script(says("a"), says("b"))
    for name, text in (("auditor", "You audit."), ("plan", "You plan a piece of work")):
        with agent.session_for_agent(tmp_path, name) as session:
            session.send("hi")
        assert text in system_of(model_server.requests[-1])


def test_an_unknown_agent(model_server: ModelServer, tmp_path: Path) -> None:
    agent = Agent.create(agent_hcl(model_server))
    with pytest.raises(InvalidArgument, match="agent 'nobody' not found"):
        agent.session_for_agent(tmp_path, "nobody")
