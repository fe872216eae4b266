"""Which prompts are commands, and their parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A name without `/`, and everything after it without outer space."""

    name: str
    args: str


def parse_command(prompt: str) -> ParsedCommand | None:
    """The command that a prompt is, None when its first non-blank character is not `/`.

    A prompt that begins with a path is a command, too: users put a word in front of it.
    """
    text = prompt.strip()
    if not text.startswith("/"):
        return None
    body = text[1:]
    if not body or body[0].isspace():
        return ParsedCommand("", body.strip())
    name, *rest = body.split(None, 1)
    return ParsedCommand(name, rest[0] if rest else "")
