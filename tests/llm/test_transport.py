"""Connections below the client: kept for the next request, and not for ever."""

from __future__ import annotations

import asyncio

import httpx

from a3s_code.llm.transport import DirectTransport
from tests.deadlines import DEADLINE_S

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_connection_that_nobody_uses_is_closed() -> None:
    """Also when no other request to that server follows."""

    async def main() -> bytes:
        ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            ended.set_result(await reader.read())
            writer.close()

        async with (
            await asyncio.start_server(serve, "127.0.0.1", 0) as server,
            httpx.AsyncClient(transport=DirectTransport(None, keepalive_s=0.01)) as client,
        ):
            port = server.sockets[0].getsockname()[1]
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"
            return await asyncio.wait_for(ended, DEADLINE_S)

    assert asyncio.run(main()) == b""
