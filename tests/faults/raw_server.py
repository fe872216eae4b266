"""A server below HTTP: each connection meets the next one of a list of acts."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deadlines import DEADLINE_S
from tests.scripts import Reply, says, wait
from tests.wire import chunks_of

Act = Callable[[socket.socket], None]

CERTIFICATE = Path(__file__).with_name("untrusted.pem")
"""A certificate for 127.0.0.1 with its key, signed by nobody but itself."""

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
)


@contextmanager
def raw_server(*acts: Act, tls: bool = False) -> Iterator[str]:
    """Serve one connection per act, each after its request was read; yields the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, acts, tls))
        thread.start()
        scheme = "https" if tls else "http"
        try:
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with contextlib.suppress(OSError):  # wakes an `accept` that nobody comes to
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


def _serve(listener: socket.socket, acts: tuple[Act, ...], tls: bool) -> None:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    for act in acts:
        try:
            connection, _ = listener.accept()
        except OSError:  # the test is over
            return
        with contextlib.suppress(ConnectionError, ssl.SSLError), connection:
            connection.settimeout(DEADLINE_S)
            if context is not None:
                with context.wrap_socket(connection, server_side=True) as secure:
                    act(secure)
            else:
                _read_request(connection)
                act(connection)


def _read_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


# -- acts ------------------------------------------------------------------------------------------


def hangs_up(_connection: socket.socket) -> None:
    """The connection is closed in good form, without an answer."""


def resets(connection: socket.socket) -> None:
    """The connection is torn down with a reset, without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_nonsense(connection: socket.socket) -> None:
    """Something that is not HTTP."""
    connection.sendall(b"220 mail.example ESMTP ready\r\n")


def resets_within(text: str, kind: str, seen: threading.Event) -> Act:
    """`text` arrives; once a reader has `seen` it, the reset. (A reset overtakes unread bytes.)"""

    def act(connection: socket.socket) -> None:
        chunks = _chunks(says(text, wait()), kind)
        last = next(at for at, chunk in enumerate(chunks) if text.encode() in chunk)
        connection.sendall(_HEAD + b"".join(map(_framed, chunks[: last + 1])))
        assert seen.wait(DEADLINE_S)
        resets(connection)

    return act


def answers(reply: Reply, kind: str) -> Act:
    """The whole answer."""

    def act(connection: socket.socket) -> None:
        body = b"".join(map(_framed, _chunks(reply, kind)))
        connection.sendall(_HEAD + body + b"0\r\n\r\n")

    return act


def _chunks(reply: Reply, kind: str) -> list[bytes]:
    return [chunk for chunk in chunks_of(reply, kind) if isinstance(chunk, bytes)]


def _framed(chunk: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)
