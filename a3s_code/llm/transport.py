"""The transport below httpx for servers that are asked directly: HTTP/1.1 over asyncio.

httpx's own spends most of a short request, and most of an event of a stream, in layers that no model
server needs (two protocols, two event loop libraries, synchronous and asynchronous pools). Routes
through a proxy still use it, and so does everything when the environment says `A3S_HTTP=httpx`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx

from a3s_code.llm.connection import Connection, TimedOut, connect
from a3s_code.llm.http1 import BadMessage, ResponseHead, ResponseReader, request_head

_KEEPALIVE_S = 30.0
_MAX_IDLE = 20  # connections to one server
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


class DirectTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections of its own, which are kept for a while and used again."""

    def __init__(
        self, context: ssl.SSLContext | None, *, keepalive_s: float = _KEEPALIVE_S
    ) -> None:
        """`context` is for https; without one only http is spoken.

        `keepalive_s` is how long a connection that is not in use stays open.
        """
        if context is not None:
            context.set_alpn_protocols(["http/1.1"])
        self._context = context
        self._keepalive_s = keepalive_s
        # With the time of the last use, the oldest first.
        self._idle: dict[Origin, list[tuple[float, Connection]]] = {}
        self._cleaning: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, as soon as its head is there. Raises httpx's errors."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        waits: dict[str, float | None] = request.extensions.get("timeout", {})
        origin = _origin(request.url)
        try:
            head = request_head(
                request.method.encode("ascii"), request.url.raw_path, request.headers.raw
            )
        except BadMessage as error:
            raise httpx.LocalProtocolError(str(error)) from None
        message = head + b"".join([part async for part in request.stream])
        connection = self._kept(origin) or await self._opened(origin, waits.get("connect"))
        exchange = _Exchange(self, origin, connection, waits.get("read"))
        try:
            answer = await exchange.begin(message, waits.get("write"))
        except BaseException:
            await exchange.aclose()
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=exchange,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.reason},
        )

    async def aclose(self) -> None:
        """Close the connections that are not in use."""
        if self._cleaning is not None:
            self._cleaning.cancel()
        while self._idle:
            _, kept = self._idle.popitem()
            for _, connection in kept:
                connection.close()
        await asyncio.sleep(0)  # the loop closes them in its next step

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Use the connection for the next request, if that comes soon."""
        loop = asyncio.get_running_loop()
        kept = self._idle.setdefault(origin, [])
        kept.append((loop.time(), connection))
        if len(kept) > _MAX_IDLE:
            kept.pop(0)[1].close()
        if self._cleaning is None:
            self._cleaning = loop.call_later(self._keepalive_s, self._close_old)

    def _close_old(self) -> None:
        """Close what nobody has used for a while, and come back as long as anything is kept."""
        loop = asyncio.get_running_loop()
        for origin, kept in list(self._idle.items()):
            while kept and loop.time() - kept[0][0] >= self._keepalive_s:
                kept.pop(0)[1].close()
            if not kept:
                del self._idle[origin]
        again = bool(self._idle)
        self._cleaning = loop.call_later(self._keepalive_s, self._close_old) if again else None

    def _kept(self, origin: Origin) -> Connection | None:
        """The connection used last: the one that the server has most likely not closed yet."""
        kept = self._idle.get(origin, [])
        while kept:
            since, connection = kept.pop()
            old = asyncio.get_running_loop().time() - since > self._keepalive_s
            if connection.quiet and not old:
                return connection
            connection.close()
        return None

    async def _opened(self, origin: Origin, timeout_s: float | None) -> Connection:
        scheme, host, port = origin
        context = self._context if scheme == "https" else None
        try:
            return await connect(host, port, context, timeout_s)
        except TimedOut as error:
            raise httpx.ConnectTimeout("the server cannot be reached in time") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error


class _Exchange(httpx.AsyncByteStream):
    """One request on a connection; as a stream it is the body of the response."""

    def __init__(
        self,
        transport: DirectTransport,
        origin: Origin,
        connection: Connection,
        read_timeout_s: float | None,
    ) -> None:
        self._transport, self._origin, self._connection = transport, origin, connection
        self._read_timeout_s = read_timeout_s
        self._reader = ResponseReader()
        self._first = b""  # of the body, what came with the head
        self._closed = False

    async def begin(self, message: bytes, timeout_s: float | None) -> ResponseHead:
        """Send the request and wait for the head of the response."""
        try:
            await self._connection.write(message, timeout_s)
        except TimedOut as error:
            raise httpx.WriteTimeout("the server does not take the request") from error
        with _errors_of_httpx():
            while self._reader.head is None:
                self._first = await self._next()
            return self._reader.head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            if self._first:
                yield self._first
            while not self._reader.done:
                if body := await self._next():
                    yield body

    async def _next(self) -> bytes:
        data = await self._connection.read(self._read_timeout_s)
        if data:
            return self._reader.feed(data)
        self._reader.end()
        return b""

    async def aclose(self) -> None:
        """Let the next request have the connection, or close it if this one is not over."""
        if self._closed:
            return
        self._closed = True
        if self._reader.reusable and self._connection.quiet:
            self._transport.keep(self._origin, self._connection)
        else:
            self._connection.close()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    try:
        yield
    except TimedOut as error:
        raise httpx.ReadTimeout("the server is silent") from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except BadMessage as error:
        raise httpx.RemoteProtocolError(str(error)) from error


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol("only http:// and https:// are spoken")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
