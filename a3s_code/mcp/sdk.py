"""The one file that uses the package `mcp`: sessions with servers over its transports.

Importing it needs the extra `[mcp]` and takes a while; `connection.py` does so at the first use.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx2
import mcp_types as types
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from a3s_code.config.model import McpServerConfig
from a3s_code.config.secret import reveal_all
from a3s_code.mcp.redaction import redacted
from a3s_code.mcp.remote import CallFailed, ConnectionLost, Remote, RemoteTool
from a3s_code.tools.child_process import ChildProcess, child_process

log = logging.getLogger("a3s_code.mcp")

_MAX_PAGES = 100
_HTTP_S = 30.0
_HTTP_CONNECT_S = 10.0
_SILENCE_S = 300.0  # of a stream of events that stays open between calls
_OWN_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})

_Incoming = SessionMessage | Exception
R = TypeVar("R", types.ListToolsResult, types.CallToolResult)


@contextlib.asynccontextmanager
async def remote_server(config: McpServerConfig, lost: Callable[[], None]) -> AsyncIterator[Remote]:
    """Connect and make the handshake. `lost()` is called when the server has gone.

    To be entered and left by the same task. Raises whatever the transport raises.
    """
    info = types.Implementation(name="a3s-code", version=_version())
    async with (
        _streams(config) as (incoming, outgoing),
        ClientSession(_Watched(incoming, lost), outgoing, client_info=info) as session,
    ):
        await session.initialize()
        yield _SdkRemote(session)


class _SdkRemote:
    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def list_tools(self) -> Sequence[RemoteTool]:
        tools: list[RemoteTool] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = await self._ask(
                types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor)),
                types.ListToolsResult,
            )
            tools += [_tool(tool) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                break
        return tools

    async def call(self, tool: str, args: Mapping[str, Any], timeout_s: float) -> Mapping[str, Any]:
        params = types.CallToolRequestParams(name=tool, arguments=dict(args))
        request = types.CallToolRequest(params=params)
        result = await self._ask(request, types.CallToolResult, timeout_s)
        return result.model_dump(by_alias=True, mode="json", exclude_none=True)

    async def _ask(self, request: Any, result_type: type[R], timeout_s: float | None = None) -> R:
        try:
            return await self._session.send_request(
                request, result_type, request_read_timeout_seconds=timeout_s
            )
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED:
                raise ConnectionLost(error.message) from error
            if error.code == types.REQUEST_TIMEOUT and timeout_s is not None:
                raise CallFailed(f"no answer within {timeout_s * 1000:.0f}ms") from error
            raise CallFailed(error.message) from error
        except ValidationError as error:
            raise CallFailed("the server's answer is not in the documented form") from error


def _version() -> str:
    try:
        return version("a3s-kernel")
    except PackageNotFoundError:  # used from a folder that is not installed
        return "0"


def _tool(tool: types.Tool) -> RemoteTool:
    return RemoteTool(tool.name, tool.description or "", tool.input_schema)


class _Watched:
    """A stream of messages that tells when it ends."""

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:
        self._stream, self._ended = stream, ended

    async def receive(self) -> _Incoming:
        try:
            message: _Incoming = await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._ended()
            raise
        return message

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _Incoming:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.aclose()


# -- transports ------------------------------------------------------------------------------------


def _streams(config: McpServerConfig) -> contextlib.AbstractAsyncContextManager[tuple[Any, Any]]:
    if config.transport == "stdio":
        return _child_streams(config)
    return _http_streams(config)


@contextlib.asynccontextmanager
async def _http_streams(config: McpServerConfig) -> AsyncIterator[tuple[Any, Any]]:
    assert config.url is not None
    headers = reveal_all(config.headers)
    if config.oauth is not None:
        headers["Authorization"] = f"Bearer {await _access_token(config)}"
    if config.transport == "http":
        url = config.url.rstrip("/")
        url = url if url.endswith("/sse") else f"{url}/sse"
        async with sse_client(url, headers, httpx_client_factory=_clients_for(url)) as streams:
            yield streams
        return
    async with (
        _clients_for(config.url)(headers) as client,
        streamable_http_client(config.url, http_client=client) as streams,
    ):
        yield streams


def _clients_for(url: str) -> Callable[..., httpx2.AsyncClient]:
    """Makes clients for an address; a proxy is not asked for what is on this machine."""

    def make(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            headers=headers,
            timeout=timeout or httpx2.Timeout(_HTTP_S, connect=_HTTP_CONNECT_S, read=_SILENCE_S),
            auth=auth,
            trust_env=urlsplit(url).hostname not in _OWN_MACHINE,
        )

    return make


async def _access_token(config: McpServerConfig) -> str:
    """The token given in the configuration, else one for the client's credentials (RFC 6749, 4.4)."""
    oauth = config.oauth
    assert oauth is not None
    if oauth.access_token:
        return oauth.access_token.reveal()
    if not (oauth.token_url and oauth.client_id and oauth.client_secret):
        raise CallFailed("oauth needs access_token, or token_url, client_id and client_secret")
    form = {
        "grant_type": "client_credentials",
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret.reveal(),
    }
    if oauth.scopes:
        form["scope"] = " ".join(oauth.scopes)
    async with _clients_for(oauth.token_url)() as client:
        response = await client.post(oauth.token_url, data=form)
    if response.status_code != 200:
        raise CallFailed(f"{oauth.token_url} gave no access token: status {response.status_code}")
    token = response.json().get("access_token")
    if not isinstance(token, str) or not token:
        raise CallFailed(f"{oauth.token_url} gave no access token")
    return token


@contextlib.asynccontextmanager
async def _child_streams(config: McpServerConfig) -> AsyncIterator[tuple[Any, Any]]:
    assert config.command is not None
    command = [config.command, *config.args]

    def tell(line: str) -> None:
        log.info("%s: %s", config.name, redacted(line, config))

    async with child_process(command, reveal_all(config.env), tell) as child:
        incoming_in, incoming = anyio.create_memory_object_stream[_Incoming](0)
        outgoing, outgoing_out = anyio.create_memory_object_stream[SessionMessage](0)

        async def deliver(line: bytes | None) -> None:
            if line is None:
                incoming_in.close()
            elif line.strip():
                await incoming_in.send(_message(line, config.name))

        child.listen(deliver)
        writer = asyncio.create_task(_write_all(outgoing_out, child, incoming_in.close))
        try:
            yield incoming, outgoing
        except Exception:
            if epitaph := await child.epitaph():
                raise ConnectionLost(redacted(epitaph, config)) from None
            raise
        finally:
            writer.cancel()
            for stream in (incoming_in, incoming, outgoing, outgoing_out):
                stream.close()


async def _write_all(messages: Any, child: ChildProcess, gone: Callable[[], None]) -> None:
    try:
        async for item in messages:
            text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
            await child.write(f"{text}\n".encode())
    except (OSError, ValueError) as error:
        log.debug("an MCP server does not read any more: %s", error)
        gone()


def _message(line: bytes, name: str) -> _Incoming:
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        # Some servers print to their standard output; the rest of the stream is still good.
        log.warning("MCP server %s sent a line that is no message", name)
        return error
