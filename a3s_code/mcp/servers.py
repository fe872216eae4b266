"""The MCP servers of an agent, and those of a session."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from a3s_code.config.model import McpServerConfig
from a3s_code.errors import InvalidArgument, McpError
from a3s_code.mcp.address import checked_config
from a3s_code.mcp.connection import Connection, open_all
from a3s_code.mcp.names import tool_names
from a3s_code.mcp.tool import McpTool
from a3s_code.tools.registry import ToolRegistry

log = logging.getLogger("a3s_code.mcp")


class AgentServers:
    """The servers of a configuration: connected at the first session, shared by all of them.

    They end when agent and sessions are forgotten, or with the interpreter.
    """

    def __init__(self, configs: Iterable[McpServerConfig]) -> None:
        self._connections = [Connection(config) for config in configs if _usable(config)]
        self._asked = False
        self._lock = asyncio.Lock()
        if self._connections:
            weakref.finalize(self, _abandon, self._connections).atexit = False

    def __bool__(self) -> bool:
        return bool(self._connections)

    @property
    def connections(self) -> Sequence[Connection]:
        """All of them, connected or not."""
        return tuple(self._connections)

    async def connect(self) -> None:
        """Connect once; a server that fails is a warning and is not tried again by this."""
        async with self._lock:
            if not self._asked:
                await open_all(self._connections)
                self._asked = True

    async def refresh(self) -> None:
        """Read all lists of tools again, and connect to servers that were left out."""
        async with self._lock:
            await open_all(self._connections)
            self._asked = True


@dataclass(frozen=True, slots=True)
class _Server:
    """A connection with the tools that a session has of it: real names by the offered ones."""

    connection: Connection
    own: bool
    tools: Mapping[str, str] = field(default_factory=dict)


class SessionServers:
    """The servers that a session has tools of: those of its agent, and those it added itself.

    `add`, `remove` and `close` are for the runtime loop; the rest is callable anywhere.
    """

    def __init__(self, registry: ToolRegistry, shared: AgentServers | None = None) -> None:
        self._registry, self._shared = registry, shared
        self._servers: dict[str, _Server] = {}
        self._own: list[Connection] = []
        self._lock = asyncio.Lock()
        for connection in () if shared is None else shared.connections:
            self._register(connection, own=False)

    @property
    def has_own(self) -> bool:
        """Whether `close` has something to end."""
        return bool(self._own)

    async def add(self, config: McpServerConfig) -> int:
        """Connect to a server and offer its tools; returns their number.

        What the session had under that name ends first. Raises `McpError`; the status then tells
        the error and the session has no tools of that name.
        """
        async with self._lock:
            await self._remove(config.name)
            connection = Connection(config)
            if not self._own:  # not sooner: most sessions never have servers of their own
                weakref.finalize(self, _abandon, self._own).atexit = False
            self._own.append(connection)
            try:
                await connection.open()
            except McpError:
                self._servers[config.name] = _Server(connection, own=True)
                raise
            return self._register(connection, own=True)

    async def remove(self, name: str) -> None:
        """Take a server's tools back and end it; one of the agent stays for the other sessions."""
        async with self._lock:
            await self._remove(name)

    async def close(self) -> None:
        """End the session's own servers."""
        own = list(self._own)
        self._own.clear()
        await asyncio.gather(*(connection.close() for connection in own))

    def status(self) -> dict[str, dict[str, Any]]:
        """`connected`, `tool_count` and `error` (a str or None) by server."""
        return {
            name: {
                "connected": server.connection.connected,
                "tool_count": len(server.tools),
                "error": server.connection.error,
            }
            for name, server in list(self._servers.items())
        }

    def connected(self) -> list[tuple[str, list[str]]]:
        """Names of the connected servers, each with the real names of its tools."""
        return [
            (name, list(server.tools.values()))
            for name, server in list(self._servers.items())
            if server.connection.connected
        ]

    def _register(self, connection: Connection, *, own: bool) -> int:
        config = connection.config
        remote = {tool.name: tool for tool in connection.tools}
        offered: dict[str, str] = {}
        for name, real in tool_names(config.name, remote).items():
            if name in self._registry:
                log.warning("MCP server %s: there is already a tool %s", config.name, name)
                continue
            self._registry.register(McpTool(name, remote[real], connection))
            offered[name] = real
        self._servers[config.name] = _Server(connection, own=own, tools=offered)
        return len(offered)

    async def _remove(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is None:
            return
        for tool in server.tools:
            self._registry.unregister(tool)
        if server.own:
            await server.connection.close()
            self._own.remove(server.connection)


def _usable(config: McpServerConfig) -> bool:
    if not config.enabled:
        return False
    try:
        checked_config(config)
    except InvalidArgument as error:
        log.warning("MCP server left out: %s", error.problem)
        return False
    return True


def _abandon(connections: list[Connection]) -> None:
    for connection in connections:
        connection.abandon()
