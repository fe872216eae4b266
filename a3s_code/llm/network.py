"""One exchange with a server over connections that all requests of a loop share; failures in words."""

from __future__ import annotations

import asyncio
import functools
import os
import ssl
import weakref
from collections.abc import AsyncIterator, Mapping
from urllib.request import getproxies, proxy_bypass

import httpx

from a3s_code.llm.failures import connection_problem, is_final
from a3s_code.llm.transport import DirectTransport

NO_SOCKS = 'SOCKS proxies need a package that is not installed: pip install "a3s-kernel[socks]"'
ENDLESS = httpx.Timeout(None)

_KEEPALIVE_S = 30.0

# Per event loop, because connections belong to the loop that opened them; and per route, because
# reading the certificate store takes longer than everything else a first request does.
_transports: weakref.WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[str, httpx.AsyncBaseTransport]
] = weakref.WeakKeyDictionary()


async def respond(
    url: str, body: bytes, headers: Mapping[str, str], waits: httpx.Timeout
) -> httpx.Response:
    """The response to a POST, as soon as its head is there. Closing it gives the connection back.

    httpx's client does not stand in front of the transport: nobody wants its redirects and cookies,
    and it takes longer than everything else that happens on this side of a short request.
    """
    address, waiting = _parsed(url), {"timeout": waits.as_dict()}
    request = httpx.Request("POST", address, content=body, headers=headers, extensions=waiting)
    if address.userinfo:
        request = next(httpx.BasicAuth(address.username, address.password).auth_flow(request))
    response = await _transport_for(address).handle_async_request(request)
    response.request = request
    return response


@functools.lru_cache(64)
def _parsed(url: str) -> httpx.URL:
    """Kept: taking an address apart takes longer than anything else in front of a request."""
    return httpx.URL(url)


def _transport_for(address: httpx.URL) -> httpx.AsyncBaseTransport:
    """The running loop's shared connections for an address."""
    transports = _transports.setdefault(asyncio.get_running_loop(), {})
    proxy = _proxy_for(address)
    route = proxy or ("tls" if address.scheme == "https" else "plain")
    if route not in transports:
        transports[route] = _open_transport(route, proxy)
    return transports[route]


def _proxy_for(address: httpx.URL) -> str | None:
    """The proxy that the environment names. The own machine is never asked for through one."""
    host = address.host
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _open_transport(route: str, proxy: str | None) -> httpx.AsyncBaseTransport:
    """Our own transport; httpx's through a proxy, or if that is wanted."""
    context = None if route == "plain" else ssl_context()
    if proxy is None and os.environ.get("A3S_HTTP") != "httpx":
        return DirectTransport(context)
    try:
        return httpx.AsyncHTTPTransport(
            # A plain route never speaks TLS: a context that trusts nobody is enough.
            verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEEPALIVE_S),
            proxy=proxy,
        )
    except ImportError as error:
        raise _NoSocks(NO_SOCKS) from error


@functools.cache
def ssl_context() -> ssl.SSLContext:
    """The certificates that are trusted, read once: that takes longer than a first request."""
    return httpx.create_ssl_context()


async def close_clients() -> None:
    """Close the running loop's connections; requests after this open new ones."""
    for transport in _transports.pop(asyncio.get_running_loop(), {}).values():
        await transport.aclose()


def chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes; decompressed when the server compressed it unasked."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        return response.aiter_bytes()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


class _NoSocks(httpx.TransportError):
    """The proxy speaks SOCKS, for which httpx has no package."""


def network_problem(error: httpx.HTTPError, timeout: httpx.Timeout) -> tuple[str, bool]:
    """What happened in words, and whether trying again can help."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout.connect:g} s", True
        case httpx.ReadTimeout():
            return f"the server sent nothing for {timeout.read:g} s", True
        case httpx.WriteTimeout():
            return "the server did not take the request", True
        case httpx.UnsupportedProtocol():
            return "the address must begin with http:// or https://", False
        case httpx.LocalProtocolError():  # its text may hold the key
            return "the request cannot be formed; check api_key and headers", False
        case _NoSocks():
            return NO_SOCKS, False
        case httpx.ProxyError():
            return "the proxy refused the connection", True
        case httpx.RemoteProtocolError():
            return "the server closed the connection too early", True
        case httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return "the connection broke off", True
        case httpx.ConnectError():
            return connection_problem(error), not is_final(error)
        case httpx.DecodingError():
            return "the server's answer is compressed in a way that cannot be read", False
    return f"the request failed ({type(error).__name__})", False
