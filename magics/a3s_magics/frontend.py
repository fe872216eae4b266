"""What is known about the other end: whether a person is there, and what they can see and press."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_magics.notebook import notebook_path


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Facts, none of which needs the front end's cooperation.

    `kernel` is false for IPython in a terminal, `keyboard` tells whether it answers `input()`,
    `notebook` whether its cells belong to a notebook on someone's screen, `console` whether it is a
    text console, `widgets` whether clicks can arrive while a cell runs.
    """

    kernel: bool = False
    keyboard: bool = False
    notebook: bool = False
    console: bool = False
    widgets: bool = False


def look(shell: Any, *, lane_usable: bool) -> FrontEnd:
    """The facts about the front end that sent the cell which is running now."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        keyboard = sys.stdin is not None and sys.stdin.isatty()
        return FrontEnd(keyboard=keyboard, console=True)
    path = notebook_path(shell.user_ns)
    metadata = _request(kernel).get("metadata") or {}
    return FrontEnd(
        kernel=True,
        keyboard=bool(getattr(kernel, "_allow_stdin", False)),
        # JupyterLab and its relatives name the cell in each request.
        notebook=path is not None or bool(metadata.get("cellId")),
        console=path is None and _started_by_console(),
        widgets=lane_usable,
    )


def _request(kernel: Any) -> Mapping[str, Any]:
    request: Mapping[str, Any] = kernel.get_parent() or {}
    return request


def _started_by_console() -> bool:
    """Whether `jupyter console` started this kernel. It shows no updates of outputs."""
    try:
        command = Path(f"/proc/{os.getppid()}/cmdline").read_bytes()
    except OSError:
        import psutil  # comes with ipykernel

        try:
            command = " ".join(psutil.Process(os.getppid()).cmdline()).encode()
        except psutil.Error:
            return False
    return b"jupyter-console" in command or b"jupyter_console" in command
