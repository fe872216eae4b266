"""An MCP server over HTTP, written out, that keeps every request it gets."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.deadlines import DEADLINE_S

SESSION = "session-of-the-test"
PAGES = {None: (["first"], "more"), "more": (["second"], None)}


@dataclass(frozen=True)
class Request:
    """What came; names of headers are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class RecordingServer:
    """`/mcp` is the streamable HTTP of MCP 2025-03-26, `/token` gives access tokens.

    Answers to `tools/list` come as JSON, those to `tools/call` as an event stream. Everything else
    is not found.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.ended = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def of(self, method: str, path: str) -> list[Request]:
        """The requests of one kind."""
        return [each for each in self.requests if (each.method, each.path) == (method, path)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(DEADLINE_S)


def answer_to(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of one call of the protocol."""
    if method == "initialize":
        return {
            "protocolVersion": "2025-03-26",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "recording", "version": "1"},
        }
    if method == "tools/list":
        names, cursor = PAGES[params.get("cursor")]
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
        return {"tools": tools} | ({} if cursor is None else {"nextCursor": cursor})
    return {"content": [{"type": "text", "text": f"did {params['name']}"}]}


def _handler(server: RecordingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self._kept()
            if self.path == "/token":
                self._send(200, {"access_token": "token-of-the-server", "token_type": "Bearer"})
            elif self.path != "/mcp":
                self._send(404)
            else:
                message = json.loads(body)
                if "id" not in message:
                    self._send(202)
                    return
                method = message["method"]
                result = answer_to(method, message.get("params") or {})
                answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
                self._send(200, answer, as_events=method == "tools/call")

        def do_GET(self) -> None:
            self._kept()
            self._send(405 if self.path == "/mcp" else 404)

        def do_DELETE(self) -> None:
            self._kept()
            self._send(200)
            server.ended.set()

        def _kept(self) -> str:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.requests.append(Request(self.command, self.path, headers, body))
            return body

        def _send(self, status: int, answer: object = None, *, as_events: bool = False) -> None:
            text = "" if answer is None else json.dumps(answer)
            if as_events:
                text = f"event: message\ndata: {text}\n\n"
            self.send_response(status)
            kind = "text/event-stream" if as_events else "application/json"
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text)))
            self.send_header("mcp-session-id", SESSION)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
