"""The Python examples of the documented API, as they are written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from a3s_code import Agent, Attachment, EventType, Session, SessionOptions
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.test_attachments import PNG


@pytest.fixture
def agent(model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    model_server.answer_with(lambda body: says("ok"))
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Agent.create("agent.hcl")


def test_minimal_configurations() -> None:
    assert repr(
        Agent.create("""
default_model = "local/small"
providers {
  name     = "local"
  base_url = "http://localhost:8000/v1"
  models {
    id = "small"
    limit { context = 32768  output = 2048 }
  }
}
""")
    ).endswith("default_model='local/small')")
    agent = Agent.create("""
default_model = "p/m"
providers {
  name    = "p"
  api_key = "k"
  models { id = "m" }
}
""")
    assert agent.models() == ["p/m"]
    assert Agent.new('default_model = "p/m"\nproviders "p" {\napi_key = "k"\nmodels "m" {}\n}')


def test_an_agent_from_a_dictionary(model_server: ModelServer, tmp_path: Path) -> None:
    agent = Agent.from_config(
        {
            "default_model": "p/m",
            "providers": [
                {
                    "name": "p",
                    "api_key": "k",
                    "base_url": model_server.url,
                    "models": [{"id": "m"}],
                }
            ],
        }
    )
    model_server.script(says("From a dictionary."))
    assert agent.session(tmp_path).send("hi").text == "From a dictionary."


def test_creating_a_session(agent: Agent, tmp_path: Path) -> None:
    proj = str(tmp_path)
    opts = SessionOptions(permissive=True)
    for session in (
        agent.session(proj),
        agent.session(proj, model="openai/m", permissive=True),
        agent.session(proj, options=opts),
        agent.session(proj, opts),
        agent.session(proj, {"auto_compact": True}),
    ):
        assert isinstance(session, Session)
        assert str(session.send("hi")) == "ok"


def test_events_as_attributes_and_as_a_mapping(agent: Agent, tmp_path: Path) -> None:
    session = agent.session(tmp_path)
    text, kinds = "", []
    for e in session.stream("hi"):
        kinds.append(e["type"])
        assert e.get("type") == e.event_type == e.type
        if e.event_type == EventType.TEXT_DELTA:
            text += e.text
            assert e["text"] == e.text == e.get("text")
        if e.event_type == "start":
            assert e["prompt"] == e.prompt == "hi"
        assert e.tool_name is None or isinstance(e.tool_name, str)
        assert isinstance(e.data, str)
    assert text == "ok"
    assert kinds[0] == "start"
    assert kinds[-1] == EventType.END == "end"


def test_several_turns_with_an_explicit_history(agent: Agent, tmp_path: Path) -> None:
    session = agent.session(tmp_path)
    result = session.send("first", history=[])
    result = session.send("second", history=result.messages)
    assert len(result.messages) == 4
    assert session.history() == []


def test_a_command_of_ones_own(agent: Agent, tmp_path: Path) -> None:
    s = agent.session(tmp_path)
    s.register_command("count", "Messages so far", lambda args, ctx: str(ctx["history_len"]))
    assert s.send("/count").text == "0"


def test_tools_by_hand(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n", encoding="utf-8")
    session = agent.session(tmp_path)
    assert session.read_file("a.py").startswith("     1\timport os")
    assert session.bash("echo hi") == "hi\n"
    assert session.glob("**/*.py") == ["a.py"]
    assert "a.py:1:import os" in session.grep("import")
    result = session.tool("bash", {"command": "exit 3"})
    assert repr(result) == "ToolResult(name='bash', exit_code=3)"
    assert result["exit_code"] == result.exit_code == 3
    assert session.call_tool("ls", {})["output"].startswith("Directory: ")
    assert session.tool("nope", {}).exit_code == 1
    assert "Unknown tool" in session.tool("nope", {}).output


def test_a_picture_is_sent_along(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(PNG)
    session = agent.session(tmp_path)
    picture = Attachment.from_file("plot.png")
    assert session.send_with_attachments("What is this?", [picture]).text == "ok"


def test_a_hook_that_blocks(agent: Agent, model_server: ModelServer, tmp_path: Path) -> None:
    def no_push(ev):  # type: ignore[no-untyped-def]
        if "push" in ev["payload"]["args"].get("command", ""):
            return {"action": "block", "reason": "pushing is done by people"}

    s = agent.session(tmp_path, permissive=True)
    s.register_hook(
        "no-push", "pre_tool_use", matcher={"tool": "bash"}, config={"priority": 5}, handler=no_push
    )
    model_server.script(calls("bash", command="git push"), says("Not pushed."))
    ends = [e for e in s.stream("push it") if e.event_type == "tool_end"]
    assert ends[0].tool_output == "Tool 'bash' blocked by hook: pushing is done by people"
