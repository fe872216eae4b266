"""Notebooks here, kernels there: a notebook server whose kernels a kernel gateway runs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import DEADLINE_S
from tests.documents.blocks import blocks_of
from tests.model_server import ModelServer, agent_hcl, says, wait
from tests.servers import Server, free_port

from .environments import environment
from .over_http import RemoteKernel

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
TOKEN = "only-for-tests"
OpenNotebook = Callable[[str], RemoteKernel]


@pytest.fixture(scope="module")
def documented() -> dict[str, str]:
    """What the guide says must be exported on both sides."""
    (block,) = (b for b in blocks_of(ROOT / "docs/servers.md") if "kernelgateway" in b.text)
    return dict(re.findall(r"^export (\w+)=(\S+)$", block.text, re.MULTILINE))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the notebooks, and for what the kernels keep."""
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def gateway(machine: Path, jupyter_home: Path, documented: dict[str, str]) -> Iterator[Server]:
    """A kernel gateway with the environment of the guide, and a secret of its own."""
    python = environment(machine / "environment", "jupyter-kernel-gateway")
    where = ["--KernelGatewayApp.ip=127.0.0.1", f"--KernelGatewayApp.port={free_port()}"]
    with Server(
        [python, "-m", "kernel_gateway", *where],
        address=r"available at (http://127\.0\.0\.1:\d+)",
        folder=machine,
        environ={
            **os.environ,
            **documented,
            "A3S_DATA_DIR": str(machine / "kept"),
            "SECRET_OF_THE_GATEWAY": "1",
        },
    ) as server:
        yield server


@pytest.fixture(scope="module")
def notebooks(machine: Path, gateway: Server, documented: dict[str, str]) -> Iterator[Server]:
    """A notebook server that knows no kernels but the gateway's."""
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={machine}",
        f"--gateway-url={gateway.url}",
    ]
    with Server(
        [sys.executable, "-m", "jupyter_server", *options],
        address=r"(http://127\.0\.0\.1:\d+)/\S*\?token=",
        folder=machine,
        environ={**os.environ, **documented, "JUPYTER_PATH": ""},
    ) as server:
        yield server


@pytest.fixture
def open_notebook(
    notebooks: Server, machine: Path, model_server: ModelServer
) -> Iterator[OpenNotebook]:
    """Open an empty notebook with the kernel of this name; its model is scripted."""
    running: list[RemoteKernel] = []

    def start(spec: str) -> RemoteKernel:
        folder = machine / spec
        folder.mkdir()
        (folder / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
        empty = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
        (folder / "one.ipynb").write_text(empty, "utf-8")
        running.append(RemoteKernel(notebooks.url, TOKEN, f"{spec}/one.ipynb", spec))
        return running[-1]

    yield start
    for kernel in running:
        kernel.close()


def shown(message: dict[str, Any]) -> str:
    return str(message["content"].get("data", {}).get("text/plain", ""))


def prompts(request: dict[str, Any]) -> list[str]:
    return [m["content"] for m in request["messages"] if m["role"] == "user"]


def test_a_conversation_is_stopped_and_goes_on_after_a_restart(
    open_notebook: OpenNotebook, model_server: ModelServer, machine: Path
) -> None:
    """It is kept where the kernels run, under the notebook that the notebook server names."""
    model_server.script(says("One."), says("Half of it", wait(), " never seen"), says("Three."))
    kernel = open_notebook("a3s-chat")
    pressed = False

    def stop_once(message: dict[str, Any]) -> None:
        nonlocal pressed
        if not pressed and "Half of it" in shown(message):
            pressed = True
            kernel.interrupt()

    kernel.run("%env A3S_UI=display")
    first = kernel.run("first")
    second = kernel.run("second", stop_once)
    kernel.restart()
    third = kernel.run("third")

    assert first.reply["status"] == "ok", first.reply
    assert second.reply.get("ename") == "TurnCancelled", second
    assert third.reply["status"] == "ok", third.reply
    assert "conversation of 4 messages resumed" in "".join(map(shown, third.messages))
    assert prompts(model_server.requests[2]) == ["first", "second", "third"]
    assert model_server.disconnected.wait(DEADLINE_S)
    assert len(list((machine / "kept/sessions").glob("notebook-*.json"))) == 1
    told = kernel.run("%a3s status").stream("stdout")
    assert str((machine / "a3s-chat" / "one.ipynb").resolve()) in told
    assert kernel.run("%%py\nimport os\n'SECRET_OF_THE_GATEWAY' in os.environ").result == "False"
    assert kernel.run("%%py\nos.path.isfile('a3s-chat/one.ipynb')").result == "True"


def test_a_click_reaches_the_running_cell(
    open_notebook: OpenNotebook, model_server: ModelServer
) -> None:
    """Buttons are messages, which a gateway hands on."""
    model_server.script(says("Half of it", wait(), " never seen"), says("Well."))
    kernel = open_notebook("a3s")

    def click_cancel(message: dict[str, Any]) -> None:
        state = message["content"].get("data", {}).get("state", {})
        if message["msg_type"] == "comm_open" and state.get("description") == "Cancel":
            model_server.waiting.wait(DEADLINE_S)
            click = {"method": "custom", "content": {"event": "click"}}
            kernel.send("comm_msg", {"comm_id": message["content"]["comm_id"], "data": click})

    ran = kernel.run("%%a3s\nhello", click_cancel)

    assert ran.reply.get("ename") == "TurnCancelled", ran
    assert kernel.run("%%a3s\nagain").reply["status"] == "ok"
