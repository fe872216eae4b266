"""A SOCKS5 proxy on 127.0.0.1 that brings every connection to one port of this machine."""

from __future__ import annotations

import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self


class SocksServer:
    """Without sign-in. `targets` are the hosts and ports that were asked for; all end at `port`."""

    def __init__(self, port: int) -> None:
        self.targets: list[tuple[str, int]] = []
        targets = self.targets

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                client: socket.socket = self.request
                file = client.makefile("rb")
                file.read(file.read(2)[1])  # the ways to sign in
                client.sendall(b"\x05\x00")
                kind = file.read(4)[3]
                length = 4 if kind == 1 else file.read(1)[0]
                host = file.read(length)
                name = socket.inet_ntoa(host) if kind == 1 else host.decode()
                targets.append((name, int.from_bytes(file.read(2), "big")))
                with socket.create_connection(("127.0.0.1", port)) as server:
                    client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                    threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                    _copy(client, server)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"socks5://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side has left
