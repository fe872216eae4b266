"""A JupyterLab server of its own: nothing of the developer's configuration, only 127.0.0.1."""

from __future__ import annotations

import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deadlines import DEADLINE_S

STOP_S = 30  # for an orderly end; then it is killed
TOKEN = "only-for-tests"

# No network and no dialogs: no news, no look for updates, no question at the first start. And
# patience: completions that take longer than a second would be dropped.
QUIET = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/completer-extension/manager.jupyterlab-settings": {
        "providerTimeout": DEADLINE_S * 1000,
    },
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--expose-app-in-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    f"--IdentityProvider.token={TOKEN}",
    "--LabApp.extension_manager=readonly",
]
NO_KERNELS = [
    "--KernelSpecManager.ensure_native_kernel=False",
    "--KernelSpecManager.allowed_kernelspecs=none",
]


class LabServer:
    """JupyterLab for the notebooks in `root`; its state lives in `home`.

    `kernels` is a folder that holds kernelspecs under `share/jupyter`; None gives a server on which
    no kernel can be started.
    """

    def __init__(self, root: Path, home: Path, kernels: Path | None = None) -> None:
        self.root = root
        settings = home / "settings"
        for name, values in QUIET.items():
            (settings / name).parent.mkdir(parents=True, exist_ok=True)
            (settings / name).write_text(json.dumps(values), "utf-8")
        env = {
            **os.environ,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_PATH": str(kernels / "share" / "jupyter") if kernels else "",
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
        }
        options = OPTIONS if kernels else OPTIONS + NO_KERNELS
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"],
            cwd=root,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._address: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            address = self._address.get(timeout=DEADLINE_S)
        except queue.Empty:
            address = None
        if address is None:
            self.close()
            raise RuntimeError("JupyterLab did not start:\n" + "".join(self._lines[-30:]))
        self.url = address
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        """The address is logged before connections are taken."""
        port = int(self.url.rpartition(":")[2])
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def page(self, path: str) -> str:
        """Address of a notebook in a fresh workspace; `path` is relative to the root."""
        return f"{self.url}/lab/tree/{path}?reset&token={TOKEN}"

    def request(self, method: str, path: str) -> Any:
        """Call the server's REST interface and return its JSON, None for an empty answer."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def shut_down_kernels(self) -> None:
        """End every notebook's session; the server stays."""
        for session in self.request("GET", "sessions"):
            self.request("DELETE", f"sessions/{session['id']}")

    def close(self) -> None:
        """Stop the server and its kernels."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        if self._process.stderr:
            self._process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> None:
        """Take the address from the log; keep reading, so that the server never waits for us."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=", line):
                self._address.put(found[1])
        self._address.put(None)
