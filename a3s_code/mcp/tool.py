"""A tool of an MCP server as a tool of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.mcp.connection import Connection
from a3s_code.mcp.content import tool_output
from a3s_code.mcp.remote import CallFailed, ConnectionLost, RemoteTool
from a3s_code.tools.protocol import ToolContext, ToolOutput


class McpTool:
    """Calls the tool of a server under the name that the model knows.

    Never `read_only`: what a server says of its tools' effects is only a hint.
    """

    read_only = False

    def __init__(self, name: str, remote: RemoteTool, connection: Connection) -> None:
        self.name, self.description, self.parameters = name, remote.description, remote.parameters
        self._remote_name, self._connection = remote.name, connection

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Call it. Raises `ToolFailed` when there is no connection or the server refuses."""
        server = self._connection.config.name
        try:
            result = await self._connection.call(self._remote_name, args)
        except ConnectionLost as error:
            raise ToolFailed(f"MCP tool error: MCP server not connected: {server}") from error
        except CallFailed as error:
            raise ToolFailed(f"MCP tool error: {error.problem}") from error
        return tool_output(result)
