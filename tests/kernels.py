"""Real kernels whose sockets are files.

Jupyter picks five free ports and lets go of them, and the kernel takes them when it has started: on
a busy machine somebody else has one by then. Files nobody takes. Windows has no such sockets.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from traitlets.config import Config

from tests.deadlines import DEADLINE_S, PROGRAM_S


def manager_of(kernel_name: str) -> KernelManager:
    """A manager of this kernel, which is not started yet; `end` removes the files."""
    manager = KernelManager(kernel_name=kernel_name)
    if os.name != "nt":
        manager.transport = "ipc"
        # The name of a socket has room for about a hundred characters: less than pytest's folders.
        manager.ip = str(Path(tempfile.mkdtemp(prefix="a3s-")) / "kernel")
    return manager


@contextmanager
def notebook_client(notebook: Any, folder: Path, **options: Any) -> Iterator[NotebookClient]:
    """What executes a notebook in a folder, with such a kernel, and waits as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="a3s-") as sockets:
        own = {} if os.name == "nt" else {"transport": "ipc", "ip": f"{sockets}/kernel"}
        yield NotebookClient(
            notebook,
            kernel_name="a3s",
            timeout=PROGRAM_S,
            iopub_timeout=DEADLINE_S,
            resources={"metadata": {"path": str(folder)}},
            config=Config({"KernelManager": own}),
            **options,
        )


def start(
    manager: KernelManager, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> BlockingKernelClient:
    """Start the kernel; its client, once it answers."""
    manager.start_kernel(cwd=None if cwd is None else str(cwd), env=dict(env or os.environ))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE_S)
    except RuntimeError:
        end(manager, client, now=True)
        raise
    return client


def end(manager: KernelManager, client: BlockingKernelClient, *, now: bool = False) -> None:
    """Shut the kernel down: in order, or `now`."""
    client.stop_channels()
    manager.shutdown_kernel(now=now)
    if manager.transport == "ipc":
        shutil.rmtree(Path(manager.ip).parent, ignore_errors=True)
