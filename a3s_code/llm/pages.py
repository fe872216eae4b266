"""Whole answers of a limited size: pages of the web, and documents of JSON services."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

from a3s_code.llm.network import ENDLESS, NO_SOCKS, network_problem, respond, ssl_context
from a3s_code.llm.unpack import ACCEPTED, Unreadable, unpacker


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to a `get_page`. Header names are lower-case; `body` is decompressed.

    `complete` is False when the body was longer than the caller wanted.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    complete: bool


async def get_page(
    url: str,
    *,
    max_bytes: int,
    address: str | None = None,
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """GET a page of the web over a connection of its own, without cookies and without redirects.

    `address` is the IP address to connect to instead of resolving the host's name again; the
    certificate is still checked against the name. With `proxy` that resolves the name; proxies of
    the environment are not used. There is no time limit here. Raises `ConnectionError` that says
    what happened.
    """
    try:
        target = httpx.URL(url)
        host = target.netloc.decode("ascii")
        request: dict[str, Any] = {"headers": {"host": host, "accept-encoding": ACCEPTED}}
        if address is not None:
            request["extensions"] = {"sni_hostname": target.host}
            target = target.copy_with(host=address)
        request["headers"] |= headers or {}
        async with (
            httpx.AsyncClient(
                verify=ssl_context(), proxy=proxy, trust_env=False, timeout=ENDLESS
            ) as client,
            client.stream("GET", target, **request) as response,
        ):
            body, complete = await _limited(response, max_bytes)
            return Page(response.status_code, dict(response.headers), body, complete)
    except httpx.HTTPError as error:
        raise ConnectionError(network_problem(error, ENDLESS)[0]) from error
    except (httpx.InvalidURL, UnicodeError):
        raise ConnectionError("the address cannot be used") from None
    except ImportError as error:
        raise ConnectionError(NO_SOCKS) from error


async def post_json(url: str, body: bytes, *, headers: Mapping[str, str], max_bytes: int) -> Page:
    """POST a JSON document over the shared connections, without redirects.

    There is no time limit here. Raises `ConnectionError` that says what happened, without headers.
    """
    sent = {"content-type": "application/json", "accept": "application/json", **headers}
    try:
        async with aclosing(await respond(url, body, sent, ENDLESS)) as response:
            answer, complete = await _limited(response, max_bytes)
            return Page(response.status_code, dict(response.headers), answer, complete)
    except httpx.HTTPError as error:
        raise ConnectionError(network_problem(error, ENDLESS)[0]) from None
    except (httpx.InvalidURL, UnicodeError, ValueError):  # their texts may hold the token
        raise ConnectionError("the address cannot be used") from None


async def _limited(response: httpx.Response, max_bytes: int) -> tuple[bytes, bool]:
    """Up to `max_bytes` of the body, and whether that is all of it."""
    body = bytearray()
    try:
        unpack = unpacker(response.headers.get("content-encoding", ""))
        async for piece in response.aiter_raw():
            body += unpack(piece, max_bytes + 1 - len(body))
            if len(body) > max_bytes:
                return bytes(body[:max_bytes]), False
    except Unreadable as error:
        raise httpx.DecodingError(str(error)) from error
    return bytes(body), True
