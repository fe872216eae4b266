"""A configuration for the eyes of its user."""

from __future__ import annotations

import pytest

from a3s_code.config.describe import describe_config, shown_url
from a3s_code.config.load import load_config


def test_everything_but_secrets_is_told() -> None:
    """Keys show as set or missing, addresses without credentials."""
    config = load_config(
        'default_model = "p/m"\nstorage_url = "redis://:hush@h"\nodd = 1\n'
        'providers { name = "p" api_key = "hush" base_url = "https://u:hush@h:8/v1?k=hush" headers = { A = "hush" }\n'
        '  models { id = "m" name = "Model" api_key = "hush" limit { context = 128000 output = 4096 } cost { input = 3 output = 15 } } }\n'
        'providers { name = "q" models { id = "n" base_url = "http://n" tool_call = false temperature = false } }\n'
        'mcp_servers { name = "s" command = "run" args = ["hush"] env = { K = "hush" } enabled = false }\n'
        'queue {}\nweb { allow_private_hosts = ["127.0.0.1"] }',
        environ={},
    )  # fmt: skip
    rows = describe_config(config)
    assert "hush" not in str(rows)
    told = dict(rows)
    assert told["source"] == "inline configuration"
    assert told["default_model"] == "p/m"
    assert told["storage_url"] == "set"
    assert told["provider p"] == "openai; https://h:8/v1; api_key set; headers A"
    assert told["provider q"] == "openai; default address; no api_key"
    assert told["model p/m"] == (
        "Model; own api_key set; context 128,000; output 4,096; tool_call, temperature; "
        "$3 in, $15 out per million tokens"
    )
    assert told["model q/n"] == "http://n; text only"
    assert told["mcp server s"] == "stdio; run; disabled"
    assert told["queue"] == "configured"
    assert told["web.allow_private_hosts"] == "127.0.0.1"
    assert "unknown key `odd`" in told["warning"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (None, ""),
        ("http://h/v1", "http://h/v1"),
        ("http://user:pw@h:8080/v1?key=x#y", "http://h:8080/v1"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://h:port/", "(unreadable address)"),
    ],
)
def test_addresses_are_shown_bare(url: str | None, shown: str) -> None:
    """Without user, password, query and fragment."""
    assert shown_url(url) == shown
