"""The keys of the configuration reach neither the model nor a screen nor a saved session."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, MemorySessionStore, Session
from a3s_code.security.known_keys import PLACEHOLDER
from tests.model_server import ModelServer, agent_hcl, calls, says

KEY, TOKEN = "sk-live-abc123XYZ-0987", "srv-token-5566778899"
CONFIG = f"""
mcp_servers {{
  name = "wiki"
  transport = "http"
  url = "http://127.0.0.1:9/x"
  enabled = false
  headers = {{ Authorization = "Bearer {TOKEN}", Accept = "text/plain" }}
}}
"""


@pytest.fixture
def session(model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("A3S_TEST_KEY", KEY)
    text = agent_hcl(model_server, top=CONFIG).replace('"test-key"', f'"{KEY}"')
    assert KEY in text
    (tmp_path / "agent.hcl").write_text(text, "utf-8")
    return Agent.create(str(tmp_path / "agent.hcl")).session(
        tmp_path, permissive=True, session_store=MemorySessionStore()
    )


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("read", {"file_path": "agent.hcl"}),
    ("grep", {"pattern": "api_key|Bearer"}),
    ("bash", {"command": "cat agent.hcl"}),
    ("bash", {"command": f'{sys.executable} -c "import os; print(os.environ)"'}),
    ("batch", {"invocations": [{"tool": "read", "args": {"file_path": "agent.hcl"}}]}),
]


@pytest.mark.parametrize(("tool", "args"), CALLS)
def test_the_model_sees_a_placeholder(
    session: Session, model_server: ModelServer, tool: str, args: dict[str, Any]
) -> None:
    model_server.script(calls(tool, **args), says("Done."))
    events = list(session.stream("look"))
    (end,) = [event for event in events if event.event_type == "tool_end"]
    assert PLACEHOLDER in end.tool_output
    session.save()
    everything = json.dumps([model_server.requests, session.history()], default=str)
    everything += "".join(event.data for event in events)
    assert KEY not in everything
    assert TOKEN not in everything


@pytest.mark.parametrize(("tool", "args"), CALLS)
def test_a_call_by_hand_gives_a_placeholder(
    session: Session, tool: str, args: dict[str, Any]
) -> None:
    result = session.tool(tool, args)
    assert PLACEHOLDER in result.output
    assert KEY not in f"{result!r}{result.metadata}"
    assert TOKEN not in f"{result!r}{result.metadata}"


def test_a_key_that_is_written_in_two_pieces(session: Session, model_server: ModelServer) -> None:
    half = len(KEY) // 2
    code = (
        f"import sys, time; w = sys.stdout; w.write('{KEY[:half]}'); w.flush(); time.sleep(0.2); "
    )
    code += f"print('{KEY[half:]}')"
    command = f'{sys.executable} -c "{code}"'
    model_server.script(calls("bash", command=command), says("Done."))
    deltas = [e.text for e in session.stream("go") if e.event_type == "tool_output_delta"]
    assert "".join(deltas).strip() == PLACEHOLDER


def test_a_placeholder_is_not_written_over_a_key(session: Session, tmp_path: Path) -> None:
    before = (tmp_path / "agent.hcl").read_text("utf-8")
    shown = session.tool("bash", {"command": "cat agent.hcl"}).output
    result = session.tool("write", {"file_path": "agent.hcl", "content": shown + "# more"})
    assert result.exit_code == 1
    assert "it would destroy the key" in result.output
    assert (tmp_path / "agent.hcl").read_text("utf-8") == before


def test_words_of_other_headers_stay(session: Session) -> None:
    assert session.tool("bash", {"command": "echo text/plain"}).output.strip() == "text/plain"


def test_context_and_instructions_carry_no_key(model_server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text(f"Log in with {KEY}.", "utf-8")
    (tmp_path / "login.md").write_text(f"The login key is {KEY}.", "utf-8")
    model_server.script(says("Done."))
    text = agent_hcl(model_server).replace('"test-key"', f'"{KEY}"')
    with Agent.create(text).session(tmp_path, fs_context=str(tmp_path)) as session:
        session.send("what is the login key?")
    (system, *_) = model_server.requests[0]["messages"]
    assert system["content"].count(PLACEHOLDER) == 2
    assert KEY not in json.dumps(model_server.requests)


def test_a_diff_carries_no_key(session: Session) -> None:
    edit = {"file_path": "agent.hcl", "old_string": "attachment", "new_string": "tool_call"}
    assert session.tool("edit", edit).exit_code == 0
    assert (
        session.tool("edit", edit | {"old_string": "tool_call", "new_string": "a"}).exit_code == 0
    )
    versions = [kept.version for kept in session.list_file_versions("agent.hcl")]
    assert KEY not in str(session.diff_file_versions("agent.hcl", *versions[:2]))


def test_an_error_carries_no_key(session: Session, model_server: ModelServer) -> None:
    def broken(city: str) -> str:
        """Look up the weather."""
        raise RuntimeError(f"refused for {TOKEN} and {KEY}")

    session.register_tool(broken)
    model_server.script(calls("broken", city="Rome"), says("Done."))
    (end,) = [e for e in session.stream("go") if e.event_type == "tool_end"]
    assert end.tool_output.count(PLACEHOLDER) == 2
    assert KEY not in end.tool_output
