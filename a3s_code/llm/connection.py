"""One connection to a server: what has arrived is taken in one step, and too much is not taken in.

`asyncio`'s own streams wake their reader in two steps and copy twice; the price per network read is
what decides how many answers can be streamed at once.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import ssl

# The server is held back as long as this much waits to be read.
_MAX_WAITING_BYTES = 256 * 1024
_NEXT_ADDRESS_AFTER_S = 0.25  # RFC 8305 section 5
_NUMBER = re.compile(r"\[(?:Errno|WinError) (\d+)\]")


class TimedOut(Exception):
    """The peer was silent, or did not take what was sent, for too long."""


class Connection(asyncio.Protocol):
    """A connection for one task at a time. Everything happens on the loop it was opened on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received: list[bytes] = []
        self._received_bytes = 0
        self._reading_is_paused = self._writing_is_paused = False
        self._ended = False
        self._problem: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    # -- for the one who uses it -------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether it is open and nothing has come that was not read."""
        return not self._ended and not self._received

    async def read(self, timeout_s: float | None) -> bytes:
        """All that has arrived, b"" at the end. Raises `OSError`, or `TimedOut` after silence."""
        while not self._received:
            if self._problem is not None:
                raise self._problem
            if self._ended:
                return b""
            await self._wait(timeout_s)
        data = b"".join(self._received) if len(self._received) > 1 else self._received[0]
        self._received.clear()
        self._received_bytes = 0
        if self._reading_is_paused and self._transport is not None and not self._ended:
            self._reading_is_paused = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes, timeout_s: float | None) -> None:
        """Send; returns early when the peer answers or hangs up before it has taken everything."""
        if self._transport is not None and not self._ended:
            self._transport.write(data)
        while self._writing_is_paused and self.quiet:
            await self._wait(timeout_s)

    def close(self) -> None:
        """Close at once, whatever is on its way."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self, timeout_s: float | None) -> None:
        """Until something happens."""
        self._waiter = waiter = self._loop.create_future()
        timer = None if timeout_s is None else self._loop.call_later(timeout_s, _give_up, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    # -- for the event loop ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._received.append(data)
        self._received_bytes += len(data)
        if self._received_bytes > _MAX_WAITING_BYTES and not self._reading_is_paused:
            assert self._transport is not None
            self._reading_is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """No more bytes will come. Nothing is sent then either, so the loop closes it."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, or broken."""
        self._ended, self._problem = True, exc
        self._transport = None
        self._wake()

    def pause_writing(self) -> None:
        """The peer is slower than what it is sent."""
        self._writing_is_paused = True

    def resume_writing(self) -> None:
        """The peer has taken what it was sent."""
        self._writing_is_paused = False
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimedOut())


async def connect(
    host: str, port: int, context: ssl.SSLContext | None, timeout_s: float | None
) -> Connection:
    """A new connection, encrypted if there is a `context`, whose certificate is for `host`.

    All addresses of the host are tried. Raises `OSError`, also for TLS and names that cannot be
    resolved, and `TimedOut`.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            _, connection = await loop.create_connection(
                Connection,
                host,
                port,
                ssl=context,
                server_hostname=host if context is not None else None,
                happy_eyeballs_delay=_NEXT_ADDRESS_AFTER_S,
            )
    except TimeoutError as error:
        if error.errno == errno.ETIMEDOUT:  # the operating system's own, which says the same
            raise TimedOut from error
        raise TimedOut from None
    except OSError as error:
        raise _of_the_first_address(error) from error
    return connection


def _of_the_first_address(error: OSError) -> OSError:
    """The error itself; asyncio joins the texts of several addresses' errors and drops their kind."""
    number = _NUMBER.search(str(error)) if error.errno is None else None
    if number is None:
        return error
    return OSError(int(number[1]), os.strerror(int(number[1])))
