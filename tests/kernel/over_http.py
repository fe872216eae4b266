"""Servers as programs of their own, and a notebook's kernel behind one, reached as a browser does."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import websocket

from tests.deadlines import DEADLINE_S, PROGRAM_S

from .cells import Ran

ASK_AGAIN_S = 10


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
        url = self._found.get(timeout=PROGRAM_S)
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


class RemoteKernel:
    """The kernel of one notebook, started and reached through the server at `url`."""

    def __init__(self, url: str, token: str, notebook: str, spec: str) -> None:
        self._url, self._token = url, token
        name = notebook.rpartition("/")[2]
        wanted = {"path": notebook, "name": name, "type": "notebook", "kernel": {"name": spec}}
        made = ask(f"{url}/api/sessions", token, "POST", wanted)
        self._id, self._notebook_id = made["kernel"]["id"], made["id"]
        self._connect()

    def _connect(self) -> None:
        """Return when the kernel answers. A gateway may drop what is sent while it connects."""
        self._session = uuid.uuid4().hex
        url = f"{self._url.replace('http', 'ws', 1)}/api/kernels/{self._id}/channels"
        self._socket = websocket.create_connection(
            f"{url}?session_id={self._session}",
            timeout=DEADLINE_S,
            header=[f"Authorization: token {self._token}"],
        )
        self._socket.settimeout(ASK_AGAIN_S)
        deadline = time.monotonic() + PROGRAM_S
        while True:
            self.send("kernel_info_request", {})
            try:
                while self._next()["header"]["msg_type"] != "kernel_info_reply":
                    pass
            except websocket.WebSocketTimeoutException:
                if time.monotonic() > deadline:
                    raise
            else:
                self._socket.settimeout(DEADLINE_S)
                return

    def _next(self) -> dict[str, Any]:
        """The next message without buffers: those with some are no text."""
        while True:
            kind, data = self._socket.recv_data()
            if kind == websocket.ABNF.OPCODE_TEXT:
                message: dict[str, Any] = json.loads(data)
                return message

    def send(self, kind: str, content: Mapping[str, Any]) -> str:
        """Send a request on the shell channel and return its id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "someone",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self._socket.send(json.dumps({**message, "buffers": [], "channel": "shell"}))
        return header["msg_id"]

    def run(
        self, code: str, on_message: Callable[[dict[str, Any]], None] = lambda message: None
    ) -> Ran:
        """Execute a cell and wait until the kernel is idle again; each message is shown to `on_message`."""
        options = {"silent": False, "store_history": True, "allow_stdin": True}
        sent = self.send("execute_request", {"code": code, **options})
        ran, idle = Ran(), False
        while not (idle and ran.reply):
            message = self._next()
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["channel"] == "shell":
                ran.reply = message["content"]
            else:
                ran.messages.append(message)
                on_message(message)
                idle = message["content"].get("execution_state") == "idle" or idle
        return ran

    def interrupt(self) -> None:
        """Press Stop."""
        ask(f"{self._url}/api/kernels/{self._id}/interrupt", self._token, "POST", {})

    def restart(self) -> None:
        """Restart the kernel, and connect to the new one as a front end does."""
        self._socket.close()
        ask(f"{self._url}/api/kernels/{self._id}/restart", self._token, "POST", {})
        self._connect()

    def close(self) -> None:
        """End the notebook's session and its kernel."""
        self._socket.close()
        ask(f"{self._url}/api/sessions/{self._notebook_id}", self._token, "DELETE")
