"""The connection to one MCP server: held by one task, used by many."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from a3s_code.config.model import McpServerConfig
from a3s_code.errors import McpError
from a3s_code.mcp.redaction import redacted
from a3s_code.mcp.remote import ConnectionLost, Remote, RemoteTool
from a3s_code.tools.holding import Holding

log = logging.getLogger("a3s_code.mcp")

NO_PACKAGE = 'MCP servers need a package that is not installed: pip install "a3s-kernel[mcp]"'
CONNECT_S = 30.0  # a server that is fetched at its first start takes long
_END_S = 2.5  # for a server to end by itself or by force, or to answer the end of its session


class Connection:
    """A server that can be connected to, again and again. Only for the runtime loop.

    `tools` are those that the server listed last; `error` tells why it is not connected, in one
    line without credentials, None while it is or when it was closed on purpose.
    """

    def __init__(self, config: McpServerConfig) -> None:
        self.config = config
        self.tools: tuple[RemoteTool, ...] = ()
        self.error: str | None = None
        self._remote: Remote | None = None
        self._holding: Holding | None = None

    @property
    def connected(self) -> bool:
        """Whether calls can be made."""
        return self._remote is not None

    async def open(self) -> None:
        """Connect, or connect again, and list the tools.

        Raises `McpError` when that fails or takes more than 30 s; nothing is left running then.
        """
        await self.close()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.error = None
        self._holding = Holding(lambda over: self._hold(ready, over), name="a3s-mcp")
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.shield(ready)
        except TimeoutError:
            await self.close()
            self.error = f"no answer within {CONNECT_S:g} s"
        except asyncio.CancelledError:
            await self.close()
            raise
        if self.error is not None:
            raise McpError(f"{self.config.name}: {self.error}")

    async def _hold(self, ready: asyncio.Future[None], over: asyncio.Event) -> None:
        """Enter the connection, keep it until it is over, and leave it, all in one task."""
        try:
            await asyncio.to_thread(importlib.import_module, "mcp")  # takes about a second
            from a3s_code.mcp.sdk import remote_server

            async with remote_server(self.config, over.set) as remote:
                self.tools = tuple(await remote.list_tools())
                self._remote = remote
                ready.set_result(None)
                await over.wait()
                self._remote, self.error = None, "the connection was lost"
        except ImportError:
            self.error = NO_PACKAGE
        except Exception as error:  # noqa: BLE001  # whatever a transport raises: no connection
            self.error = self._told(error)  # not logged with its traceback, which is not redacted
        finally:
            self._remote = None
            if not ready.done():
                ready.set_result(None)

    def _told(self, error: BaseException) -> str:
        """The first cause in one line, without credentials."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        text = " ".join(str(error).split()) or type(error).__name__
        return redacted(text, self.config)

    async def refresh(self) -> None:
        """Read the list of tools again; connect first where there is no connection."""
        remote = self._remote
        if remote is not None:
            try:
                async with asyncio.timeout(CONNECT_S):
                    self.tools = tuple(await remote.list_tools())
                return
            except (ConnectionLost, TimeoutError) as error:
                log.debug("MCP server %s is connected again: %s", self.config.name, error)
        await self.open()

    async def call(self, tool: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a tool, as it came over the wire. Raises `ConnectionLost`, `CallFailed`."""
        if self._remote is None:
            raise ConnectionLost("not connected")
        return await self._remote.call(tool, args, self.config.timeout_ms / 1000)

    async def close(self) -> None:
        """End the connection and the server's process. Takes at most about 4 s."""
        holding, self._holding = self._holding, None
        if holding is None:
            return
        if not await holding.end(_END_S):
            log.warning("MCP server %s did not end in time", self.config.name)
        self.error = None

    def abandon(self) -> None:
        """End the connection soon; for the moment when its owner has been forgotten."""
        if self._holding is not None:
            self._holding.end_soon()


async def open_all(connections: Sequence[Connection]) -> None:
    """Connect all at once; the failures are warnings, that of a missing package a single one."""
    await asyncio.gather(*(_opened(connection) for connection in connections))
    missing = [one for one in connections if one.error == NO_PACKAGE]
    if missing:
        names = ", ".join(one.config.name for one in missing)
        log.warning("MCP servers left out (%s). %s", names, NO_PACKAGE)
    for one in connections:
        if one.error not in (None, NO_PACKAGE):
            log.warning("MCP server %s left out: %s", one.config.name, one.error)


async def _opened(connection: Connection) -> None:
    try:
        await connection.refresh()
    except McpError as error:
        connection.error = connection.error or error.problem
