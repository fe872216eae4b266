"""Cells of the documents in real kernels."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests import kernels
from tests.deadlines import DEADLINE_S
from tests.documents.model import HALF

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Kernels:
    """Starts each kernel when the first cell needs it; `close` ends all.

    Turns are shown as they arrive, without buttons.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._running: dict[str, tuple[KernelManager, BlockingKernelClient]] = {}

    def run(self, code: str, *, kernel: str, answer: str | None, stop: bool) -> tuple[str, str]:
        """What a cell shows, and the name of the error that ended it, "" for none."""
        manager, client = self._started(kernel)
        shown: list[str] = []
        pressed = not stop

        def take(message: dict[str, Any]) -> None:
            nonlocal pressed
            shown.append(_shown(message["content"]))
            if not pressed and HALF.strip() in shown[-1]:
                pressed = True
                manager.interrupt_kernel()

        reply = client.execute_interactive(
            code,
            timeout=DEADLINE_S,
            output_hook=take,
            allow_stdin=answer is not None,
            stdin_hook=lambda _message: client.input(answer or ""),
        )["content"]
        return "\n".join(shown), str(reply.get("ename", ""))

    def close(self) -> None:
        """End the kernels."""
        for manager, client in self._running.values():
            kernels.end(manager, client, now=True)

    def _started(self, name: str) -> tuple[KernelManager, BlockingKernelClient]:
        if name not in self._running:
            manager = kernels.manager_of(name)
            env = {**os.environ, **self._environ, "A3S_UI": "display"}
            self._running[name] = manager, kernels.start(manager, cwd=self._folder, env=env)
        return self._running[name]


def _shown(content: Mapping[str, Any]) -> str:
    """The readable text of an output, "" for messages that show nothing."""
    if "traceback" in content:
        return _ANSI.sub("", "\n".join(content["traceback"]))
    data = content.get("data", {})
    texts = (content.get("text"), data.get("text/markdown"), data.get("text/plain"))
    return "\n".join(text for text in texts if isinstance(text, str))
