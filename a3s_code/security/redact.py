"""Replacing sensitive values in a text, and listing them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from a3s_code.security.patterns import Redaction


def redact(text: str, redactions: Sequence[Redaction]) -> str:
    """The text with each value replaced by its token; the redactions apply one after another."""
    for redaction in redactions:
        text, _ = _apply(redaction, text)
    return text


def sensitive_values(text: str, redactions: Sequence[Redaction]) -> list[tuple[str, str]]:
    """Kind and value of everything that `redact` would replace."""
    values: list[tuple[str, str]] = []
    for redaction in redactions:
        text, found = _apply(redaction, text)
        values += [(redaction.name, value) for value in found]
    return values


def _apply(redaction: Redaction, text: str) -> tuple[str, list[str]]:
    found: list[str] = []
    if redaction.needs not in text:
        return text, found

    def token(match: re.Match[str]) -> str:
        if not redaction.is_value(match):
            return match[0]
        found.append(match[0])
        return redaction.token

    return redaction.regex.sub(token, text), found
