"""When an answer without tool calls looks unfinished, and what is said then."""

from __future__ import annotations

import re

CONTINUE_PROMPT = (
    "Your last message announced a step but took none. Go on: call the tools you need, "
    "or state the final result if the task is done."
)

_MAX_LEAD_IN_CHARACTERS = 80
_ANNOUNCEMENTS = (
    "i'll",
    "i will",
    "let me",
    "i need to",
    "i should",
    "next, i",
    "first, i",
    "now i",
    "let's start",
    "let's begin",
    "to do this",
    "i'm going to",
)
# Offers and courtesies that close an answer contain the same words as announcements.
_CLOSING = re.compile(
    r"(let me know|i'll be (happy|glad|here)|i will be (happy|glad|here)|i'll (wait|help)"
    r"|i should (note|mention|add|point out))",
    re.IGNORECASE,
)


def looks_unfinished(text: str) -> bool:
    """Whether an answer without tool calls promises something it did not do.

    True for empty text, for one short line (under 80 characters) that ends in `:`, `...`, `…` or
    `,`, and for an announcement of a next step in the last paragraph. Only the last paragraph is
    read for announcements: an answer that goes on after one has kept its promise.
    """
    stripped = text.strip().replace("’", "'")  # noqa: RUF001  # a typographic apostrophe
    if not stripped:
        return True
    if (
        "\n" not in stripped
        and len(stripped) < _MAX_LEAD_IN_CHARACTERS
        and stripped.endswith((":", "...", "…", ","))
    ):
        return True
    last = _CLOSING.sub("", stripped.rsplit("\n\n", 1)[-1]).lower()
    return any(phrase in last for phrase in _ANNOUNCEMENTS)
