"""What is really sent to a server over HTTP."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from a3s_code import Agent, McpError, Session
from tests.deadlines import DEADLINE_S
from tests.mcp_servers.recording_server import SESSION, RecordingServer
from tests.model_server import ModelServer, agent_hcl


@pytest.fixture
def server(needs_mcp: None) -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


def methods(server: RecordingServer) -> list[str]:
    return [json.loads(each.body)["method"] for each in server.of("POST", "/mcp")]


def test_one_endpoint_for_everything(server: RecordingServer, session: Session) -> None:
    """JSON and event streams are read, the session's id is sent back, its end is told."""
    headers = {"X-Team": "blue"}
    count = session.add_mcp_server("s", "streamable_http", url=f"{server.url}/mcp", headers=headers)
    assert count == 2  # on two pages
    assert session.tool("mcp__s__second").output == "did second"
    assert methods(server)[0] == "initialize"
    assert sorted(methods(server)[1:]) == [
        "notifications/initialized",
        "tools/call",
        "tools/list",
        "tools/list",
    ]
    first, *others = server.of("POST", "/mcp")
    assert "mcp-session-id" not in first.headers
    assert {each.headers["mcp-session-id"] for each in others} == {SESSION}
    assert {each.headers["x-team"] for each in server.requests} == {"blue"}
    session.remove_mcp_server("s")
    assert server.ended.wait(DEADLINE_S)
    (ended,) = server.of("DELETE", "/mcp")
    assert ended.headers["mcp-session-id"] == SESSION


def test_the_older_transport_looks_at_its_own_place(
    server: RecordingServer, session: Session
) -> None:
    headers = {"X-Team": "blue"}
    for url in (server.url, f"{server.url}/sse"):
        with pytest.raises(McpError, match="add_mcp_server failed"):
            session.add_mcp_server("s", "http", url=url, headers=headers)
    asked = server.of("GET", "/sse")
    assert [each.headers["x-team"] for each in asked] == ["blue", "blue"]
    assert asked == server.requests


@pytest.mark.parametrize(
    ("oauth", "token", "form"),
    [
        ('access_token = "token-of-ours"', "token-of-ours", None),
        (
            'token_url = "{url}/token"  client_id = "me"  client_secret = "hush"  scopes = ["a", "b"]',
            "token-of-the-server",
            {"client_id": ["me"], "client_secret": ["hush"], "scope": ["a b"]},
        ),
    ],
    ids=["given", "fetched"],
)
def test_an_access_token_is_sent(
    server: RecordingServer,
    model_server: ModelServer,
    tmp_path: Path,
    oauth: str,
    token: str,
    form: dict[str, list[str]] | None,
) -> None:
    top = f"""
mcp_servers {{
  name      = "s"
  transport = "streamable-http"
  url       = "{server.url}/mcp"
  oauth {{ {oauth.replace("{url}", server.url)} }}
}}"""
    agent = Agent.create(agent_hcl(model_server, top=top))
    session = agent.session(tmp_path, permissive=True)
    assert session.tool("mcp__s__first").output == "did first"
    del agent, session  # the connection is the agent's: it ends before the server does
    gc.collect()
    assert server.ended.wait(DEADLINE_S)
    sent = {each.headers["authorization"] for each in server.of("POST", "/mcp")}
    assert sent == {f"Bearer {token}"}
    asked = [parse_qs(each.body) for each in server.of("POST", "/token")]
    expected = [] if form is None else [form | {"grant_type": ["client_credentials"]}]
    assert asked == expected
