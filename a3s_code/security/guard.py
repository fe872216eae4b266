"""What a session does with its security provider, whatever object that is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.security.known_keys import KnownKeys
from a3s_code.security.patterns import BREAKS_ANYWHERE
from a3s_code.security.stream import StreamRedactor

log = logging.getLogger("a3s_code")

_METHODS = (
    "taint_input",
    "sanitize_output",
    "detect_injection",
    "wipe",
    "register_hooks",
    "teardown",
)


class SecurityGuard:
    """Calls a provider where the session's texts pass; a method it has not is no call.

    `keys` are known by their value; they are taken out of tool output whether there is a provider or
    not.

    What the provider raises passes, so that a failed redaction shows nothing; only the end of the
    session goes on. Raises `InvalidArgument` for an object without any of the methods.
    """

    def __init__(self, provider: object | None, keys: KnownKeys | None = None) -> None:
        if provider is not None and not any(_method(provider, name) for name in _METHODS):
            raise InvalidArgument(
                f"security_provider must have methods such as sanitize_output, unlike {provider!r}"
            )
        self._provider = provider
        self.keys = KnownKeys() if keys is None else keys
        self._sanitize = _method(provider, "sanitize_output")

    @property
    def redacts(self) -> bool:
        """Whether a provider may change what a model says; known keys are in no model's text."""
        return self._sanitize is not None

    def look_at_input(self, text: str, source: str = "prompt") -> None:
        """Remember sensitive values and warn of injected instructions; `source` is for the log."""
        self._call("taint_input", text)
        found = self._call("detect_injection", text)
        if found:
            log.warning("the %s may hold injected instructions: %s", source, ", ".join(found))

    def output(self, text: str) -> str:
        """The text as it may be shown, without known keys in any case."""
        text = self.keys.redact(text)
        if self._sanitize is None:
            return text
        shown = self._sanitize(text)
        if not isinstance(shown, str):
            raise InvalidArgument(
                f"sanitize_output of the security provider returned {type(shown).__name__}, no text"
            )
        return shown

    def stream(self) -> StreamRedactor:
        """`output` for one text that arrives in pieces."""
        if self._sanitize is None:
            return StreamRedactor(self.output, BREAKS_ANYWHERE)
        make = _method(self._provider, "stream_redactor")
        redactor = make() if make is not None else None
        return redactor if isinstance(redactor, StreamRedactor) else StreamRedactor(self.output)

    def attach(self, engine: object) -> None:
        """Let the provider attach itself to the session's hooks."""
        self._call("register_hooks", engine)

    def close(self) -> None:
        """The end of the session: the provider forgets and detaches."""
        for name in ("wipe", "teardown"):
            try:
                self._call(name)
            except Exception:  # the session must end whatever a user's object does
                log.warning("%s of the security provider failed", name, exc_info=True)

    def _call(self, name: str, *args: object) -> Any:
        method = _method(self._provider, name)
        return None if method is None else method(*args)


def _method(provider: object | None, name: str) -> Callable[..., Any] | None:
    method = getattr(provider, name, None)
    return method if callable(method) else None
