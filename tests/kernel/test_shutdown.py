"""Shutting down and restarting in the middle of a turn: tools end, the conversation is saved."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, says

from .conftest import Kernel, StartKernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform == "win32", reason="the command is one of a POSIX shell"),
]


@pytest.fixture
def working(start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer) -> Kernel:
    """A chat kernel for a notebook, in the middle of a long command."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    (tmp_path / "one.ipynb").write_text("{}", "utf-8")
    model_server.script(
        calls("bash", command="echo $$ > pid.new && mv pid.new pid && sleep 300"), says("Fine.")
    )
    kernel = start_kernel(
        {"JPY_SESSION_NAME": str(tmp_path / "one.ipynb"), "A3S_DATA_DIR": str(tmp_path / "data")},
        "a3s-chat",
    )
    kernel.client.execute("%%a3s --yes\nwork")
    return kernel


def process_of(folder: Path) -> psutil.Process:
    """The shell that runs the command, once it does."""
    deadline = time.monotonic() + DEADLINE_S
    while not (folder / "pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return psutil.Process(int((folder / "pid").read_text("utf-8")))


@pytest.mark.parametrize("restart", [False, True])
def test_the_tools_end_and_the_conversation_is_saved(
    working: Kernel, tmp_path: Path, model_server: ModelServer, restart: bool
) -> None:
    """By request, as front ends do it; without an interrupt before."""
    shell = process_of(tmp_path)
    sleeping = shell.children()

    working.client.shutdown(restart=restart)

    gone, alive = psutil.wait_procs([shell, *sleeping], timeout=DEADLINE_S)
    assert (len(gone), alive) == (1 + len(sleeping), [])
    deadline = time.monotonic() + DEADLINE_S
    while working.manager.is_alive():  # a kernel that is slow to save would be killed by a restart
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if restart:
        working.manager.restart_kernel()
        working.client.wait_for_ready(timeout=DEADLINE_S)
        working.run("go on")
        told = [m["content"] for m in model_server.requests[-1]["messages"] if m["role"] == "user"]
        assert told == ["work", "go on"]
    else:
        (file,) = (tmp_path / "data" / "sessions").glob("*.json")
        first = json.loads(file.read_text("utf-8"))["messages"][0]
        assert first["content"] == [{"type": "text", "text": "work"}]


def test_stop_ends_the_tool_and_the_kernel_stays(working: Kernel, tmp_path: Path) -> None:
    """The chat kernel is interrupted like the other one."""
    shell = process_of(tmp_path)

    working.manager.interrupt_kernel()

    assert psutil.wait_procs([shell], timeout=DEADLINE_S)[1] == []
    reply: dict[str, Any] = {}
    while reply.get("msg_type") != "execute_reply":
        reply = working.client.get_shell_msg(timeout=DEADLINE_S)
    assert reply["content"]["ename"] == "TurnCancelled"
    assert working.run("%%py\n6 * 7").result == "42"
