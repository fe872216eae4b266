"""How a harness is reached: the option `ahp_transport` of a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from a3s_code.config.secret import Secret, unfit_for_header
from a3s_code.errors import InvalidArgument
from a3s_code.llm.address import shown_url

DEFAULT_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class StdioTransport:
    """A harness that is started as a child process and speaks on its standard streams.

    One line of JSON per message; what it writes to its standard error goes to the log. `args` is
    not shown, since it may hold credentials. `timeout_ms` is how long a decision may take. Raises
    `InvalidArgument`.
    """

    kind: ClassVar[str] = "stdio"
    program: str
    args: Sequence[str] = field(default=(), repr=False)
    timeout_ms: int = DEFAULT_TIMEOUT_MS

    def __post_init__(self) -> None:
        if not isinstance(self.program, str) or not self.program or "\0" in self.program:
            raise InvalidArgument(f"program must be the name of a program, not {self.program!r}")
        if not isinstance(self.args, list | tuple) or not all(
            isinstance(arg, str) and "\0" not in arg for arg in self.args
        ):
            raise InvalidArgument("args must be a list of strings")
        object.__setattr__(self, "args", tuple(self.args))
        _check_timeout(self.timeout_ms)


@dataclass(frozen=True, slots=True)
class HttpTransport:
    """A harness that answers POST requests; `auth_token` goes along as a bearer token.

    The token is shown nowhere. `timeout_ms` is how long a decision may take. Raises
    `InvalidArgument`, which never shows the token.
    """

    kind: ClassVar[str] = "http"
    url: str = field(repr=False)
    auth_token: str | Secret | None = None
    timeout_ms: int = DEFAULT_TIMEOUT_MS

    def __post_init__(self) -> None:
        _check_address(self.url)
        if self.auth_token is not None:
            object.__setattr__(self, "auth_token", _token(self.auth_token))
        _check_timeout(self.timeout_ms)

    @property
    def shown_url(self) -> str:
        """The address without credentials."""
        return shown_url(self.url)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authorise a request."""
        token = self.auth_token
        return {"authorization": f"Bearer {token.reveal()}"} if isinstance(token, Secret) else {}


class WebSocketTransport:
    """Not available yet: raises `NotImplementedError`."""

    def __init__(self, url: str, auth_token: str | None = None) -> None:
        raise NotImplementedError(_missing("WebSocketTransport"))


class UnixSocketTransport:
    """Not available yet: raises `NotImplementedError`."""

    def __init__(self, path: str) -> None:
        raise NotImplementedError(_missing("UnixSocketTransport"))


Transport = StdioTransport | HttpTransport

_KEYS = {
    "stdio": ("program", "args", "timeout_ms"),
    "http": ("url", "auth", "timeout_ms"),
}


def transport_of(ahp_transport: Any, hook_executor: Any = None) -> Transport | None:
    """The transport of a session's options, from an object or its dict form; None without one.

    Raises `InvalidArgument`, and `NotImplementedError` for a kind that is not available yet.
    """
    if ahp_transport is not None and hook_executor is not None:
        raise InvalidArgument("a session has one supervisor: ahp_transport or hook_executor")
    name = "hook_executor" if ahp_transport is None else "ahp_transport"
    given = hook_executor if ahp_transport is None else ahp_transport
    if given is None or isinstance(given, Transport):
        return given
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise InvalidArgument(
            f"{name} must be a StdioTransport, an HttpTransport or a dict, not {kind}"
        )
    try:
        return _from_dict(dict(given))
    except InvalidArgument as error:
        raise InvalidArgument(f"{name}: {error.problem}") from None


def _from_dict(given: dict[Any, Any]) -> Transport:
    kind = given.pop("type", None)
    if kind in ("websocket", "unix_socket", "unix"):
        raise NotImplementedError(_missing(f"the transport {kind}"))
    if kind not in _KEYS:
        raise InvalidArgument(f"type must be 'stdio' or 'http', not {kind!r}")
    unknown = [key for key in given if key not in _KEYS[kind]]
    if unknown:
        raise InvalidArgument(f"unknown key {unknown[0]!r}; keys: {', '.join(_KEYS[kind])}")
    timeout_ms = given.get("timeout_ms", DEFAULT_TIMEOUT_MS)
    if kind == "stdio":
        return StdioTransport(given.get("program", ""), given.get("args") or (), timeout_ms)
    return HttpTransport(given.get("url", ""), _auth(given.get("auth")), timeout_ms)


def _auth(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.get("type") != "bearer" or "token" not in given:
        raise InvalidArgument("auth must have the form {'type': 'bearer', 'token': ...}")
    token: str = given["token"]
    return token


def _token(given: object) -> Secret:
    text = given.reveal() if isinstance(given, Secret) else given
    if not isinstance(text, str) or not text.strip():
        raise InvalidArgument(f"auth_token must be a string, not {type(given).__name__}")
    problem = unfit_for_header(text)
    if problem:
        raise InvalidArgument(f"auth_token {problem}")
    return Secret(text.strip())


def _check_address(url: object) -> None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        usable = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts and parts.port  # checked when it is asked for
    except ValueError:
        usable = False
    if not usable:  # not quoted: it may hold credentials
        raise InvalidArgument("url must be an http:// or https:// address")


def _check_timeout(timeout_ms: object) -> None:
    if type(timeout_ms) is not int or timeout_ms < 1:
        raise InvalidArgument(f"timeout_ms must be an integer of at least 1, not {timeout_ms!r}")


def _missing(what: str) -> str:
    return f"{what} is not available yet; use StdioTransport or HttpTransport"
