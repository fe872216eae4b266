"""What a supervisor needs of a connection, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class LinkFailed(Exception):
    """The harness cannot be reached, or is not there any more; the text says why, in one line."""


class Link(Protocol):
    """A way to a harness. Only for the runtime loop; every wait can be cancelled."""

    async def open(self) -> None:
        """Make it usable. Raises `LinkFailed`."""

    async def request(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a request. Raises `LinkFailed` or `ProtocolError`; has no time limit."""
        ...

    async def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell something. Raises `LinkFailed`."""

    async def close(self) -> None:
        """End it, and a process behind it; more than once is harmless."""

    def abandon(self) -> None:
        """End it soon, from any thread: its owner has been forgotten."""
