"""A harness behind an address: one POST request per message."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from a3s_code.ahp import protocol
from a3s_code.ahp.link import LinkFailed
from a3s_code.ahp.transports import HttpTransport
from a3s_code.config.secret import Secret
from a3s_code.llm.failures import redact, said_in_body

_MAX_BYTES = 8 * 1024 * 1024


class HttpLink:
    """Every message stands alone, so a harness that was away may come back."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self._numbers = count(1)

    async def open(self) -> None:
        """Nothing: the handshake is the first message."""

    async def request(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of a request."""
        number = next(self._numbers)
        answer = protocol.message_in(await self._post(protocol.request(number, method, params)))
        if answer.get("id") != number:
            raise protocol.ProtocolError("it answered under another number")
        return protocol.result_in(answer)

    async def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell something."""
        await self._post(protocol.notification(method, params))

    async def close(self) -> None:
        """The connections belong to the runtime loop."""

    def abandon(self) -> None:
        """Nothing is held."""

    async def _post(self, body: bytes) -> bytes:
        from a3s_code.llm.pages import post_json  # here, so that importing the library stays light

        transport = self._transport
        try:
            page = await post_json(
                transport.url, body, headers=transport.headers, max_bytes=_MAX_BYTES
            )
        except ConnectionError as error:
            raise LinkFailed(self._shown(str(error))) from None
        if not 200 <= page.status < 300:
            said = said_in_body(page.body)
            raise LinkFailed(self._shown(f"HTTP {page.status}{': ' if said else ''}{said}"))
        if not page.complete:
            raise LinkFailed("its answer is longer than 8 MiB")
        return page.body

    def _shown(self, problem: str) -> str:
        token = self._transport.auth_token
        secrets = [token.reveal()] if isinstance(token, Secret) else []
        return f"{redact(problem, secrets)} ({self._transport.shown_url})"
