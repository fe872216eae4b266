"""Servers as programs of their own, and what a REST interface of Jupyter answers."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.deadlines import DEADLINE_S, PROGRAM_S


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """A running program that says its address in its log: the first group of `address`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        address: str,
        folder: Path,
        environ: Mapping[str, str],
    ) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._found: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(re.compile(address),), daemon=True)
        self._reader.start()
        try:
            self.url = self._listening()
        except BaseException:
            self.close()
            raise

    def _read(self, address: re.Pattern[str]) -> None:
        """Read to the end, so that the program never waits for us."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            if found := address.search(line):
                self._found.put(found[1])
        self._found.put(None)

    def _listening(self) -> str:
        """The address, once connections are taken: some programs log it before that."""
        try:
            url = self._found.get(timeout=PROGRAM_S)
        except queue.Empty:
            url = None
        if url is None:
            raise RuntimeError("the server did not start:\n" + "".join(self.lines[-40:]))
        parts = urlsplit(url)
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                socket.create_connection((parts.hostname or "", parts.port or 80)).close()
                return url.rstrip("/")
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        """Ask the program to end, which ends its kernels, too."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def ask(url: str, token: str, method: str, body: Any = None) -> Any:
    """The JSON that a REST interface of Jupyter answers, None for an empty answer."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        text = answer.read()
    return json.loads(text) if text else None
