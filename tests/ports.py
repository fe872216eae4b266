"""Addresses of 127.0.0.1 at which nobody listens, and nobody else can."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def kept_port(port: int = 0) -> socket.socket:
    """A socket that has the port without listening: connections are refused until it is closed.

    A port that is merely free may be somebody else's a moment later.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of before linger
    keeper.bind(("127.0.0.1", port))
    return keeper


@contextmanager
def dead_address() -> Iterator[str]:
    """A URL whose connections are refused."""
    with kept_port() as keeper:
        yield f"http://127.0.0.1:{keeper.getsockname()[1]}"
