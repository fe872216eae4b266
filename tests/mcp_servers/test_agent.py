"""Servers of the configuration: shared by the agent's sessions; life without the package."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from a3s_code import Agent, PermissionPolicy
from tests.deadlines import DEADLINE_S
from tests.mcp_servers.conftest import SERVER, alive, needs_proc, wait_until
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.tools.web_server import WebServer

ROOT = Path(__file__).resolve().parent.parent.parent


def block(name: str, *flags: str, more: str = "") -> str:
    """An `mcp_servers` block for the test server."""
    args = json.dumps([SERVER, *flags])
    return f"""
mcp_servers {{
  name    = "{name}"
  command = {json.dumps(sys.executable)}
  args    = {args}
  {more}
}}"""


def is_collected(pid: int) -> bool:
    """Whether the server of a session that nobody holds any more has ended."""
    gc.collect()
    return not alive(pid)


def mcp_tools(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("mcp__")]


@needs_proc
def test_sessions_share_the_configured_servers(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    top = block("good") + block("bad", "--crash") + block("off", more="enabled = false")
    agent = Agent.create(agent_hcl(model_server, top=top))
    first = agent.session(tmp_path, permissive=True)
    second = agent.session(tmp_path, permissive=True)

    status = first.mcp_status()
    assert list(status) == ["good", "bad"]
    assert status["good"]["connected"]
    assert "exit code 1" in status["bad"]["error"]
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len([text for text in warnings if text.startswith("MCP server bad left out")]) == 1
    assert mcp_tools(first.tool_names()) == mcp_tools(second.tool_names()) != []
    pid = int(first.tool("mcp__good__pids").output.split()[0])
    assert int(second.tool("mcp__good__pids").output.split()[0]) == pid

    first.tool("mcp__good__grow")
    agent.refresh_mcp_tools()
    third = agent.session(tmp_path, permissive=True)
    assert "mcp__good__grown" not in second.tool_names()
    assert third.tool("mcp__good__grown").output == "new"

    first.close()
    second.remove_mcp_server("good")
    assert mcp_tools(second.tool_names()) == []
    assert third.tool("mcp__good__add", {"a": 1}).output == "2"

    del agent, first, second, third
    wait_until(lambda: is_collected(pid))


def test_a_block_says_how_its_server_runs(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path
) -> None:
    """Variables beside those that there are, and the time for a call."""
    top = block("own", more='env = { A3S_TEST_OWN = "mine" }')
    top += block("hasty", more="timeout_ms = 200")
    agent = Agent.create(agent_hcl(model_server, top=top))
    with agent.session(tmp_path, permissive=True) as session:
        told = [
            session.tool("mcp__own__variable", {"name": name}).output
            for name in ("A3S_TEST_OWN", "PATH")
        ]
        late = session.tool("mcp__hasty__wait_for_ever", {"diary": str(tmp_path / "diary")})
    assert told == ["mine", os.environ["PATH"]]
    assert late.output == "MCP tool error: no answer within 200ms"


def test_a_block_says_where_its_server_is_and_what_it_is_told(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path
) -> None:
    """Nobody there speaks the protocol, so the agent goes without; but each was asked."""

    def far(transport: str, url: str) -> str:
        return f"""
mcp_servers {{
  name      = "{transport}"
  transport = "{transport}"
  url       = "{url}/mcp"
  headers   = {{ X-Team = "blue" }}
}}"""

    with WebServer() as events:
        top = far("http", events.url) + far("streamable-http", model_server.url)
        status = Agent.create(agent_hcl(model_server, top=top)).session(tmp_path).mcp_status()
        path, headers = events.requests[0]
    assert [server["connected"] for server in status.values()] == [False, False]
    assert (path, headers["x-team"]) == ("/mcp/sse", "blue")
    assert (model_server.paths[0], model_server.headers[0]["x-team"]) == ("/mcp", "blue")


@needs_proc
def test_a_forgotten_session_ends_its_servers(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path
) -> None:
    session = Agent.create(agent_hcl(model_server)).session(tmp_path, permissive=True)
    session.add_mcp_server("test", command=sys.executable, args=[SERVER])
    pid = int(session.tool("mcp__test__pids").output.split()[0])
    del session
    wait_until(lambda: is_collected(pid))


def test_a_rule_for_a_server_covers_its_tools(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path
) -> None:
    policy = PermissionPolicy(deny=["mcp__my_server"], default_decision="allow")
    agent = Agent.create(agent_hcl(model_server))
    with agent.session(tmp_path, permission_policy=policy) as session:
        session.add_mcp_server("my server", command=sys.executable, args=[SERVER])
        model_server.script(calls("mcp__my_server__add", a=1), says("No."))
        ends = [e for e in session.stream("add") if e.event_type == "tool_end"]
    assert [end.exit_code for end in ends] == [1]
    assert "denied" in ends[0].tool_output.lower() or "permission" in ends[0].tool_output.lower()


def test_children_have_the_tools_of_their_parent(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path
) -> None:
    with Agent.create(agent_hcl(model_server)).session(tmp_path, permissive=True) as session:
        session.add_mcp_server("test", command=sys.executable, args=[SERVER])
        model_server.script(
            calls("task", agent="general", description="add", prompt="add 1 and 2"),
            calls("mcp__test__add", a=1, b=2),
            says("It is 3."),
            says("3"),
        )
        assert session.send("let someone add").text == "3"
    assert model_server.requests[2]["messages"][-1]["content"] == "3"


PROGRAM = """
import sys
from a3s_code import Agent
{before}
agent = Agent.create({hcl!r})
session = agent.session({workspace!r}, permissive=True)
{after}
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_without_the_package(model_server: ModelServer, tmp_path: Path) -> None:
    after = "session.add_mcp_server('x', command='x')"
    done = run(
        PROGRAM.format(
            before="sys.modules['mcp'] = None",
            hcl=agent_hcl(model_server, top=block("one") + block("two")),
            workspace=str(tmp_path),
            after="print(session.mcp_status()['one']['connected'])\n" + after,
        )
    )
    assert done.stdout == "False\n"
    told = 'MCP servers need a package that is not installed: pip install "a3s-kernel[mcp]"'
    assert done.stderr.splitlines()[0] == f"MCP servers left out (one, two). {told}"
    assert done.stderr.splitlines()[-1] == (
        f"a3s_code.errors.McpError: add_mcp_server failed: x: {told}"
    )


@needs_proc
@pytest.mark.parametrize("flags", [(), ("--stubborn",)], ids=["good", "stubborn"])
def test_the_end_of_the_interpreter_ends_the_servers(
    needs_mcp: None, model_server: ModelServer, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    done = run(
        PROGRAM.format(
            before="",
            hcl=agent_hcl(model_server, top=block("one", *flags)),
            workspace=str(tmp_path),
            after="print(session.tool('mcp__one__pids').output)",
        )
    )
    assert (done.returncode, done.stderr) == (0, "")
    server, child = map(int, done.stdout.split())
    wait_until(lambda: not alive(server))
    if flags:  # what had to be killed is killed with its children
        wait_until(lambda: not alive(child))
    else:  # it is left alone, unless the machine was too busy for the server to end in time
        subprocess.run(["kill", str(child)], check=False, stderr=subprocess.DEVNULL)
