"""A notebook's kernel behind a server, reached as a browser does."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import websocket

from tests.deadlines import DEADLINE_S, PROGRAM_S
from tests.servers import ask

from .cells import Ran

ASK_AGAIN_S = 10


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
