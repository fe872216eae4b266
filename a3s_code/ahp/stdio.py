"""A harness in a child process: one line of JSON per message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

from a3s_code.ahp import protocol
from a3s_code.ahp.link import LinkFailed
from a3s_code.ahp.transports import StdioTransport
from a3s_code.tools.child_process import ChildProcess, child_process
from a3s_code.tools.holding import Holding

log = logging.getLogger("a3s_code.ahp")

_END_S = 2.5  # for a harness to end by itself or by force

Answer = asyncio.Future[Mapping[str, Any]]


class StdioLink:
    """Holds the process in one task, so that leaving it ends it however that comes about.

    A process that has ended is not started again: who ends the harness must not get a new one that
    knows nothing of what came before.
    """

    def __init__(self, transport: StdioTransport) -> None:
        self._command = [transport.program, *transport.args]
        self._numbers = count(1)
        self._waiting: dict[int, Answer] = {}
        self._child: ChildProcess | None = None
        self._problem = ""  # why nobody answers; "" while somebody does
        self._holding: Holding | None = None

    async def open(self) -> None:
        """Start the process. Raises `LinkFailed`."""
        ready = asyncio.get_running_loop().create_future()
        self._problem = ""
        self._holding = Holding(lambda over: self._hold(ready, over), name="a3s-ahp")
        await asyncio.shield(ready)
        if self._child is None:
            raise LinkFailed(self._problem)

    async def _hold(self, ready: asyncio.Future[None], over: asyncio.Event) -> None:
        try:
            async with child_process(self._command, {}, _log) as child:
                self._child = child
                child.listen(partial(self._deliver, over))
                ready.set_result(None)
                await over.wait()
                self._lost(await child.epitaph() or "it closed its standard output")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            self._lost(f"{self._command[0]} cannot be started: {why}")
        finally:
            self._lost("the connection was closed")
            if not ready.done():
                ready.set_result(None)

    def _lost(self, problem: str) -> None:
        """Nobody will answer any more; the first reason counts."""
        self._child, self._problem = None, self._problem or problem
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(LinkFailed(self._problem))

    async def _deliver(self, over: asyncio.Event, line: bytes | None) -> None:
        if line is None:
            over.set()
            return
        try:
            message = protocol.message_in(line)
        except protocol.ProtocolError:
            log.debug("a line of the harness is left out: it is no message")
            return
        number = message.get("id")
        answer = self._waiting.get(number) if type(number) is int else None
        if answer is not None and not answer.done():
            answer.set_result(message)

    async def request(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a request, whose answer may come after those of later ones."""
        number = next(self._numbers)
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._write(protocol.request(number, method, params))
            return protocol.result_in(await answer)
        finally:
            self._waiting.pop(number, None)

    async def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell something."""
        await self._write(protocol.notification(method, params))

    async def _write(self, message: bytes) -> None:
        child = self._child
        if child is None:
            raise LinkFailed(self._problem or "it was not started")
        try:
            await child.write(message + b"\n")
        except (OSError, ValueError):
            raise LinkFailed(await child.epitaph() or "it does not read any more") from None

    async def close(self) -> None:
        """End the process. Takes at most about 5 s."""
        holding, self._holding = self._holding, None
        if holding is not None:
            await holding.end(_END_S)

    def abandon(self) -> None:
        """End the process soon."""
        if self._holding is not None:
            self._holding.end_soon()


def _log(line: str) -> None:
    log.info("harness: %s", line)
