"""The built-in security provider."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.security.patterns import (
    BREAKS,
    BREAKS_ANYWHERE,
    INJECTIONS,
    REDACTIONS,
    SPACE_BREAKS,
    SUSPECT,
    custom_redaction,
    never_spans_space,
)
from a3s_code.security.redact import redact, sensitive_values
from a3s_code.security.stream import StreamRedactor


class DefaultSecurityProvider:
    """Redacts sensitive values in output, remembers those of the input, notices injections.

    `patterns` are further `(name, regex, token)`, which apply before the built-in ones. Raises
    `InvalidArgument` for an expression that cannot be used.
    """

    def __init__(
        self,
        taint_tracking: bool = True,
        output_sanitising: bool = True,
        injection_detection: bool = True,
        patterns: Iterable[tuple[str, str | re.Pattern[str], str]] = (),
    ) -> None:
        self.taint_tracking = taint_tracking
        self.output_sanitising = output_sanitising
        self.injection_detection = injection_detection
        self._custom = tuple(
            custom_redaction(*_pattern(pattern))
            for pattern in checks.items(
                "patterns", list(patterns) if isinstance(patterns, Iterable) else patterns
            )
        )
        self._redactions = (*self._custom, *REDACTIONS)
        self._tainted: set[str] = set()

    def __repr__(self) -> str:
        return (
            f"DefaultSecurityProvider(taint_tracking={self.taint_tracking}, "
            f"output_sanitising={self.output_sanitising}, "
            f"injection_detection={self.injection_detection}, patterns={len(self._custom)})"
        )

    @property
    def tainted(self) -> frozenset[str]:
        """What was remembered: `<name>:<SHA-256 of the value>`, never a value itself."""
        return frozenset(self._tainted)

    def taint_input(self, text: str) -> None:
        """Remember the sensitive values of a text that goes to the model."""
        if not self.taint_tracking or not self._suspicious(text):
            return
        for name, value in sensitive_values(text, self._redactions):
            digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
            self._tainted.add(f"{name}:{digest}")

    def sanitize_output(self, text: str) -> str:
        """The text with tokens in the place of sensitive values."""
        if not self.output_sanitising or not self._suspicious(text):
            return text
        return redact(text, self._redactions)

    def stream_redactor(self) -> StreamRedactor:
        """`sanitize_output` for a text that arrives in pieces; one for each text."""
        breaks: re.Pattern[str] | None = None
        # A subclass that redacts in its own way may look for values of which nothing is known here.
        if type(self).sanitize_output is DefaultSecurityProvider.sanitize_output:
            if not self.output_sanitising:
                breaks = BREAKS_ANYWHERE
            elif not self._custom:
                breaks = BREAKS
            elif all(map(never_spans_space, self._custom)):
                breaks = SPACE_BREAKS
        return StreamRedactor(self.sanitize_output, breaks)

    def detect_injection(self, text: str) -> list[str]:
        """Names of the injection patterns that occur in the text; nothing is blocked."""
        if not self.injection_detection:
            return []
        return [name for name, regex in INJECTIONS.items() if regex.search(text)]

    def wipe(self) -> None:
        """Forget what was remembered."""
        self._tainted.clear()

    def register_hooks(self, engine: object) -> None:
        """Nothing to attach: the loop calls the provider itself, and hooks stay the user's."""

    def teardown(self) -> None:
        """The end of the session: forgets everything."""
        self.wipe()

    def _suspicious(self, text: str) -> bool:
        return bool(self._custom) or SUSPECT.search(text) is not None


def _pattern(given: object) -> tuple[str, str | re.Pattern[str], str]:
    if not isinstance(given, list | tuple) or len(given) != 3:
        raise InvalidArgument(
            f"a security pattern must be (name, regex, token), not {checks.shown(given)}"
        )
    name, regex, token = given
    return name, regex, token
