"""Which address a `base_url` stands for."""

from __future__ import annotations

import pytest

from a3s_code.llm.address import shown_url
from a3s_code.llm.anthropic import AnthropicCodec
from a3s_code.llm.openai import OpenAICodec


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("", "https://api.openai.com/v1/chat/completions"),
        ("http://h", "http://h/v1/chat/completions"),
        ("http://h/", "http://h/v1/chat/completions"),
        ("http://h/v1", "http://h/v1/chat/completions"),
        (" http://h/v1/ ", "http://h/v1/chat/completions"),
        ("http://h:8000/api/v1", "http://h:8000/api/v1/chat/completions"),
        ("http://h/api/paas/v4", "http://h/api/paas/v4/chat/completions"),
        ("http://h/api/paas/v4/", "http://h/api/paas/v4/chat/completions"),
        ("http://h/v1beta/openai/", "http://h/v1beta/openai/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/x/chat/completions?api-version=3", "http://h/x/chat/completions?api-version=3"),
        ("http://h/proxy", "http://h/proxy/v1/chat/completions"),
    ],
)
def test_chat_completions(base_url: str, expected: str) -> None:
    """Version and path are added where they are missing, and only there."""
    assert OpenAICodec().url(base_url) == expected


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("", "https://api.anthropic.com/v1/messages"),
        ("http://h/v1/", "http://h/v1/messages"),
        ("http://h/anthropic", "http://h/anthropic/v1/messages"),
        ("http://h/v1/messages", "http://h/v1/messages"),
        ("http://h/v2", "http://h/v2/messages"),
    ],
)
def test_messages(base_url: str, expected: str) -> None:
    """The same rule for the other protocol."""
    assert AnthropicCodec().url(base_url) == expected


def test_credentials_in_an_address_are_not_shown() -> None:
    """Neither those before the host nor those in the query."""
    assert shown_url("https://user:pass@h:1/v1/x?key=secret#f") == "https://h:1/v1/x"
