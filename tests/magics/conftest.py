"""IPython shells and stock kernels with the extension, and a workspace for them."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from tests import kernels
from tests.magics.kernel import Kernel
from tests.model_server import ModelServer, agent_hcl

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a configuration for the scripted model; the working directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "agent.hcl").write_text(agent_hcl(model_server))
    monkeypatch.chdir(folder)
    for name in ("A3S_UI", "A3S_CONFIG", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def shell(workspace: Path, tmp_path: Path) -> Iterator[InteractiveShell]:
    """A fresh IPython shell whose outputs are kept in `shell.display_pub.outputs`."""
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(ipython_dir=str(tmp_path / "ipython"))
    made.history_manager.enabled = False
    made.display_pub = CapturingDisplayPublisher(parent=made)
    yield made
    made.extension_manager.unload_extension("a3s_magics")
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()
    InteractiveShell.clear_instance()


@pytest.fixture
def loaded(shell: InteractiveShell) -> InteractiveShell:
    """The shell with the extension, showing each turn as one final output."""
    shell.run_line_magic("load_ext", "a3s_magics")
    shell.run_line_magic("config", 'A3SMagics.ui = "final"')
    return shell


StartKernel = Callable[..., Kernel]


@pytest.fixture
def start_kernel(workspace: Path) -> Iterator[StartKernel]:
    """Starts stock Python kernels in the workspace, with the extension loaded."""
    running: list[Kernel] = []

    def start(**environ: str) -> Kernel:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "magics")])
        manager = kernels.manager_of("python3")
        manager.kernel_spec.argv[0] = sys.executable
        env = {**os.environ, "PYTHONPATH": paths, **environ}
        kernel = Kernel(manager, kernels.start(manager, cwd=workspace, env=env))
        running.append(kernel)
        kernel.run("%load_ext a3s_magics").succeeded()
        return kernel

    yield start
    for kernel in running:
        kernels.end(kernel.manager, kernel.client, now=True)


def bundles(shell: InteractiveShell) -> list[dict[str, Any]]:
    """What the shell displayed so far."""
    publisher = shell.display_pub
    assert isinstance(publisher, CapturingDisplayPublisher)
    return [output["data"] for output in publisher.outputs]
