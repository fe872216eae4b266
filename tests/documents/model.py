"""What the scripted model answers to the prompts of the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.model_server import Reply, calls, says, wait

Request = dict[str, Any]

HALF = "Tides have two causes. "  # of an answer that never comes to its end
NOTES = "# Today\n\n- read\n- write\n"

# The first line whose words occur in the prompt decides.
_ANSWERS: tuple[tuple[str, Callable[[], Reply]], ...] = (
    ("Write notes.md", lambda: calls("write", file_path="notes.md", content=NOTES)),
    ("Delete the logs", lambda: calls("bash", command="rm -f *.log")),
    ("Run the tests", lambda: calls("bash", command="echo 3 passed")),
    ("Explain the tides", lambda: says(HALF, wait(), "Never sent.")),
    ("How many words", lambda: calls("word_count", text="four words are here")),
    ("Review area.py", lambda: calls("task", agent="reviewer", description="r", prompt="Read it.")),
    ("Ask the clock", lambda: calls("mcp__clock__now")),
    ("What is in notes.md", lambda: calls("read", file_path="notes.md")),
    ("Which variables", lambda: calls("variables")),
    ("Plot", lambda: calls("python", code="total = sum(range(10))\ntotal")),
)


def answer(request: Request) -> Reply:
    """A tool call for the prompts that need one, then a sentence."""
    last = request["messages"][-1]
    if last["role"] == "user":
        prompt = _text(last["content"])
        for words, reply in _ANSWERS:
            if words in prompt:
                return reply()
    return says("All of them are small.")


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)
