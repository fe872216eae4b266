"""Get one wheel with pip, watching the bytes arrive. Nothing is installed, no package code runs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from a3s_code.errors import A3SError

POLL_INTERVAL_S = 0.1
STDERR_TAIL_CHARS = 2000


class PipMissing(A3SError):
    """This Python has neither pip nor the means to set it up in a throw-away environment."""


class PipFailed(A3SError):
    """pip ended without the wheel; `problem` is the end of what it printed."""


class FetchCancelled(A3SError):
    """The caller gave up before the file had arrived; nothing was left behind."""


def download_wheel(
    requirement: str,
    workdir: Path,
    on_bytes: Callable[[int], None],
    cancel: threading.Event,
) -> Path:
    """Download the wheel of `name==version` below the existing empty `workdir`; returns its path.

    `on_bytes` gets the number of bytes that have arrived so far, never a smaller one than before.
    pip's progress bar has no form that a program can read before pip 24.1, so the growing file is
    watched instead: pip keeps it in its temporary directory, which is made to be ours.
    """
    python = _python_with_pip(workdir, cancel)
    out, scratch = workdir / "out", workdir / "scratch"
    scratch.mkdir()
    most = 0

    def watch() -> None:
        nonlocal most
        most = max(most, _largest_file(scratch), _largest_file(out))
        on_bytes(most)

    command = [
        python, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir",
        "--no-input", "--progress-bar", "off", "--disable-pip-version-check",
        "--retries", "1", "--timeout", "15", "--dest", str(out), requirement,
    ]  # fmt: skip
    _run(command, workdir, scratch, cancel, watch)
    wheels = list(out.glob("*.whl"))
    if len(wheels) != 1:
        raise PipFailed(f"pip left {len(wheels)} wheels of {requirement}")
    on_bytes(wheels[0].stat().st_size)
    return wheels[0]


def _python_with_pip(workdir: Path, cancel: threading.Event) -> str:
    """An interpreter whose pip works: this one, or a throw-away environment below `workdir`.

    Environments made by uv have no pip; the standard library brings one. The user's own
    environment is never changed.
    """
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    if importlib.util.find_spec("ensurepip") is None:
        raise PipMissing("this Python has no pip")
    home = workdir / "env"
    try:
        _run([sys.executable, "-m", "venv", str(home)], workdir, workdir, cancel, lambda: None)
    except PipFailed as error:
        raise PipMissing("this Python has no pip") from error
    return str(home / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _run(
    command: Sequence[str],
    workdir: Path,
    scratch: Path,
    cancel: threading.Event,
    watch: Callable[[], None],
) -> None:
    """Run to the end or until `cancel`; raises `PipFailed` with the end of the output."""
    # A `pip.py` in the notebook's folder must not be run as pip: hence the working directory.
    # A download installs nothing, so a user's rule against installing outside a venv is moot.
    environment = os.environ | {"PIP_REQUIRE_VIRTUALENV": "0", "PYTHONSAFEPATH": "1"}
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    log_path = workdir / "log.txt"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=workdir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # An interrupt of the kernel goes to its whole process group; only `cancel` ends this.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        try:
            while process.poll() is None:
                watch()
                if cancel.wait(POLL_INTERVAL_S):
                    raise FetchCancelled("the download was cancelled")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    if process.returncode != 0:
        output = log_path.read_text(encoding="utf-8", errors="replace")
        raise PipFailed(output[-STDERR_TAIL_CHARS:].strip() or f"exit code {process.returncode}")


def _largest_file(folder: Path) -> int:
    """Size in bytes of the largest file below `folder`, 0 when there is none.

    pip removes and renames while it is being watched, so whatever vanishes is skipped.
    """
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(parent, name)).st_size)
            except FileNotFoundError:
                continue
    return largest
