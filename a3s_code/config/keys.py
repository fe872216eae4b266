"""The credentials in a configuration, by value: for those who must keep them out of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from a3s_code.config.model import AgentConfig, McpServerConfig, ModelConfig, ProviderConfig
from a3s_code.config.secret import Secret

# Headers and variables also hold addresses, paths and switches, which occur in ordinary texts.
_SECRET_NAME = re.compile(r"(?i)auth|key|token|secret|passw|pwd|credential|cookie|session")


def credentials_of(config: AgentConfig) -> Iterator[str]:
    """Keys, tokens and passwords of all providers, models, servers and stores."""
    for provider in config.providers:
        yield from _of_endpoint(provider)
        for model in provider.models:
            yield from _of_endpoint(model)
    for server in config.mcp_servers:
        yield from secrets_of_server(server)
    if config.storage_url is not None:
        yield from _in_address(config.storage_url.reveal())


def secrets_of_server(server: McpServerConfig) -> Iterator[str]:
    """Those of an MCP server, of its `env` and `headers` only what is named like a secret."""
    yield from _named_like_secrets(server.env)
    yield from _named_like_secrets(server.headers)
    yield from all_of_oauth(server)
    yield from _in_address(server.url)


def all_of_oauth(server: McpServerConfig) -> Iterator[str]:
    """The secrets of a server's `oauth` block."""
    if server.oauth is not None:
        for given in (server.oauth.access_token, server.oauth.client_secret):
            if given is not None:
                yield given.reveal()


def _of_endpoint(endpoint: ProviderConfig | ModelConfig) -> Iterator[str]:
    if endpoint.api_key is not None:
        yield endpoint.api_key.reveal()
    yield from _named_like_secrets(endpoint.headers)
    yield from _in_address(endpoint.base_url)


def _named_like_secrets(values: Mapping[str, Secret]) -> Iterator[str]:
    for name, secret in values.items():
        if _SECRET_NAME.search(name):
            value = secret.reveal()
            yield value
            scheme, space, rest = value.partition(" ")  # such as `Bearer`
            if space and scheme.isalpha():
                yield rest.strip()


def _in_address(url: str | None) -> Iterator[str]:
    """The password of an address, and parameters that are named like secrets."""
    try:
        parts = urlsplit(url or "")
        password = parts.password or ""
    except ValueError:
        return
    yield password
    yield unquote(password)
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name):
            yield value
