"""A Jupyter home of its own for every run, and real kernels started from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from a3s_kernel.install import install
from tests import kernels
from tests.deadlines import DEADLINE_S

from .cells import Ran, run


@pytest.fixture(scope="session", autouse=True)
def jupyter_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that hold this run's kernelspecs and nothing of the developer's own Jupyter."""
    home = tmp_path_factory.mktemp("jupyter")
    assert install(["--prefix", str(home)]) == 0
    places = {
        "JUPYTER_PATH": home / "share" / "jupyter",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in places.items():
            folder.mkdir(parents=True, exist_ok=True)
            patch.setenv(name, str(folder))
        yield home


class Kernel:
    """A running kernel and its client."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str, **options: Any) -> Ran:
        """Execute a cell and return its reply and outputs."""
        return run(self.client, code, **options)

    def run_and_interrupt(self, code: str) -> Ran:
        """Execute a cell that prints `ready`, and press Stop when it does."""
        pressed = False

        def press_once(message: dict[str, Any]) -> None:
            nonlocal pressed
            if not pressed and "ready" in str(message["content"].get("text")):
                pressed = True
                self.manager.interrupt_kernel()

        return run(self.client, code, on_message=press_once)

    def interrupt(self) -> dict[str, Any]:
        """Press Stop and return the kernel's answer on the control channel."""
        request = self.client.session.msg("interrupt_request", {})
        self.client.control_channel.send(request)
        reply: dict[str, Any] = self.client.get_control_msg(timeout=DEADLINE_S)
        return reply


StartKernel = Callable[..., Kernel]


@pytest.fixture
def start_kernel(tmp_path: Path) -> Iterator[StartKernel]:
    """Start a kernel (`a3s`) in an empty folder, with more environment variables if wanted."""
    running: list[Kernel] = []

    def start(extra_env: Mapping[str, str] | None = None, name: str = "a3s") -> Kernel:
        manager = kernels.manager_of(name)
        client = kernels.start(manager, cwd=tmp_path, env={**os.environ, **(extra_env or {})})
        running.append(Kernel(manager, client))
        return running[-1]

    yield start
    for kernel in running:
        kernels.end(kernel.manager, kernel.client)


@pytest.fixture
def kernel(start_kernel: StartKernel) -> Kernel:
    """One `a3s` kernel."""
    return start_kernel()


@pytest.fixture
def import_first(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], dict[str, str]]:
    """Write a module and return the environment in which it is found before any other."""

    def write(name: str, source: str) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("modules")
        (folder / f"{name}.py").write_text(source, "utf-8")
        return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}

    return write
