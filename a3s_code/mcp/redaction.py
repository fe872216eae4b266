"""What a server's messages may show: everything but the credentials that it was given."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from a3s_code.config.keys import all_of_oauth
from a3s_code.config.model import McpServerConfig

_SHORTEST = 6  # shorter values are words such as "1" or "debug", which would blank out half a text


def redacted(text: str, config: McpServerConfig) -> str:
    """The text with values of `env`, `headers`, `oauth` and the address's parameters as `***`."""
    for value in sorted(set(_credentials(config)), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, "***")
    return text


def _credentials(config: McpServerConfig) -> Iterable[str]:
    for secret in (*config.env.values(), *config.headers.values()):
        value = secret.reveal()
        yield value
        yield value.removeprefix("Bearer ")
    yield from all_of_oauth(config)
    if config.url:
        parts = urlsplit(config.url)
        yield parts.query
        yield from (value for _, value in parse_qsl(parts.query))
        yield parts.password or ""
