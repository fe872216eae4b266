"""Sessions that are supervised by a real harness: a child process, or a server on 127.0.0.1."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from a3s_code import HttpTransport, StdioTransport
from tests.deadlines import DEADLINE_S
from tests.session.conftest import new_session

__all__ = ["new_session"]

HARNESS = str(Path(__file__).with_name("harness.py"))
TOKEN = "harness-token-0123456789"


class Harness:
    """What the harness is to answer, what it has heard, and how it is reached."""

    def __init__(self, folder: Path) -> None:
        self.script_file, self.heard_file = folder / "script", folder / "heard"
        self.heard_file.touch()
        self.transport: Callable[..., StdioTransport | HttpTransport] = self.stdio

    def script(self, *answers: dict[str, Any]) -> None:
        """The answers to what can be decided; before the harness starts."""
        lines = [json.dumps(answer) for answer in answers]
        self.script_file.write_text("\n".join(lines), "utf-8")

    @property
    def heard(self) -> list[dict[str, Any]]:
        """All messages so far."""
        lines = self.heard_file.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The params of the events of one kind."""
        params = [message["params"] for message in self.heard]
        return [event for event in params if event.get("event_type") == kind]

    @property
    def arguments(self) -> list[str]:
        """Arguments of the harness's program."""
        return [HARNESS, str(self.script_file), str(self.heard_file)]

    def stdio(self, **options: Any) -> StdioTransport:
        """The harness as a child process."""
        return StdioTransport(sys.executable, self.arguments, **options)

    def wait_for(self, kind: str) -> None:
        """Until an event of this kind was heard; notifications are not waited for by the session."""
        tick = threading.Event()
        for _ in range(int(DEADLINE_S * 100)):
            if self.events(kind):
                return
            tick.wait(0.01)
        pytest.fail(f"{kind} was not heard")


@pytest.fixture
def stdio(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    """A harness that is a child process."""
    return Harness(tmp_path_factory.mktemp("harness"))


@pytest.fixture(params=["stdio", "http"])
def harness(request: pytest.FixtureRequest, stdio: Harness) -> Iterator[Harness]:
    """A harness of either kind; its `script` must be given before `transport` is called."""
    if request.param == "stdio":
        yield stdio
        return
    servers: list[subprocess.Popen[str]] = []

    def http(**options: Any) -> HttpTransport:
        server = subprocess.Popen(
            [sys.executable, *stdio.arguments, "--http"],
            stdout=subprocess.PIPE,
            text=True,
            env={"HARNESS_TOKEN": TOKEN},
        )
        servers.append(server)
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/ahp"
        return HttpTransport(url, **{"auth_token": TOKEN, **options})

    stdio.transport = http
    yield stdio
    for server in servers:
        server.kill()
        server.communicate()
