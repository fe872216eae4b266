"""Where an MCP server is and how it is reached, checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from a3s_code import checks
from a3s_code.config.model import McpServerConfig
from a3s_code.config.secret import Secret, unfit_for_header
from a3s_code.errors import InvalidArgument
from a3s_code.mcp.names import server_part

_TRANSPORTS = ("stdio", "http", "streamable-http")


def server_config(
    name: str,
    transport: str = "stdio",
    command: str | None = None,
    args: Sequence[str] | None = None,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    timeout_ms: int | None = None,
) -> McpServerConfig:
    """The arguments of `add_mcp_server` as a configuration. Raises `InvalidArgument`."""
    given = () if args is None else checks.texts("args", args)
    chosen = "streamable-http" if transport == "streamable_http" else transport
    return checked_config(
        McpServerConfig(
            name=name,
            transport=cast(Any, chosen),  # checked below
            command=command,
            args=tuple(given),
            url=url,
            headers=_headers(headers),
            env=_secrets("env", env),
            timeout_ms=60_000 if timeout_ms is None else timeout_ms,
        )
    )


def checked_config(config: McpServerConfig) -> McpServerConfig:
    """The same, when a server can be reached with it. Raises `InvalidArgument`."""
    server_part(config.name)
    if config.transport not in _TRANSPORTS:
        raise InvalidArgument(
            f"unknown transport {config.transport!r}; use {', '.join(_TRANSPORTS)}"
        )
    needed = "command" if config.transport == "stdio" else "url"
    if not getattr(config, needed):
        raise InvalidArgument(f"'{needed}' is required for {config.transport} transport")
    if type(config.timeout_ms) is not int or config.timeout_ms < 1:
        raise InvalidArgument(
            f"timeout_ms must be an integer of at least 1, not {config.timeout_ms!r}"
        )
    return config


def _headers(given: Mapping[str, str] | None) -> dict[str, Secret]:
    values = {
        name: Secret(value.reveal().strip()) for name, value in _secrets("headers", given).items()
    }
    for name, value in values.items():
        problem = unfit_for_header(value.reveal())
        if problem:
            raise InvalidArgument(f"header {name!r} {problem}, so it cannot be sent")
    return values


def _secrets(what: str, given: Mapping[str, str] | None) -> dict[str, Secret]:
    values = {} if given is None else dict(checks.mapping(what, given))
    for key, value in values.items():
        if not isinstance(value, str):  # not shown: it may be secret
            raise InvalidArgument(f"{what} must have strings as names and values: {key!r}")
    return {key: Secret(value) for key, value in values.items()}
