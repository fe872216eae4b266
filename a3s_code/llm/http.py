"""Sending requests to model servers. Only this file and `transport.py` below it import httpx."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from a3s_code.errors import ModelError, ModelRefused, ModelUnreachable, StreamInterrupted
from a3s_code.events import AgentEvent, Retrying
from a3s_code.llm.address import shown_url
from a3s_code.llm.failures import (
    GAVE_UP,
    MAX_BODY_BYTES,
    connection_problem,
    is_final,
    placed,
    redacted,
    said_in_body,
)
from a3s_code.llm.model import Codec, ModelReply, ModelRequest, StreamDecoder
from a3s_code.llm.retry import RetryConfig, parse_retry_after, retry_delay_s
from a3s_code.llm.transport import DirectTransport
from a3s_code.messages import Message

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 300.0

_WRITE_TIMEOUT_S = 120.0
_KEEPALIVE_S = 30.0
_ENDLESS = httpx.Timeout(None)
_NO_SOCKS = 'SOCKS proxies need a package that is not installed: pip install "a3s-kernel[socks]"'
_GRACE_S = 0.1  # for the end of the body behind the end of the answer; then the connection is lost


class Emit(Protocol):
    """Takes the events of one network read. Awaiting it holds the server back."""

    def __call__(self, events: list[AgentEvent], /) -> Awaitable[None]: ...


class LiveReply:
    """The answer of one `ModelClient.stream` call while it grows.

    It stays readable when the call fails or is cancelled, which is when it is needed.
    """

    def __init__(self) -> None:
        self._decoder: StreamDecoder | None = None
        self.delivered = False

    def begin(self, decoder: StreamDecoder) -> StreamDecoder:
        """Start over with a fresh decoder, for another attempt."""
        self._decoder = decoder
        return decoder

    def partial(self) -> Message:
        """What has arrived so far; an assistant's message without blocks when nothing has."""
        return Message("assistant", ()) if self._decoder is None else self._decoder.partial()


class _Headers(dict[str, str]):
    """The headers of a request, of which a traceback that shows variables tells the names only."""

    def __repr__(self) -> str:
        return f"headers {', '.join(self)}"


def _bare(cause: BaseException | None) -> BaseException | None:
    """The network's own error without what led to it: those frames hold the request's headers.

    Other causes are left out, because they hold what the server sent, as it came.
    """
    if not isinstance(cause, httpx.HTTPError):
        return None
    cause.__cause__ = cause.__context__ = None
    return cause.with_traceback(None)


class ModelClient:
    """One endpoint of a model server.

    `base_url` is an address, or a coroutine function that yields it (the embedded model has none
    before it was started); `api_key` is called for each request, so that no key is stored here.
    `headers` win over the protocol's own. `session_id_header` names the header that carries the
    session's id. `secrets` are values besides these that no error may show, whoever repeats them.
    `read_timeout_s` bounds the silence between two pieces, not the answer.
    """

    def __init__(
        self,
        codec: Codec,
        base_url: str | Callable[[], Awaitable[str]] = "",
        *,
        api_key: Callable[[], str | None] | None = None,
        headers: Mapping[str, str] | None = None,
        session_id_header: str | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
        retry: RetryConfig | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._codec = codec
        self._base_url = base_url
        self._api_key = api_key
        self._headers = dict(headers or {})
        self._session_id_header = session_id_header
        self._other_secrets = secrets
        self._retry = retry or RetryConfig()
        self._timeout = httpx.Timeout(
            connect=connect_timeout_s, read=read_timeout_s, write=_WRITE_TIMEOUT_S, pool=None
        )

    async def stream(
        self,
        request: ModelRequest,
        emit: Emit,
        *,
        session_id: str | None = None,
        live: LiveReply | None = None,
    ) -> ModelReply:
        """Ask, hand each network read's events to `emit`, and return the whole answer.

        Failed requests are repeated, each time announced by a `Retrying` event, as long as nothing
        of an answer was delivered. Cancelling the task closes the connection at once; `live` then
        still holds what had come. Raises `ModelUnreachable`, `ModelRefused` or `StreamInterrupted`,
        all with the text so far.
        """
        body = self._codec.encode(request)
        live = live or LiveReply()
        live.delivered = False
        retry = 0
        while True:
            headers = self._all_headers(session_id)
            try:
                return await self._attempt(body, headers, emit, live)
            except ModelError as error:
                failure = redacted(error, self._secrets())
                if live.delivered or not error.retryable or retry >= self._retry.max_retries:
                    before = f"{GAVE_UP} {retry + 1} attempts: " if retry else ""
                    raise redacted(failure, (), before=before) from _bare(error.__cause__)
            delay_s = retry_delay_s(self._retry, retry, random.random(), failure.retry_after_s)
            retry += 1
            await emit(
                [
                    Retrying(
                        attempt=retry + 1,
                        delay_ms=round(delay_s * 1000),
                        status=failure.status,
                        reason=failure.problem,
                    )
                ]
            )
            await asyncio.sleep(delay_s)

    async def _attempt(
        self, body: bytes, headers: _Headers, emit: Emit, live: LiveReply
    ) -> ModelReply:
        url = await self._url()
        decoder = live.begin(self._codec.decoder())
        answered = False
        try:
            async with _responding(url, body, headers, self._timeout) as response:
                if response.status_code >= 300:
                    raise await self._refusal(response, url)
                answered = True
                return await _read(response, decoder, emit, live)
        except httpx.LocalProtocolError as error:  # its text may hold the key
            problem, _ = _network_problem(error, self._timeout)
            raise ModelUnreachable(f"{problem} ({shown_url(url)})", url=shown_url(url)) from None
        except httpx.HTTPError as error:
            problem, retryable = _network_problem(error, self._timeout)
            kind = StreamInterrupted if answered else ModelUnreachable
            raise kind(
                f"{problem} ({shown_url(url)})",
                text=live.partial().text,
                url=shown_url(url),
                retryable=retryable,
            ) from error
        except (httpx.InvalidURL, UnicodeError):  # their texts may hold the key
            raise ModelUnreachable(
                f"the request to {shown_url(url)!r} cannot be formed; "
                "check base_url, api_key and headers",
                url=shown_url(url),
            ) from None

    async def _url(self) -> str:
        base_url = self._base_url if isinstance(self._base_url, str) else await self._base_url()
        try:
            url = self._codec.url(base_url)
            _ = urlsplit(url).port  # checked when it is asked for
            return url
        except ValueError:  # not quoted: what cannot be taken apart may hold credentials anywhere
            raise ModelUnreachable("the request cannot be formed; check base_url") from None

    async def _refusal(self, response: httpx.Response, url: str) -> ModelRefused:
        status = response.status_code
        said = said_in_body(await _beginning(response))
        where = response.headers.get("location")
        if where and status < 400:
            said = f"redirects are not followed; it points to {shown_url(where)}"
        return ModelRefused(
            f"the model's server answered with HTTP {status}{': ' if said else ''}{said} "
            f"({shown_url(url)})",
            url=shown_url(url),
            status=status,
            retry_after_s=parse_retry_after(response.headers.get("retry-after")),
            request_id=_request_id(response),
            retryable=status in self._retry.retryable_status_codes,
        )

    def _all_headers(self, session_id: str | None) -> _Headers:
        """All headers under lower-case names, so that a configured one replaces ours."""
        api_key = self._api_key() if self._api_key else None
        ours = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": "a3s-code",
            **self._codec.headers(api_key),
        }
        if self._session_id_header and session_id:
            ours[self._session_id_header] = session_id
        both = (*ours.items(), *self._headers.items())
        return _Headers({name.lower(): value for name, value in both})

    def _secrets(self) -> list[str]:
        """What no error may show: the key, the values of configured headers, and other keys."""
        api_key = self._api_key() if self._api_key else None
        values = [api_key or "", *self._headers.values(), *self._other_secrets()]
        return values + [value.partition(" ")[2] for value in values]


async def _read(
    response: httpx.Response, decoder: StreamDecoder, emit: Emit, live: LiveReply
) -> ModelReply:
    """The answer in the body of `response`."""
    try:
        await _read_body(response, decoder, emit, live)
        events = decoder.finish()
        if events:
            live.delivered = True
            await emit(events)
        return decoder.close()
    except (ModelRefused, StreamInterrupted) as error:
        where, request_id = shown_url(str(response.url)), _request_id(response)
        raise placed(error, where, request_id) from error.__cause__


async def _read_body(
    response: httpx.Response, decoder: StreamDecoder, emit: Emit, live: LiveReply
) -> None:
    """Everything up to the end of the body, which may be missing once the answer is complete.

    Behind the answer's end mark the rest is read for a moment only: at the end of the body the
    connection can be used again.
    """
    grace = asyncio.timeout(None)
    ended = False
    try:
        async with grace:
            async for chunk in _chunks(response):
                if ended or not chunk:
                    continue
                events = decoder.feed(chunk)
                if events:
                    live.delivered = True
                    await emit(events)
                ended = decoder.done
                if ended:
                    grace.reschedule(asyncio.get_running_loop().time() + _GRACE_S)
    except TimeoutError:
        if not grace.expired():
            raise
    except httpx.HTTPError:
        if not _is_complete(decoder):
            raise


def _is_complete(decoder: StreamDecoder) -> bool:
    try:
        decoder.close()
    except StreamInterrupted:
        return False
    return True


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes; decompressed when the server compressed it unasked."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    return response.aiter_raw() if encoding in ("", "identity") else response.aiter_bytes()


async def _beginning(response: httpx.Response) -> bytes:
    """The first bytes of an error's body; what a broken connection leaves of them."""
    found = b""
    try:
        async for chunk in _chunks(response):
            found += chunk
            if len(found) >= 4 * MAX_BODY_BYTES:  # a web page's title may stand behind its scripts
                break
    except httpx.HTTPError:
        return found  # the status alone is worth reporting
    return found


def _request_id(response: httpx.Response) -> str | None:
    for name in ("request-id", "x-request-id"):
        if name in response.headers:
            return str(response.headers[name])
    return None


class _NoSocks(httpx.TransportError):
    """The proxy speaks SOCKS, for which httpx has no package."""


def _network_problem(error: httpx.HTTPError, timeout: httpx.Timeout) -> tuple[str, bool]:
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
            return _NO_SOCKS, False
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


# -- shared connections ----------------------------------------------------------------------------

# Per event loop, because connections belong to the loop that opened them; and per route, because
# reading the certificate store takes longer than everything else a first request does.
_transports: weakref.WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[str, httpx.AsyncBaseTransport]
] = weakref.WeakKeyDictionary()


@asynccontextmanager
async def _responding(
    url: str, body: bytes, headers: Mapping[str, str], waits: httpx.Timeout
) -> AsyncIterator[httpx.Response]:
    """The response to a POST, from its head on; at the end the connection is given back.

    httpx's client does not stand in front of the transport: nobody wants its redirects and cookies,
    and it takes longer than everything else that happens on this side of a short request.
    """
    request = httpx.Request(
        "POST", url, content=body, headers=headers, extensions={"timeout": waits.as_dict()}
    )
    if request.url.userinfo:
        user, password = request.url.username, request.url.password
        request = next(httpx.BasicAuth(user, password).auth_flow(request))
    response = await _transport_for(url).handle_async_request(request)
    response.request = request
    try:
        yield response
    finally:
        await response.aclose()


def _transport_for(url: str) -> httpx.AsyncBaseTransport:
    """The running loop's shared connections for `url`."""
    transports = _transports.setdefault(asyncio.get_running_loop(), {})
    parts = urlsplit(url)
    proxy = _proxy_for(parts)
    route = proxy or ("tls" if parts.scheme == "https" else "plain")
    if route not in transports:
        transports[route] = _open_transport(route, proxy)
    return transports[route]


def _proxy_for(parts: SplitResult) -> str | None:
    """The proxy that the environment names. The own machine is never asked for through one."""
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _open_transport(route: str, proxy: str | None) -> httpx.AsyncBaseTransport:
    """Our own transport; httpx's through a proxy, or if that is wanted."""
    context = None if route == "plain" else _ssl_context()
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
        raise _NoSocks(_NO_SOCKS) from error


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


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
        request: dict[str, Any] = {"headers": {"host": target.netloc.decode("ascii")}}
        if address is not None:
            request["extensions"] = {"sni_hostname": target.host}
            target = target.copy_with(host=address)
        request["headers"] |= headers or {}
        async with (
            httpx.AsyncClient(
                verify=_ssl_context(), proxy=proxy, trust_env=False, timeout=_ENDLESS
            ) as client,
            client.stream("GET", target, **request) as response,
        ):
            body, complete = await _limited(response, max_bytes)
            return Page(response.status_code, dict(response.headers), body, complete)
    except httpx.HTTPError as error:
        raise ConnectionError(_network_problem(error, _ENDLESS)[0]) from error
    except (httpx.InvalidURL, UnicodeError):
        raise ConnectionError("the address cannot be used") from None
    except ImportError as error:
        raise ConnectionError(_NO_SOCKS) from error


async def post_json(url: str, body: bytes, *, headers: Mapping[str, str], max_bytes: int) -> Page:
    """POST a JSON document over the shared connections, without redirects.

    There is no time limit here. Raises `ConnectionError` that says what happened, without headers.
    """
    sent = {"content-type": "application/json", "accept": "application/json", **headers}
    try:
        async with _responding(url, body, sent, httpx.Timeout(None)) as response:
            answer, complete = await _limited(response, max_bytes)
            return Page(response.status_code, dict(response.headers), answer, complete)
    except httpx.HTTPError as error:
        raise ConnectionError(_network_problem(error, httpx.Timeout(None))[0]) from None
    except (httpx.InvalidURL, UnicodeError, ValueError):  # their texts may hold the token
        raise ConnectionError("the address cannot be used") from None


async def _limited(response: httpx.Response, max_bytes: int) -> tuple[bytes, bool]:
    """Up to `max_bytes` of the body, and whether that is all of it."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), False
    return bytes(body), True


async def close_clients() -> None:
    """Close the running loop's connections; requests after this open new ones."""
    for transport in _transports.pop(asyncio.get_running_loop(), {}).values():
        await transport.aclose()
