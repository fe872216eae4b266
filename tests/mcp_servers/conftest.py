"""Sessions and real MCP servers, each in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, Session
from tests.model_server import ModelServer, agent_hcl

SERVER = str(Path(__file__).with_name("server.py"))
DEADLINE_S = 30.0


@pytest.fixture
def needs_mcp() -> None:
    """The package, which is an extra."""
    if importlib.util.find_spec("mcp") is None:
        pytest.skip('the package mcp is not installed: pip install "a3s-kernel[mcp]"')


@pytest.fixture
def session(needs_mcp: None, model_server: ModelServer, tmp_path: Path) -> Iterator[Session]:
    """A session in which every tool is allowed."""
    agent = Agent.create(agent_hcl(model_server))
    with agent.session(tmp_path, permissive=True) as session:
        yield session


@pytest.fixture
def add(session: Session) -> Callable[..., int]:
    """Adds the test server to the session; further arguments are its options."""

    def add(name: str = "test", *flags: str, **options: Any) -> int:
        return session.add_mcp_server(
            name, command=sys.executable, args=[SERVER, *flags], **options
        )

    return add


@pytest.fixture(params=["--http", "--sse"])
def http_server(request: pytest.FixtureRequest, needs_mcp: None) -> Iterator[dict[str, str]]:
    """Arguments of `add_mcp_server` for the test server over HTTP."""
    process = subprocess.Popen(
        [sys.executable, SERVER, request.param], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        if request.param == "--sse":
            yield {"transport": "http", "url": url}
        else:
            yield {"transport": "streamable-http", "url": f"{url}/mcp"}
    finally:
        process.kill()
        process.communicate()


def wait_until(true: Callable[[], bool]) -> None:
    """Look until it is true; fails after the deadline."""
    tick = threading.Event()
    for _ in range(int(DEADLINE_S * 100)):
        if true():
            return
        tick.wait(0.01)
    pytest.fail("waited in vain")
