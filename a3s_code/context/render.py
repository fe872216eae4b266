"""Context in the form in which the model reads it."""

from __future__ import annotations

from collections.abc import Iterable

from a3s_code.context.model import ContextItem

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({'"': "&quot;", "\n": " ", "\r": " ", "\t": " "})


def rendered(items: Iterable[ContextItem]) -> str:
    """One block per item, separated by a blank line; "" for no items.

    Markup in content and source is escaped: no item can close its own block or open another one.
    """
    return "\n\n".join(map(_block, items))


def with_context(system: str, text: str) -> str:
    """The system prompt followed by rendered context, with a blank line between them."""
    return "\n\n".join(filter(None, (system, text)))


def _block(item: ContextItem) -> str:
    source = "" if item.source is None else f'source="{item.source.translate(_IN_ATTRIBUTE)}" '
    return f'<context {source}type="{item.context_type}">\n{item.content.translate(_IN_TEXT)}\n</context>'
