"""Asking a model server: attempts, retries, and the reading of the answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from a3s_code.errors import ModelError, ModelRefused, ModelUnreachable, StreamInterrupted
from a3s_code.events import AgentEvent, Retrying
from a3s_code.llm.address import shown_url
from a3s_code.llm.failures import (
    GAVE_UP,
    MAX_BODY_BYTES,
    placed,
    redacted,
    said_in_body,
)
from a3s_code.llm.model import Codec, ModelReply, ModelRequest, StreamDecoder
from a3s_code.llm.network import chunks, network_problem, respond
from a3s_code.llm.retry import RetryConfig, parse_retry_after, retry_delay_s
from a3s_code.messages import Message

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 300.0

_WRITE_TIMEOUT_S = 120.0
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
            async with aclosing(await respond(url, body, headers, self._timeout)) as response:
                if response.status_code >= 300:
                    raise await self._refusal(response, url)
                answered = True
                return await _read(response, decoder, emit, live)
        except httpx.LocalProtocolError as error:  # its text may hold the key
            problem, _ = network_problem(error, self._timeout)
            raise ModelUnreachable(f"{problem} ({shown_url(url)})", url=shown_url(url)) from None
        except httpx.HTTPError as error:
            problem, retryable = network_problem(error, self._timeout)
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
            async for chunk in chunks(response):
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


async def _beginning(response: httpx.Response) -> bytes:
    """The first bytes of an error's body; what a broken connection leaves of them."""
    found = b""
    try:
        async for chunk in chunks(response):
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
