"""A server as a child process: one line of text per message on its standard streams."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import io
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import IO, Any

from a3s_code.tools.foreign import call_foreign
from a3s_code.tools.own_group import own_group
from a3s_code.tools.process_tree import kill_tree

MAX_LINE_BYTES = 64 * 1024 * 1024
_MAX_LOG_LINE_BYTES = 4096
_GRACE_S = 0.75  # for a server to end by itself when its standard input is closed
_KILL_WAIT_S = 0.75
_EPITAPH_S = 0.25
_LAST_WORDS_S = 2.0  # where its output has ended, and it with it: a moment, unless all is very busy

Deliver = Callable[[bytes | None], Awaitable[None]]


class ChildProcess:
    """A running server; made by `child_process`.

    Threads and not asyncio's own subprocesses, which need a particular kind of event loop on
    Windows.
    """

    def __init__(self, popen: subprocess.Popen[bytes], log: Callable[[str], None]) -> None:
        self._popen, self._log = popen, log
        self._writing = threading.Lock()
        self._written: asyncio.Future[None] | None = None
        self._stderr_read = threading.Event()
        self._ending = False
        self._output_over = False
        self.last_words = ""
        self._start(self._drain_stderr)

    def listen(self, deliver: Deliver) -> None:
        """Await `deliver(line)` on the running loop for each line, and `deliver(None)` at the end.

        The next line is read when that is done. A line of more than 64 MiB counts as the end.
        """
        loop = asyncio.get_running_loop()

        def pass_on(line: bytes | None) -> None:
            asyncio.run_coroutine_threadsafe(_awaited(deliver, line), loop).result()

        self._start(lambda: self._read(pass_on))

    async def write(self, line: bytes) -> None:
        """Write a line, as a whole even when this is cancelled.

        Raises `OSError` or `ValueError` when the server does not read any more.
        """
        # A server that reads nothing blocks one thread, its own: the pool's few would soon be gone.
        while self._written is not None and not self._written.done():
            await asyncio.wait([self._written])
        self._written = asyncio.ensure_future(call_foreign(self._write, line))
        self._written.add_done_callback(_noticed)
        await asyncio.shield(self._written)

    async def end(self) -> None:
        """Close its standard input, wait for its end, and kill it and its children if it stays.

        Takes at most about 1.5 s.
        """
        self._ending = True
        self._start(self._close_stdin)
        try:
            await self._ended_within(_GRACE_S)
        finally:
            if self._popen.poll() is None:
                self._start(lambda: kill_tree(self._popen.pid))
                await self._ended_within(_KILL_WAIT_S)

    async def epitaph(self) -> str:
        """How it ended, for an error's text; "" when it runs on. Waits a moment for the end."""
        await self._ended_within(_LAST_WORDS_S if self._output_over else _EPITAPH_S)
        code = self._popen.poll()
        if code is not None:
            await asyncio.to_thread(self._stderr_read.wait, _LAST_WORDS_S)
        if code is None:
            return ""
        told = f": {self.last_words}" if self.last_words else ""
        return f"its process ended with exit code {code}{told}"

    async def _ended_within(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._popen.wait, seconds)

    def _start(self, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name="a3s-child", daemon=True).start()

    def _read(self, pass_on: Callable[[bytes | None], None]) -> None:
        with io.BufferedReader(_raw(self._popen.stdout)) as pipe:
            while line := pipe.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES or not self._passed(pass_on, line):
                    break
            self._output_over = True
            self._passed(pass_on, None)
            while pipe.read1():  # a full pipe would keep the server from ending
                pass

    def _passed(self, pass_on: Callable[[bytes | None], None], line: bytes | None) -> bool:
        """Whether somebody took the line; nobody does once the connection or the loop has ended."""
        if self._ending:
            return False
        try:
            pass_on(line)
        except (concurrent.futures.CancelledError, RuntimeError):
            return False
        return True

    def _drain_stderr(self) -> None:
        with io.BufferedReader(_raw(self._popen.stderr)) as pipe:
            while line := pipe.readline(_MAX_LOG_LINE_BYTES):
                text = line.decode("utf-8", "replace").rstrip()
                if text:
                    self.last_words = text
                    self._log(text)
        self._stderr_read.set()

    def _write(self, line: bytes) -> None:
        with self._writing:
            pipe, rest = _raw(self._popen.stdin), memoryview(line)
            while rest:
                rest = rest[pipe.write(rest) or 0 :]

    def _close_stdin(self) -> None:
        with self._writing, contextlib.suppress(OSError):
            _raw(self._popen.stdin).close()


@contextlib.asynccontextmanager
async def child_process(
    command: Sequence[str], env: Mapping[str, str], log: Callable[[str], None]
) -> AsyncIterator[ChildProcess]:
    """Start a server with these variables added to the inherited ones; leaving ends it.

    It is the head of a process group of its own, which an interrupt of the notebook does not reach.
    `log` gets the lines of its standard error, in another thread. Raises `OSError` or `ValueError`
    when the command cannot be started.
    """
    starting = asyncio.ensure_future(asyncio.to_thread(_started, command, env))
    try:
        popen = await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_kill_unwanted)
        raise
    child = ChildProcess(popen, log)
    try:
        yield child
    finally:
        await child.end()


def _started(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command),
        env={**os.environ, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        **own_group(),
    )


def _kill_unwanted(starting: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        threading.Thread(target=kill_tree, args=(starting.result().pid,), daemon=True).start()


def _noticed(written: asyncio.Future[None]) -> None:
    """Whoever was waiting for it may have been cancelled."""
    if not written.cancelled():
        written.exception()


def _raw(pipe: IO[bytes] | None) -> Any:
    """The pipe of a process that has one; unbuffered, so that closing it never has to write."""
    assert pipe is not None
    return pipe


async def _awaited(deliver: Deliver, line: bytes | None) -> None:
    await deliver(line)
