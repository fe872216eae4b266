"""Sessions and real MCP servers, each in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, Session
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl

SERVER = str(Path(__file__).with_name("server.py"))


@pytest.fixture(scope="module")
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


@dataclass
class Shared:
    """A session with the test server `test`, and its model server."""

    session: Session
    model: ModelServer
    count: int


@pytest.fixture(scope="module")
def shared(needs_mcp: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For tests that leave the server as it is: starting one costs more than a second."""
    with ModelServer() as model:
        agent = Agent.create(agent_hcl(model))
        with agent.session(tmp_path_factory.mktemp("shared"), permissive=True) as session:
            count = session.add_mcp_server("test", command=sys.executable, args=[SERVER])
            yield Shared(session, model, count)


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


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def wait_until(true: Callable[[], bool]) -> None:
    """Look until it is true; fails after the deadline."""
    tick = threading.Event()
    for _ in range(int(DEADLINE_S * 100)):
        if true():
            return
        tick.wait(0.01)
    pytest.fail("waited in vain")
