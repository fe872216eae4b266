"""What the rest knows of a connected MCP server, whichever library talks to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from a3s_code.errors import A3SError


class ConnectionLost(A3SError):
    """The server is not there any more."""


class CallFailed(A3SError):
    """The server refused a call, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool as its server describes it; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class Remote(Protocol):
    """A server with which the handshake has been made."""

    async def list_tools(self) -> Sequence[RemoteTool]:
        """All tools, in the server's order. Raises `ConnectionLost` or `CallFailed`."""
        ...

    async def call(self, tool: str, args: Mapping[str, Any], timeout_s: float) -> Mapping[str, Any]:
        """The result as it came over the wire. Raises `ConnectionLost` or `CallFailed`.

        Cancelling tells the server, and does not wait for what it makes of that.
        """
        ...
