"""How a harness is named: classes, dict forms, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from a3s_code import (
    HttpTransport,
    InvalidArgument,
    StdioTransport,
    UnixSocketTransport,
    WebSocketTransport,
)
from a3s_code.ahp.transports import transport_of
from tests.session.conftest import NewSession, new_session

__all__ = ["new_session"]

TOKEN = "bearer-0123456789"


def test_classes_and_dicts_are_the_same() -> None:
    form: dict[str, Any] = {"type": "stdio", "program": "h", "args": ["-v"]}
    assert transport_of(form) == StdioTransport("h", ["-v"])
    form = {"type": "http", "url": "http://h/x", "auth": {"type": "bearer", "token": TOKEN}}
    assert transport_of(form) == HttpTransport("http://h/x", auth_token=TOKEN)
    assert transport_of({"type": "http", "url": "https://h"}) == HttpTransport("https://h")
    assert transport_of(None, HttpTransport("http://h")) == HttpTransport("http://h")
    assert transport_of(None) is None


def test_nothing_secret_is_shown() -> None:
    transport = HttpTransport(f"http://u:{TOKEN}@h/x?k={TOKEN}", auth_token=TOKEN)
    assert TOKEN not in repr(transport) + str(transport) + transport.shown_url
    assert transport.headers == {"authorization": f"Bearer {TOKEN}"}
    assert copy.copy(transport) == copy.deepcopy(transport) == transport
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(transport)
    assert TOKEN not in repr(StdioTransport("h", [TOKEN]))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "ahp_transport: type must be 'stdio' or 'http', not None"),
        ({"type": "pigeon"}, "type must be 'stdio' or 'http', not 'pigeon'"),
        ({"type": "stdio"}, "program must be the name of a program, not ''"),
        ({"type": "stdio", "program": "h", "url": "x"}, "unknown key 'url'"),
        ({"type": "stdio", "program": "h", "args": "-v"}, "args must be a list of strings"),
        ({"type": "stdio", "program": "h", "args": 3}, "args must be a list of strings"),
        ({"type": "http", "url": "ftp://h"}, "url must be an http:// or https:// address"),
        ({"type": "http", "url": "http://[::1"}, "url must be an http:// or https:// address"),
        ({"type": "http", "url": "http://h", "auth": TOKEN}, "auth must have the form"),
        ({"type": "http", "url": "http://h", "timeout_ms": 0}, "timeout_ms must be an integer"),
        ("stdio", "must be a StdioTransport, an HttpTransport or a dict, not str"),
    ],
)
def test_what_cannot_be_used_is_refused(given: Any, problem: str, new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument) as caught:
        new_session(ahp_transport=given)
    assert problem in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("sign", ["\n", "\0", "\x7f", "é"])
def test_a_token_that_no_header_can_carry_is_refused(sign: str) -> None:
    with pytest.raises(InvalidArgument, match="auth_token holds a") as caught:
        HttpTransport("http://h", auth_token=f"{TOKEN}{sign}x")
    assert TOKEN not in str(caught.value)


def test_what_is_not_there_yet_says_so_early(new_session: NewSession) -> None:
    with pytest.raises(NotImplementedError, match="WebSocketTransport is not available yet"):
        WebSocketTransport("ws://h", auth_token=TOKEN)
    with pytest.raises(NotImplementedError, match="UnixSocketTransport is not available yet"):
        UnixSocketTransport("harness.socket")
    with pytest.raises(NotImplementedError, match="the transport websocket"):
        new_session(ahp_transport={"type": "websocket", "url": "ws://h"})


def test_there_is_one_supervisor(new_session: NewSession) -> None:
    one = StdioTransport("h")
    with pytest.raises(InvalidArgument, match="ahp_transport or hook_executor"):
        new_session(ahp_transport=one, hook_executor=one)
