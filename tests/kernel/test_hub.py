"""JupyterHub with two users, where its proxy is there: `npm install -g configurable-http-proxy`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import PROGRAM_S
from tests.documents.blocks import blocks_of
from tests.model_server import ModelServer, agent_hcl, says
from tests.servers import Server, ask, free_port

from .environments import environment
from .over_http import RemoteKernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        shutil.which("configurable-http-proxy") is None,
        reason="JupyterHub's proxy is a program of npm: configurable-http-proxy is not on PATH",
    ),
]

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef" * 2
HUB = (
    *("jupyterhub", "alembic", "certipy", "oauthlib", "pamela", "sqlalchemy", "mako"),
    *("aiohttp", "aiohappyeyeballs", "aiosignal", "frozenlist", "multidict", "propcache", "yarl"),
    *("aiodns", "pycares"),
)
# Behind the block of the guide: what makes its containers processes in folders of this test.
CONFIG = """
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r} + "/{{username}}"
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{inner}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.start_timeout = c.Spawner.http_timeout = {deadline}
c.Spawner.environment.update(
    A3S_DATA_DIR=lambda spawner: {home!r} + f"/{{spawner.user.name}}/.a3s",
    A3S_CONFIG={config!r},
    JUPYTER_PATH={kernels!r},
)
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "tokens", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "tester", "scopes": scopes, "services": ["test"]}}]
"""

OpenNotebook = Callable[[str], RemoteKernel]


@pytest.fixture
def hub(tmp_path: Path, model_server: ModelServer) -> Iterator[Server]:
    """A hub whose users get a key each, as the guide says."""
    python = environment(tmp_path / "environment", *HUB)
    config = tmp_path / "config.hcl"
    given = agent_hcl(model_server).replace('"test-key"', 'env("OPENAI_API_KEY")')
    config.write_text(given, "utf-8")
    (block,) = (b for b in blocks_of(ROOT / "docs/servers.md") if "c.Spawner" in b.text)
    rest = CONFIG.format(
        home=str(tmp_path / "home"),
        public=free_port(),
        inner=free_port(),
        api=free_port(),
        python=str(python),
        deadline=PROGRAM_S,
        config=str(config),
        kernels=os.environ["JUPYTER_PATH"],
        token=TOKEN,
    )
    keys = "def key_of(name):\n    return 'key-of-' + name\n"
    (tmp_path / "jupyterhub_config.py").write_text(keys + block.text + rest, "utf-8")
    with Server(
        [python, "-m", "jupyterhub"],
        address=r"JupyterHub is now running at (http://127\.0\.0\.1:\d+)",
        folder=tmp_path,
        environ=os.environ,
    ) as server:
        yield server


@pytest.fixture
def open_notebook(hub: Server, tmp_path: Path) -> Iterator[OpenNotebook]:
    """Start a user's server, and open the notebook that each of them has under the same name."""
    running: list[RemoteKernel] = []

    def start(user: str) -> RemoteKernel:
        api = f"{hub.url}/hub/api/users/{user}"
        folder = tmp_path / "home" / user
        folder.mkdir(parents=True)
        empty = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
        (folder / "one.ipynb").write_text(empty, "utf-8")
        ask(api, TOKEN, "POST", {})
        ask(f"{api}/server", TOKEN, "POST", {})
        deadline = time.monotonic() + PROGRAM_S
        while not (server := ask(api, TOKEN, "GET")["servers"].get("", {})).get("ready"):
            assert time.monotonic() < deadline, "".join(hub.lines[-40:])
            time.sleep(0.2)
        token = ask(f"{api}/tokens", TOKEN, "POST", {})["token"]
        url = f"{hub.url}{server['url']}".rstrip("/")
        running.append(RemoteKernel(url, token, "one.ipynb", "a3s-chat"))
        return running[-1]

    yield start
    for kernel in running:
        kernel.close()


def prompts(request: dict[str, Any]) -> list[str]:
    return [m["content"] for m in request["messages"] if m["role"] == "user"]


@pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub does not run on Windows")
def test_two_users_have_conversations_and_keys_of_their_own(
    open_notebook: OpenNotebook, model_server: ModelServer, tmp_path: Path
) -> None:
    """Both go on after a restart."""
    model_server.answer_with(lambda request: says("Well."))
    ana, bea = open_notebook("ana"), open_notebook("bea")

    for user, name in ((ana, "ana"), (bea, "bea")):
        ran = user.run(f"I am {name}.")
        assert ran.reply["status"] == "ok", ran
    for user in (ana, bea):
        user.restart()
        assert user.run("Go on.").reply["status"] == "ok"

    assert [prompts(request) for request in model_server.requests] == [
        ["I am ana."],
        ["I am bea."],
        ["I am ana.", "Go on."],
        ["I am bea.", "Go on."],
    ]
    keys = [headers["authorization"] for headers in model_server.headers]
    assert keys == ["Bearer key-of-ana", "Bearer key-of-bea"] * 2
    for name in ("ana", "bea"):
        assert len(list((tmp_path / "home" / name / ".a3s/sessions").glob("*.json"))) == 1
