"""A kernel that is killed in the middle of a turn, by the system or by a person who lost patience."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from a3s_code.store.draft import unpacked
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, says, wait

from .conftest import Kernel, StartKernel

pytestmark = pytest.mark.kernel


def until(true: Callable[[], bool]) -> None:
    """Wait, but not forever."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def kernel(start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer) -> Kernel:
    """A chat kernel for a notebook."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    (tmp_path / "one.ipynb").write_text("{}", "utf-8")
    return start_kernel(
        {
            "JPY_SESSION_NAME": str(tmp_path / "one.ipynb"),
            "A3S_DATA_DIR": str(tmp_path / "data"),
            "A3S_UI": "final",
        },
        "a3s-chat",
    )


def kill_and_restart(kernel: Kernel) -> None:
    """What Jupyter's restarter does for a kernel that died."""
    process = psutil.Process(kernel.manager.provisioner.pid)
    process.kill()
    until(lambda: not kernel.manager.is_alive())
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=DEADLINE_S)


def drafted(folder: Path) -> str:
    """What of running turns is on the disk."""
    files = (folder / "data" / "sessions").glob("*.running")
    return "".join(unpacked(file.read_bytes()).decode() for file in files)


def test_the_turn_is_kept_but_for_its_last_second(
    kernel: Kernel, tmp_path: Path, model_server: ModelServer
) -> None:
    """The next prompt goes on behind it; one line says so, and nothing runs again."""
    (tmp_path / "a.txt").write_text("content of a", "utf-8")
    model_server.script(
        calls("read", file_path="a.txt", id="c1"),
        says("Half of the answer", wait(), "never"),
        says("Then so."),
    )
    kernel.client.execute("look at a.txt")
    until(lambda: "Half of the answer" in drafted(tmp_path))

    kill_and_restart(kernel)
    ran = kernel.run("go on")

    told: list[Any] = model_server.requests[-1]["messages"]
    shown = next(m for m in ran.messages if m["msg_type"] == "display_data")
    text = shown["content"]["data"]["text/plain"]
    assert [m["content"] for m in told if m["role"] == "user"] == ["look at a.txt", "go on"]
    assert "content of a" in next(m["content"] for m in told if m["role"] == "tool")
    assert [m["content"] for m in told if m["role"] == "assistant"][-1] == "Half of the answer"
    assert "the last turn was cut off because its kernel was killed" in text
    assert len(model_server.requests) == 3
    assert drafted(tmp_path) == ""

    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=DEADLINE_S)
    assert "6 messages" in kernel.run("%a3s status").stream("stdout")


@pytest.mark.skipif(sys.platform == "win32", reason="the command is one of a POSIX shell")
def test_its_commands_end_and_the_model_is_told(
    kernel: Kernel, tmp_path: Path, model_server: ModelServer
) -> None:
    """The whole tree, also what made itself a session of its own; the call has a result."""
    command = "setsid sleep 300 & sleep 301 & echo $$ > pid.new; mv pid.new pid; wait"
    model_server.script(calls("bash", command=command, id="c1"), says("I see."))
    kernel.client.execute("%%a3s --yes\nwork")
    until(lambda: (tmp_path / "pid").exists() and '"c1"' in drafted(tmp_path))
    shell = psutil.Process(int((tmp_path / "pid").read_text("utf-8")))
    until(lambda: len(shell.children(recursive=True)) == 2)  # and no `mv` any more
    tree = [shell, *shell.children(recursive=True)]

    kill_and_restart(kernel)
    kernel.run("go on")

    assert psutil.wait_procs(tree, timeout=DEADLINE_S)[1] == []
    told: list[Any] = model_server.requests[-1]["messages"]
    assert [m["role"] for m in told if m["role"] != "system"] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]
    assert "killed before this call finished" in told[-2]["content"]
