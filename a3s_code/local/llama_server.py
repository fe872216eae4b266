"""One llama.cpp process for one model file, as seen from the process that uses it.

It is a process of its own because `xllamacpp` holds the interpreter lock while it loads (1.0 s for
100 MB, in proportion for larger files: no event, no Cancel) and while it closes under an open
response (30 s), and because it crashes when the interpreter ends first.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from a3s_code.errors import LocalModelMissing

PROGRAM = Path(__file__).with_name("llama_process.py")
LOG_TAIL_BYTES = 4000
# llama.cpp's own words for what is wrong with a file, in the log of a failed load.
LOAD_ERROR_MARK = "error loading model:"


def check_installed() -> None:
    """Raise `LocalModelMissing` naming the extra when llama.cpp is not installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise LocalModelMissing(
            'The local model needs llama.cpp: run `pip install "a3s-kernel[local]"`'
        )


class LlamaServer:
    """A running process that answers at `base_url` (ending in `/v1`) to requests with its key.

    The constructor starts it, `wait_loaded` blocks until it listens. It ends with `close`, with
    this process, or when this process dies, whichever comes first.
    """

    def __init__(self, path: Path, *, api_key: str, context_tokens: int) -> None:
        self.path = path
        self.base_url = ""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by wait_loaded
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # An interrupt of the kernel goes to its whole process group and must not end this one.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        settings = {
            "path": str(path),
            "api_key": api_key,  # through a pipe: command lines are visible to every local user
            "context_tokens": context_tokens,
            "threads": usable_cores(),
        }
        self._send(json.dumps(settings).encode() + b"\n")

    @property
    def pid(self) -> int:
        """Id of the server's process."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_loaded(self) -> None:
        """Block until the model is loaded and the server listens.

        Raises `LocalModelMissing` with llama.cpp's reason when the file cannot be used.
        """
        assert self._process.stdout is not None
        with self._log, self._process.stdout as stdout:
            line = stdout.readline()
            answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
            if "address" in answer:
                self.base_url = f"{answer['address']}/v1"
                return
            self.close()
            reason = self._load_error() or answer.get("error") or "llama.cpp ended while loading"
        raise LocalModelMissing(f"The model file {self.path} cannot be loaded: {reason}")

    def close(self) -> None:
        """End the process now. Open responses break off; may be called twice, from any thread."""
        assert self._process.stdin is not None
        self._process.kill()
        self._process.wait()
        with suppress(OSError):  # settings it never read cannot be flushed any more
            self._process.stdin.close()

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:  # EPIPE, or EINVAL on Windows
            return  # it died at once: `wait_loaded` reads its end and reports it

    def _load_error(self) -> str:
        """llama.cpp's sentence about the file, "" when it left none."""
        self._log.seek(0)
        text = self._log.read(LOG_TAIL_BYTES).decode("utf-8", "replace")
        _, mark, rest = text.partition(LOAD_ERROR_MARK)
        return rest.partition("\n")[0].strip() if mark else ""


def usable_cores() -> int:
    """Cores this process may run on: fewer than the machine has in most containers."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
