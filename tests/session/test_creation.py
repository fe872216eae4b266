"""What a new session is: its id, its place, its model, and what its answers report."""

from __future__ import annotations

import os
import sys
import uuid
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
    result = new_session(kind).send("go")
    assert (str(result), result.tool_calls_count) == ("Done.", 2)
    usage = result.usage
    assert isinstance(usage, TokenUsage)
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (130, 11, 141)
    flat: Any = result
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert getattr(flat, name) == getattr(usage, name)


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
