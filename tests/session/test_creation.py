"""What a new session is: its id, its place, its model, and what its answers report."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import a3s_code
from a3s_code import Agent, Session, TokenUsage
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.conftest import NewSession

EFFORT = "reasoning = true"


def test_an_id_is_made_when_none_is_given(new_session: NewSession) -> None:
    first, second = new_session(), new_session()
    assert str(uuid.UUID(first.session_id)) == first.session_id != second.session_id
    assert uuid.UUID(first.session_id).version == 4
    assert new_session(session_id="mine").session_id == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_to_the_workspace_are_resolved(model_server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "link")
    agent = Agent.create(agent_hcl(model_server))
    for given in (tmp_path / "link", f"{tmp_path}/real/../link"):
        assert agent.session(given).workspace == str((tmp_path / "real").resolve())


def test_the_class_has_two_names() -> None:
    assert a3s_code.AgentSession is Session


def test_one_agent_serves_several_workspaces(model_server: ModelServer, tmp_path: Path) -> None:
    """Each session has the files, the instructions and the conversation of its own."""
    agent = Agent.create(agent_hcl(model_server))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "AGENTS.md").write_text(f"Rules of *{name}*.", encoding="utf-8")
    one, two = (agent.session(tmp_path / name) for name in ("one", "two"))
    model_server.script(says("First."), says("Second."))
    for session, name in ((one, "one"), (two, "two")):
        session.send(f"hello {name}")
        assert session.read_file("AGENTS.md") == f"     1\tRules of *{name}*.\n"
        assert len(session.history()) == 2
    systems = [request["messages"][0]["content"] for request in model_server.requests]
    assert ["Rules of *one*." in system for system in systems] == [True, False]
    assert ["Rules of *two*." in system for system in systems] == [False, True]


def test_an_agent_from_a_configuration_object(model_server: ModelServer, tmp_path: Path) -> None:
    model_server.script(says("From an object."))
    agent = Agent.from_config(Agent.create(agent_hcl(model_server)).config)
    assert agent.session(tmp_path).send("hi").text == "From an object."


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda agent: Agent.create("missing.hcl"), r"^Failed to create agent: .*missing\.hcl"),
        (lambda agent: Agent.new("default_model = 3"), r"^Failed to create agent: .*default_model"),
        (lambda agent: Agent.from_config({}), r"^Failed to create agent: .*default_model"),
        (lambda agent: agent.session(".", model="openai/nope"), "openai.*nope"),
        (lambda agent: agent.session(".", model="nobody/m"), "nobody.*m"),
        (lambda agent: agent.session(".", model="m"), "provider/model"),
        (lambda agent: agent.session_for_agent(".", "nobody"), "^agent 'nobody' not found$"),
        (lambda agent: agent.resume_session("s"), "^Failed to resume session: no session store"),
    ],
)
def test_what_cannot_be_made_is_a_runtime_error(
    model_server: ModelServer, make: Callable[[Agent], Any], problem: str
) -> None:
    with pytest.raises(RuntimeError, match=problem):
        make(Agent.create(agent_hcl(model_server)))


def test_a_temperature_without_a_model_is_left_out_with_a_warning(
    model_server: ModelServer, new_session: NewSession, caplog: pytest.LogCaptureFixture
) -> None:
    model_server.script(says("ok"), says("ok"))
    new_session(model="openai/m", temperature=0.5).send("hi")
    assert caplog.records == []
    new_session(temperature=0.5).send("hi")
    assert [request.get("temperature") for request in model_server.requests] == [0.5, None]
    assert "temperature" in caplog.text


@pytest.mark.parametrize(("model", "sent"), [("anthropic/m", 2048), (None, None)])
def test_a_thinking_budget_needs_a_model(
    model_server: ModelServer,
    new_session: NewSession,
    caplog: pytest.LogCaptureFixture,
    model: str | None,
    sent: int | None,
) -> None:
    model_server.script(says("ok"))
    session = new_session("anthropic", model_lines=EFFORT, model=model, thinking_budget=2048)
    session.send("hi")
    assert model_server.requests[0].get("thinking", {}).get("budget_tokens") == sent
    assert ("thinking_budget" in caplog.text) is (sent is None)


def test_all_slots_are_options(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("ok"))
    new_session(response_style="One line.", guidelines="Use R.", extra="Really.").send("hi")
    system = model_server.requests[0]["messages"][0]["content"]
    assert "## Response Format\n\nOne line.\n\n## Guidelines\n\nUse R.\n\nReally." in system


@pytest.mark.parametrize("option", ["memory_dir", "file_memory"])
def test_folders_of_memory(new_session: NewSession, tmp_path: Path, option: str) -> None:
    session = new_session(**{option: str(tmp_path / "memory")})
    assert session.has_memory
    session.remember_success("sort", ["bash"], "sorted")
    assert (tmp_path / "memory").is_dir()


def test_a_result_tells_calls_and_tokens_of_all_its_rounds(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(calls("ls").using(100, 5), calls("nosuch").using(20, 1), says("Done."))
    session = new_session(kind)
    result = session.send("go")
    assert (str(result), result.text, result.tool_calls_count) == ("Done.", "Done.", 2)
    usage = result.usage
    assert isinstance(usage, TokenUsage)
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (130, 11, 141)
    flat: Any = result
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert getattr(flat, name) == getattr(usage, name)
    assert flat.messages == session.history()
    assert len(flat.messages) == 6


def test_the_tools_are_described(new_session: NewSession) -> None:
    session = new_session()
    definitions = session.tool_definitions()
    assert [definition["name"] for definition in definitions] == session.tool_names()
    for definition in definitions:
        assert set(definition) == {"name", "description", "parameters"}
        assert definition["parameters"]["type"] == "object"


def test_metadata_of_a_direct_call_is_there_decoded_and_as_text(new_session: NewSession) -> None:
    session = new_session()
    result = session.tool("bash", {"command": "exit 3"})
    assert (result.name, result.exit_code, str(result)) == ("bash", 3, result.output)
    assert result.metadata is not None
    assert result.metadata["exit_code"] == 3
    assert result.metadata_json is not None
    assert '"exit_code": 3' in result.metadata_json
    for name in ("name", "output", "exit_code", "metadata", "metadata_json"):
        assert result[name] == getattr(result, name)
