"""Servers that a session adds: their tools, their calls, their end."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from a3s_code import Attachment, InvalidArgument, McpError, Session, SessionClosed
from tests.deadlines import DEADLINE_S
from tests.mcp_servers.conftest import Shared, alive, needs_proc, wait_until
from tests.mcp_servers.server import LONG, PIXEL
from tests.model_server import calls, says

Add = Callable[..., int]


def test_tools_are_there_at_once_and_go_again(session: Session, add: Add) -> None:
    before = session.tool_names()
    count = add()
    names = session.tool_names()
    assert names[: len(before)] == before
    assert len(names) == len(before) + count
    assert session.mcp_status() == {"test": {"connected": True, "tool_count": count, "error": None}}
    result = session.tool("mcp__test__add", {"a": 2, "b": 3})
    assert (result.output, result.exit_code) == ("5", 0)

    session.remove_mcp_server("test")
    session.remove_mcp_server("never there")

    assert session.tool_names() == before
    assert session.mcp_status() == {}


def test_http_servers(session: Session, http_server: dict[str, str]) -> None:
    count = session.add_mcp_server("far", **http_server)  # type: ignore[arg-type]  # only strings
    assert count == session.mcp_status()["far"]["tool_count"]
    assert session.tool("mcp__far__add", {"a": 2}).output == "3"
    session.remove_mcp_server("far")
    assert session.mcp_status() == {}


def test_the_model_sees_and_calls_them(shared: Shared) -> None:
    session, model_server = shared.session, shared.model
    model_server.script(calls("mcp__test__add", id="c1", a=20, b=22), says("It is 42."))
    assert session.send("how much?").text == "It is 42."
    offered = {tool["function"]["name"]: tool for tool in model_server.requests[-2]["tools"]}
    tool = offered["mcp__test__add"]["function"]
    assert tool["description"] == "Add two numbers."
    assert tool["parameters"]["required"] == ["a"]
    assert model_server.requests[-1]["messages"][-1]["content"] == "42"


def test_results(shared: Shared) -> None:
    session = shared.session
    picture = session.tool("mcp__test__picture")
    assert picture.output == "a pixel\nseen"
    assert list(picture.images) == [Attachment(PIXEL, "image/png")]
    assert session.tool("mcp__test__papers").output == "content of a\n[resource: file:///b.txt]"
    failed = session.tool("mcp__test__fail")
    assert failed.exit_code == 1
    assert "no such thing" in failed.output
    refused = session.tool("mcp__test__add", {"a": "x"})
    assert refused.exit_code == 1


def test_odd_names_are_brought_into_form_and_call_the_real_tool(shared: Shared) -> None:
    session = shared.session
    names = [name for name in session.tool_names() if name.startswith("mcp__")]
    assert all(name.startswith("mcp__test__") and len(name) <= 64 for name in names)
    assert session.tool("mcp__test__odd_name__").output == "odd"
    (long,) = [name for name in names if "long_long" in name]
    assert session.tool(long).output == "long"
    assert LONG in session.send("/mcp").text


def test_variables_are_added_to_the_environment(
    session: Session, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A3S_TEST_INHERITED", "inherited")
    add(env={"A3S_TEST_OWN": "own"})
    for name, value in (("A3S_TEST_INHERITED", "inherited"), ("A3S_TEST_OWN", "own")):
        assert session.tool("mcp__test__variable", {"name": name}).output == value


def test_slash_commands_show_them(shared: Shared) -> None:
    session, count = shared.session, shared.count
    assert session.send("/mcp").text.splitlines()[:4] == [
        f"MCP: 1 server(s), {count} tool(s)",
        "",
        f"  test ({count} tools)",
        "    • add",
    ]
    tools = session.send("/tools").text
    assert f"MCP ({count}):" in tools
    assert "  • mcp__test__add" in tools


@needs_proc
def test_adding_again_connects_again(session: Session, add: Add) -> None:
    count = add()
    first = int(session.tool("mcp__test__pids").output.split()[0])
    assert add() == count
    second = int(session.tool("mcp__test__pids").output.split()[0])
    assert first != second
    wait_until(lambda: not alive(first))
    assert len([name for name in session.tool_names() if name.startswith("mcp__")]) == count


def test_a_call_that_takes_too_long(session: Session, add: Add, tmp_path: Path) -> None:
    add(timeout_ms=200)
    diary = tmp_path / "diary"
    result = session.tool("mcp__test__wait_for_ever", {"diary": str(diary)})
    assert (result.output, result.exit_code) == ("MCP tool error: no answer within 200ms", 1)
    wait_until(lambda: diary.read_text() == "cancelled")
    # On a busy machine the limit may end a quick call, too.
    wait_until(lambda: session.tool("mcp__test__add", {"a": 1}).output == "2")


def test_cancel_tells_the_server_and_returns(shared: Shared, tmp_path: Path) -> None:
    session, model_server = shared.session, shared.model
    diary = tmp_path / "diary"
    model_server.script(calls("mcp__test__wait_for_ever", diary=str(diary)))
    stream = session.stream("wait")
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(e.event_type for e in stream))
    reader.start()
    wait_until(lambda: diary.exists() and diary.read_text() == "started")
    session.cancel()
    reader.join(DEADLINE_S)
    assert seen[-1] == "end"
    wait_until(lambda: diary.read_text() == "cancelled")
    assert session.tool("mcp__test__add", {"a": 1}).output == "2"


def test_a_server_that_dies(session: Session, add: Add) -> None:
    add()
    lost = "MCP tool error: MCP server not connected: test"
    for _ in range(2):
        result = session.tool("mcp__test__die")
        assert (result.output, result.exit_code) == (lost, 1)
    wait_until(lambda: session.mcp_status()["test"]["error"] is not None)
    status = session.mcp_status()["test"]
    assert not status["connected"]
    assert status["error"] == "the connection was lost"
    assert session.send("/mcp").text == "No MCP servers connected."
    add()
    assert session.tool("mcp__test__add", {"a": 1}).output == "2"


def test_an_http_server_that_is_not_there(session: Session) -> None:
    with pytest.raises(McpError, match=r"^add_mcp_server failed: far: "):
        session.add_mcp_server("far", transport="streamable-http", url="http://127.0.0.1:9/mcp")
    assert not session.mcp_status()["far"]["connected"]


def test_a_server_that_does_not_start_tells_why_without_its_keys(
    session: Session, add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "a3s_code")
    with pytest.raises(McpError) as failure:
        add("bad", "--crash", env={"KEY": "hunter2hunter2"})
    told = "exit code 1: cannot start: the key *** is refused"
    assert told in str(failure.value)
    assert told in session.mcp_status()["bad"]["error"]
    assert "cannot start" in caplog.text
    assert "hunter2hunter2" not in caplog.text
    assert not any(name.startswith("mcp__") for name in session.tool_names())


def test_a_command_that_does_not_exist(session: Session) -> None:
    with pytest.raises(McpError, match="no-such-command"):
        session.add_mcp_server("bad", command="no-such-command-anywhere")


def test_standard_error_goes_to_the_log(
    session: Session, add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "a3s_code")
    add(env={"KEY": "hunter2hunter2"})
    result = session.tool("mcp__test__say_to_stderr", {"text": "look: hunter2hunter2"})
    assert result.output == "said"
    wait_until(lambda: "test: look: ***" in caplog.text)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "'command' is required for stdio transport"),
        ({"transport": "http"}, "'url' is required for http transport"),
        ({"transport": "streamable-http"}, "'url' is required for streamable-http transport"),
        ({"transport": "pigeon"}, "unknown transport 'pigeon'"),
        ({"command": "x", "timeout_ms": 0}, "timeout_ms"),
        ({"command": "x", "args": "-v"}, "args must be a list"),
        ({"command": "x", "env": {"A": 1}}, "env must have strings"),
    ],
)
def test_arguments_that_do_not_fit(session: Session, options: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidArgument, match=told):
        session.add_mcp_server("x", **options)  # type: ignore[arg-type]  # wrong on purpose
    assert session.mcp_status() == {}


@needs_proc
@pytest.mark.parametrize("flags", [(), ("--stubborn",)], ids=["good", "stubborn"])
def test_close_ends_the_servers(session: Session, add: Add, flags: tuple[str, ...]) -> None:
    add("test", *flags)
    pids = [int(pid) for pid in session.tool("mcp__test__pids").output.split()]
    session.close()
    wait_until(lambda: not alive(pids[0]))
    if flags:  # a server that had to be killed is killed with its children
        wait_until(lambda: not alive(pids[1]))
    else:  # it is left alone, unless the machine was too busy for the server to end in time
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[1], 9)
    with pytest.raises(SessionClosed):
        add()
