"""A model server on 127.0.0.1 that plays scripted answers through both protocols.

    with ModelServer() as server:
        server.script(calls("read", file_path="a.txt"), says("It says hi."))
        ...
        server.requests[1]["messages"][-1]      # what was really sent

It is a real HTTP server in threads of its own, one scripted answer per request, in order. As a
program (`python tests/model_server.py --script demo --port 0`) it chooses the answer by the prompt
and prints its address in the first line.
"""

from __future__ import annotations

import gzip
import json
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

if __name__ == "__main__":  # the folder above is not on the path of a program
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.deadlines import DEADLINE_S
from tests.ports import kept_port
from tests.scripts import (
    Reply,
    Wait,
    calls,
    calls_raw,
    error_in_stream,
    garbage,
    html,
    raw_events,
    says,
    status,
    turn,
    wait,
)
from tests.wire import Chunk, chunks_of

__all__ = [
    "ModelServer",
    "Reply",
    "agent_hcl",
    "calls",
    "calls_raw",
    "error_in_stream",
    "garbage",
    "html",
    "raw_events",
    "says",
    "status",
    "turn",
    "wait",
]

STALL_S = 0.5


class ModelServer:
    """The server, and what it saw.

    `requests` are the decoded bodies, `headers` (lower-case names) and `paths` stand at the same
    index; `connections` counts those that were opened. `waiting` is set while an answer stands at a gate, `disconnected` once a client went away
    in the middle of an answer, `stalled` once one did not read for half a second, `finished` once an
    answer was written to its end.
    """

    def __init__(
        self, port: int = 0, choose: Callable[[dict[str, Any]], Reply] | None = None
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.connections = 0
        self.waiting = threading.Event()
        self.disconnected = threading.Event()
        self.stalled = threading.Event()
        self.finished = threading.Event()
        self._choose = choose
        self._replies: list[Reply] = []
        self._changed = threading.Condition()
        self._releases = threading.Semaphore(0)
        self._closing = threading.Event()
        self._keeper: socket.socket | None = None
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def script(self, *replies: Reply) -> None:
        """Append answers; each request takes the next one. Without any left it is refused (400)."""
        self._replies += replies

    def answer_with(self, choose: Callable[[dict[str, Any]], Reply]) -> None:
        """Choose the answer by the request's body whenever the script is exhausted."""
        self._choose = choose

    def release(self) -> None:
        """Open one gate: the one at which an answer waits, or the next one it comes to."""
        self._releases.release()

    def wait_for_requests(self, count: int, timeout_s: float = DEADLINE_S) -> None:
        """Return when `count` requests have arrived since the start."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests arrived")

    def close(self) -> None:
        """Stop; answers that wait at a gate are cut off, and connections are refused from then on."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(DEADLINE_S)
        if self._keeper is None:
            self._keeper = kept_port(self._http.server_address[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self._keeper is not None:
            self._keeper.close()

    # -- used by the request threads ---------------------------------------------------------------

    def next_reply(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply:
        """Record a request and take its answer."""
        with self._changed:
            self.requests.append(body)
            self.headers.append(headers)
            self.paths.append(path)
            self._changed.notify_all()
            if self._replies:
                return self._replies.pop(0)
        if self._choose is not None:
            return self._choose(body)
        return status(400, body='{"error": {"message": "the script of this test is exhausted"}}')

    def pass_gate(self, client_is_gone: Callable[[], bool]) -> bool:
        """Wait for `release()`; False when the server is closed or the client leaves instead."""
        self.waiting.set()
        while not self._releases.acquire(timeout=0.02):
            if client_is_gone():
                self.disconnected.set()
                return False
            if self._closing.is_set():
                return False
        self.waiting.clear()
        return True

    @property
    def is_closing(self) -> bool:
        """Whether the server is about to stop."""
        return self._closing.is_set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _CutOff(Exception):
    """The answer ends here, together with the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.server.owner.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Health and model list, for clients that look before they ask."""
        body = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Record the request and play the next answer."""
        text = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.partition("?")[0]
        kind = "anthropic" if path.endswith("/messages") else "openai"
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.owner.next_reply(self.path, headers, json.loads(text))
        try:
            self._play(reply, kind)
            self.server.owner.finished.set()
        except _CutOff:
            self.close_connection = True
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            self.server.owner.disconnected.set()

    def _play(self, reply: Reply, kind: str) -> None:
        if reply.waits_first:
            self._gate()
        if reply.body is not None and reply.cut is None and not reply.gzipped:
            self._send_head(reply, {"Content-Length": str(len(reply.body))})
            self.wfile.write(reply.body)
            return
        extra = {"Transfer-Encoding": "chunked"}
        if reply.gzipped:
            extra["Content-Encoding"] = "gzip"
        self._send_head(reply, extra)
        for chunk in _cut(_rechunked(reply, chunks_of(reply, kind)), reply):
            if isinstance(chunk, Wait):
                self._gate()
            else:
                if reply.delay_s:
                    time.sleep(reply.delay_s)
                if not _is_ready(self.connection, selectors.EVENT_WRITE, STALL_S):
                    self.server.owner.stalled.set()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                if self.server.owner.is_closing:
                    raise _CutOff
        if reply.lingers:
            self._gate()
        self.wfile.write(b"0\r\n\r\n")

    def _gate(self) -> None:
        self.wfile.flush()
        if not self.server.owner.pass_gate(self._client_is_gone):
            raise _CutOff

    def _client_is_gone(self) -> bool:
        if not _is_ready(self.connection, selectors.EVENT_READ, 0):
            return False
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def _send_head(self, reply: Reply, extra: dict[str, str]) -> None:
        self.send_response(reply.status)
        content_type = "application/json" if reply.whole else reply.content_type
        for name, value in (("Content-Type", content_type), *extra.items(), *reply.headers):
            self.send_header(name, value)
        self.end_headers()


def _is_ready(connection: socket.socket, event: int, timeout_s: float) -> bool:
    """Whether it can be read or written within that time, whatever its number is."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, event)
        return bool(selector.select(timeout_s))


def _rechunked(reply: Reply, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    if reply.gzipped:
        yield gzip.compress(b"".join(chunk for chunk in chunks if isinstance(chunk, bytes)))
    elif reply.chunking == "packed":
        yield b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))
    elif reply.chunking == "bytes":
        for chunk in chunks:
            if isinstance(chunk, bytes):
                yield from (chunk[at : at + 1] for at in range(len(chunk)))
            else:
                yield chunk
    else:
        yield from chunks


def _cut(chunks: Iterable[Chunk], reply: Reply) -> Iterator[Chunk]:
    """The first `reply.cut` bytes; then the end of the body, or of the connection."""
    if reply.cut is None:
        yield from chunks
        return
    left = reply.cut
    for chunk in chunks:
        if isinstance(chunk, bytes):
            if left and (part := chunk[:left]):
                yield part
            left -= min(left, len(chunk))
            if not left:
                break
        else:
            yield chunk
    if not reply.clean_end:
        raise _CutOff


def agent_hcl(
    server: ModelServer | str, kind: str = "openai", *, model: str = "", top: str = ""
) -> str:
    """Configuration for `Agent.create` whose only model is this server's.

    `kind` is "openai" or "anthropic"; `model` adds lines to the model's block, `top` to the whole.
    """
    url = server if isinstance(server, str) else server.url
    return f"""
default_model = "{kind}/m"
{top}
providers {{
  name     = "{kind}"
  base_url = "{url}"
  api_key  = "test-key"
  models {{
    id   = "m"
    name = "Scripted"
    attachment = true
    {model}
    limit {{
      context = 128000
      output  = 4096
    }}
  }}
}}
"""


# -- as a program ----------------------------------------------------------------------------------

_DEMO_ANSWER = """\
Here is what I found:

| column | mean |
|--------|------|
| a      | 1.5  |

The mean is $\\bar{x} = 1.5$, computed with:

```python
df["a"].mean()
```
"""


def demo(body: dict[str, Any]) -> Reply:
    """The answer for a prompt with `slow`, `tool` or `fail` in it; else some Markdown."""
    last = body["messages"][-1]
    if _is_tool_result(last):
        return says("The command printed `hi`.")
    prompt = json.dumps(last["content"]).lower()
    if "slow" in prompt:
        return says("word " * 400).paced(0.05)
    if "tool" in prompt:
        return calls("bash", command="echo hi")
    if "fail" in prompt:
        return status(500)
    return says(_DEMO_ANSWER)


def _is_tool_result(message: dict[str, Any]) -> bool:
    if message["role"] == "tool":
        return True
    content = message["content"]
    return isinstance(content, list) and any(part.get("type") == "tool_result" for part in content)


def main() -> None:
    """Serve until the process is ended."""
    import argparse

    parser = argparse.ArgumentParser(description="A scripted model server for tests.")
    parser.add_argument("--script", choices=["demo"], default="demo")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with ModelServer(arguments.port, choose=demo) as server:
        print(server.url, flush=True)  # noqa: T201  # the caller reads the address here
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
