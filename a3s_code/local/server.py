"""The local models of this process: each file is fetched, loaded and served once, for all sessions."""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from types import MappingProxyType

from a3s_code.errors import LocalModelMissing
from a3s_code.events import ModelPreparing
from a3s_code.local.llama_server import LlamaServer, check_installed
from a3s_code.local.model_file import FetchCancelled, FetchProgress, fetch_model
from a3s_code.local.source import EMBEDDED, ModelSource, model_path

Report = Callable[[ModelPreparing], None]

# The window for a file that a user names: room for tools and a conversation, at an affordable
# memory. llama.cpp lowers it for models that were trained for less.
NAMED_FILE_CONTEXT_TOKENS = 16_384
CLOSE_DEADLINE_S = 5.0
# To send with every request: llama.cpp may close a connection after a streamed answer that it had
# promised to keep, and then one request in five on a reused connection fails.
REQUEST_HEADERS: Mapping[str, str] = MappingProxyType({"Connection": "close"})


class LocalModelServer:
    """Addresses of local models, started at the first question and shared afterwards.

    `api_key` opens all of them: without it every other user of the machine could send requests.
    Requests carry `REQUEST_HEADERS` beside it.
    Safe to use from any thread and event loop.
    """

    def __init__(self, embedded: ModelSource = EMBEDDED) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self._embedded = embedded
        self._lock = threading.Lock()
        self._starts: dict[Path, _Start] = {}
        self._closed = False
        self._owner_pid = os.getpid()

    async def base_url(self, model_id: str, report: Report = lambda _: None) -> str:
        """Address ending in `/v1` of a server for `model_id`, which is started if need be.

        `model_id` is the embedded model's id or the path of a GGUF file: absolute, below `~`, or
        relative to the working directory. `report` is called on the caller's loop while it waits.
        A cancelled caller leaves the work to those who still wait; a download stops with the last
        of them. Raises `LocalModelMissing`.
        """
        loop = asyncio.get_running_loop()
        waiting = True

        def deliver(event: ModelPreparing) -> None:
            if waiting:
                report(event)

        def listener(event: ModelPreparing) -> None:
            loop.call_soon_threadsafe(deliver, event)

        start = self._join(model_id, listener)
        try:
            # Shielded: this future belongs to everyone who waits for the same model.
            server = await asyncio.shield(asyncio.wrap_future(start.server))
        finally:
            waiting = False
            start.leave(listener)
        return server.base_url

    def close(self) -> None:
        """End every server and download of this process at once; later questions fail."""
        if os.getpid() != self._owner_pid:
            return  # a forked child must not end its parent's servers
        with self._lock:
            self._closed = True
            starts = list(self._starts.values())
        for start in starts:
            start.close()
        for start in starts:
            start.thread.join(CLOSE_DEADLINE_S)

    def _join(self, model_id: str, listener: Report) -> _Start:
        """The one start of this model that works or is under way, a new one if there is none."""
        is_embedded = model_id == self._embedded.model_id
        path = model_path(self._embedded) if is_embedded else _named_file(model_id)
        with self._lock:
            if self._closed:
                raise LocalModelMissing("The local model was shut down with this process")
            start = self._starts.get(path)
            if start is None or not start.join(listener):
                if start is not None:
                    start.close()
                start = _Start(path, self.api_key, self._embedded if is_embedded else None)
                start.join(listener)
                self._starts[path] = start
                start.thread.start()
            return start


class _Start:
    """One attempt to make one file answer, and everyone who waits for it."""

    def __init__(self, path: Path, api_key: str, source: ModelSource | None) -> None:
        self.server: Future[LlamaServer] = Future()
        # A daemon: `close` ends it in time, and a hanging file system must not hold up the exit.
        self.thread = threading.Thread(target=self._run, name="a3s-local-model", daemon=True)
        self._path, self._api_key, self._source = path, api_key, source
        self._lock = threading.Lock()
        self._listeners: list[Report] = []
        self._cancel = threading.Event()
        self._process: LlamaServer | None = None

    def join(self, listener: Report) -> bool:
        """Wait along; False when this attempt failed, was given up, or its server has died."""
        with self._lock:
            if self._cancel.is_set():
                return False
            if self.server.done() and (self.server.exception() or not self.server.result().alive()):
                return False
            self._listeners.append(listener)
            return True

    def leave(self, listener: Report) -> None:
        """Wait no longer. The last one to leave before the end stops the download."""
        with self._lock:
            self._listeners.remove(listener)
            if not self._listeners and self._process is None and not self.server.done():
                self._cancel.set()

    def close(self) -> None:
        """Stop the download, or end the server, loaded or loading."""
        with self._lock:
            self._cancel.set()
            process = self._process
        if process is not None:
            process.close()

    def _run(self) -> None:
        try:
            server = self._serve()
        except BaseException as error:  # noqa: BLE001  # handed to the waiting callers, who raise it
            self.server.set_exception(error)
        else:
            self.server.set_result(server)

    def _serve(self) -> LlamaServer:
        check_installed()  # before 98 MB are downloaded that nothing can use
        if self._source is not None:
            fetch_model(self._on_fetch, self._cancel, self._source)
        tokens = self._source.context_tokens if self._source else NAMED_FILE_CONTEXT_TOKENS
        self._tell(ModelPreparing(text=f"Loading {self._path.name}"))
        with self._lock:
            if self._cancel.is_set():
                raise FetchCancelled(f"nobody waits for {self._path.name} any more")
            server = LlamaServer(self._path, api_key=self._api_key, context_tokens=tokens)
            self._process = server
        server.wait_loaded()
        return server

    def _on_fetch(self, step: FetchProgress) -> None:
        self._tell(
            ModelPreparing(
                text=step.text, received_bytes=step.received_bytes, total_bytes=step.total_bytes
            )
        )

    def _tell(self, event: ModelPreparing) -> None:
        # Under the lock: who has left is not called, so its event loop may be closed.
        with self._lock:
            for listener in self._listeners:
                listener(event)


def _named_file(model_id: str) -> Path:
    """The GGUF file a user means. Raises `LocalModelMissing` naming it when it is not there."""
    path = Path(model_id).expanduser().absolute()
    if not path.is_file():
        raise LocalModelMissing(
            f"No model file at {path}: name a .gguf file, or use the embedded {EMBEDDED.model_id}"
        )
    return path


@cache
def local_models() -> LocalModelServer:
    """The servers shared by all sessions of this process, closed when it exits."""
    servers = LocalModelServer()
    atexit.register(servers.close)
    return servers
