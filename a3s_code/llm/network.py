"""The chunk filter below httpcore, by way of its interface for network backends."""

# ruff: noqa: ASYNC109  # the signatures are httpcore's

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from a3s_code.llm.chunks import ChunkMerger

_READ_BYTES = 256 * 1024  # a fast server has that much ready; a slow one is not waited for


class MergingStream(httpcore.AsyncNetworkStream):
    """A connection whose chunked responses arrive in few large chunks."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._merger = ChunkMerger()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes, b"" at the end; more than `max_bytes` when the socket has them."""
        while data := await self._stream.read(max(max_bytes, _READ_BYTES), timeout):
            if merged := self._merger.feed(data):
                return merged
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes of a request."""
        self._merger.restart()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The same filter, above the encryption."""
        return MergingStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Facts of the connection below."""
        return self._stream.get_extra_info(info)


class MergingBackend(httpcore.AsyncNetworkBackend):
    """Opens the connections of another backend with the filter on top."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A filtered connection."""
        return MergingStream(
            await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """A filtered connection."""
        return MergingStream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        """Pause."""
        await self._backend.sleep(seconds)


def merge_chunks(transport: object) -> bool:
    """Put the filter below an `httpx.AsyncHTTPTransport`; False when it is not built as expected.

    httpx offers no parameter for httpcore's backend, so it is exchanged afterwards. Without the
    filter everything works, at a multiple of the cost per event.
    """
    pool = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if not isinstance(backend, httpcore.AsyncNetworkBackend):
        return False
    pool._network_backend = MergingBackend(backend)  # type: ignore[union-attr]  # checked above
    return True
