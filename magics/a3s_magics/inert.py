"""Text of unknown origin on one line, and such text as Markdown that means nothing."""

from __future__ import annotations

from html import escape

from a3s_magics.dollars import INERT_DOLLAR
from a3s_magics.sanitise import terminal_text


def oneline(text: str) -> str:
    """The text on a single line, without anything invisible."""
    return " ".join(terminal_text(text).split())


def inert(text: str) -> str:
    """Text that is neither HTML nor Markdown nor a formula."""
    plain = escape(oneline(text))
    for mark in "\\`*_[]$~|!":
        plain = plain.replace(mark, f"&#{ord(mark)};")
    return plain.replace("&#36;", INERT_DOLLAR) if plain.count("&#36;") > 1 else plain
