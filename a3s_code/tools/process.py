"""A command in a process group of its own, read in a thread and killed as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a3s_code.tools.orphans import orphan_watch
from a3s_code.tools.own_group import own_group
from a3s_code.tools.process_tree import kill_tree

_PIECE_BYTES = 64 * 1024
_KILL_WAIT_S = 5.0  # for processes that do not die at once: blocked in the kernel, or on Windows
_DRAIN_STEP_S = 0.05
_PIPE_BYTES = 64 * 1024  # what a pipe holds: nothing more can have been written before the exit


@dataclass(frozen=True, slots=True)
class Exit:
    """How a command ended. `code` is 128 + signal number when a signal ended it."""

    code: int
    timed_out: bool = False


async def run_command(
    command: str | Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    timeout_s: float,
    on_output: Callable[[bytes], None],
) -> Exit:
    """Run a command without standard input; stdout and stderr arrive merged, in their order.

    `on_output` is called in another thread, with pieces of at most 64 KiB, never after the return.
    On timeout and on cancellation the whole process tree is dead before this returns. A child that
    was left in the background does not delay the return. Raises `OSError` or `ValueError` when the
    command cannot be started.
    """
    process = _Process(asyncio.get_running_loop(), on_output)
    process.start(command, cwd, env)
    try:
        await asyncio.wait({process.exited}, timeout=timeout_s)
        timed_out = not process.exited.done()
        if timed_out:
            await process.kill()
        await process.drain()
    except asyncio.CancelledError:
        await process.kill()
        await process.drain()
        raise
    finally:
        process.detach()
    if timed_out:
        return Exit(1, timed_out=True)
    code = process.exited.result()
    return Exit(128 - code if code < 0 else code)


class _Process:
    """The process with its two threads: one starts it and waits, the other reads its output.

    Threads and not asyncio's own subprocesses: those need a particular kind of event loop on
    Windows, and start slower.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_output: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._on_output = on_output
        self._reading = threading.Lock()
        self._read_bytes = 0
        self._detached = False
        self._kill_requested = False
        self._popen: subprocess.Popen[bytes] | None = None
        self.exited: asyncio.Future[int] = loop.create_future()
        self._drained: asyncio.Future[None] = loop.create_future()

    def start(self, command: str | Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        threading.Thread(
            target=self._supervise, args=(command, cwd, env), name="a3s-command", daemon=True
        ).start()

    def _supervise(self, command: str | Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        try:
            popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                **own_group(),
            )
        except (OSError, ValueError) as error:
            self._post(self._drained, None)
            self._post_error(self.exited, error)
            return
        self._popen = popen
        if self._kill_requested:
            kill_tree(popen.pid)
        threading.Thread(
            target=self._read, args=(popen,), name="a3s-command-output", daemon=True
        ).start()
        with orphan_watch.over(popen.pid):
            code = popen.wait()
        self._post(self.exited, code)

    def _read(self, popen: subprocess.Popen[bytes]) -> None:
        """Read to the end of file, also when nobody listens: a writer left behind stays alive."""
        assert popen.stdout is not None
        with popen.stdout as pipe:
            while True:
                _wait_readable(pipe.fileno())
                with self._reading:
                    piece = os.read(pipe.fileno(), _PIECE_BYTES)
                    self._read_bytes += len(piece)
                    if piece and not self._detached:
                        self._on_output(piece)
                if not piece:
                    break
        self._post(self._drained, None)

    async def drain(self) -> None:
        """Wait until all has been read that was written before now, however busy the machine is.

        That is so at the end of the output, once the pipe is empty, and when as much was read as a
        pipe holds: a child that was left in the background may go on writing.
        """
        enough = self._read_bytes + _PIPE_BYTES
        while self._read_bytes < enough:
            await asyncio.wait({self._drained}, timeout=_DRAIN_STEP_S)
            if self._drained.done() or self._pipe_is_empty():
                return

    def _pipe_is_empty(self) -> bool:
        popen = self._popen
        if popen is None or popen.stdout is None:
            return True
        with self._reading:
            return popen.stdout.closed or not _is_readable(popen.stdout.fileno())

    async def kill(self) -> None:
        """Kill the tree and wait for its end; the system calls are made in a thread."""
        self._kill_requested = True
        ends: set[asyncio.Future[Any]] = {self.exited}
        if self._popen is not None:
            killed = self._loop.create_future()
            ends.add(killed)
            args = self._popen.pid, killed
            threading.Thread(target=self._kill_tree, args=args, daemon=True).start()
        await asyncio.wait(ends, timeout=_KILL_WAIT_S)

    def _kill_tree(self, pid: int, killed: asyncio.Future[None]) -> None:
        kill_tree(pid)
        self._post(killed, None)

    def detach(self) -> None:
        """From now on output is read and dropped."""
        with self._reading:
            self._detached = True
        if self.exited.done():
            self.exited.exception()  # looked at, whoever gets to see it

    def _post(self, future: asyncio.Future[Any], value: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            self._loop.call_soon_threadsafe(_settle, future, value, None)

    def _post_error(self, future: asyncio.Future[Any], error: Exception) -> None:
        with contextlib.suppress(RuntimeError):  # as above
            self._loop.call_soon_threadsafe(_settle, future, None, error)


def _settle(future: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)


def _wait_readable(fd: int) -> None:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.poll()


def _is_readable(fd: int) -> bool:
    """Whether a read would return at once. Windows cannot tell for a pipe: then it would not."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))
