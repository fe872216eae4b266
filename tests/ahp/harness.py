"""A harness for the tests: on standard streams, or over HTTP with `--http`.

It decides by a script of answers, one JSON object per line in the file of its first argument: each
`pre_action` and `pre_prompt` takes the next one, and `allow` when there are none left. An answer
with `do` misbehaves: `hang`, `die`, `garbage`, `error`. What it hears is written to the file of its
second argument, one line each.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ALLOW = {"decision": "allow"}


class Harness:
    """Answers of the script, in order."""

    def __init__(self, script: Path, heard: Path) -> None:
        lines = script.read_text("utf-8").splitlines() if script.exists() else []
        self._answers = [json.loads(line) for line in lines]
        self._heard = heard.open("a", encoding="utf-8", buffering=1)

    def answer(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a message, None for a notification."""
        self._heard.write(json.dumps(message) + "\n")
        if "id" not in message:
            self._done(self._taken(message["params"]["event_type"]) or ALLOW)
            return None
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] == "ahp/handshake":
            found = self._taken("handshake")
            return answer | self._done(found or {"protocol_version": "2.0"})
        return answer | self._done(self._taken(message["params"]["event_type"]) or ALLOW)

    def _taken(self, event: str) -> dict[str, Any] | None:
        for at, given in enumerate(self._answers):
            if given.get("on", "pre_action") == event:
                del self._answers[at]
                return {key: value for key, value in given.items() if key != "on"}
        return None

    def _done(self, given: dict[str, Any]) -> dict[str, Any]:
        match given.get("do"):
            case "hang":
                threading.Event().wait()
            case "die":
                sys.stderr.write("the harness gives up\n")
                sys.stderr.flush()
                os._exit(3)
            case "error":
                return {"error": {"code": -1, "message": given["message"]}}
            case "result":
                return {"result": given["result"]}
        return {"result": given}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def over_stdio(harness: Harness) -> None:
    """One message per line."""
    _say("harness says hello, which is no message")
    for line in sys.stdin:
        answer = harness.answer(json.loads(line))
        if answer is not None:
            _say(json.dumps(answer))


def over_http(harness: Harness) -> None:
    """One message per request; the port is the first line written."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if os.environ.get("HARNESS_TOKEN", "") not in self.headers.get("authorization", ""):
                self._send(401, f"no entry for {self.headers.get('authorization')}".encode())
                return
            answer = harness.answer(json.loads(body))
            self._send(204 if answer is None else 200, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            body = b"" if status == 204 else body
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    _say(str(server.server_address[1]))
    server.serve_forever()


if __name__ == "__main__":
    this = Harness(Path(sys.argv[1]), Path(sys.argv[2]))
    over_http(this) if "--http" in sys.argv else over_stdio(this)
