"""A JupyterLab server of its own: nothing of the developer's configuration, only 127.0.0.1."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.deadlines import DEADLINE_S
from tests.servers import Server, ask

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


class LabServer(Server):
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
        super().__init__(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"],
            address=r"(http://127\.0\.0\.1:\d+)/lab\?token=",
            folder=root,
            environ=env,
        )

    def page(self, path: str) -> str:
        """Address of a notebook in a fresh workspace; `path` is relative to the root."""
        return f"{self.url}/lab/tree/{path}?reset&token={TOKEN}"

    def request(self, method: str, path: str) -> Any:
        """Call the server's REST interface and return its JSON, None for an empty answer."""
        return ask(f"{self.url}/api/{path}", TOKEN, method)

    def shut_down_kernels(self) -> None:
        """End every notebook's session; the server stays."""
        for session in self.request("GET", "sessions"):
            self.request("DELETE", f"sessions/{session['id']}")
