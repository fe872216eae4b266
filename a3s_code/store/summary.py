"""What a list of sessions tells of each: kept at the front of its file, so that few bytes are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from a3s_code.messages import Message, TextBlock
from a3s_code.store.saved import SavedSession

# Not documented keys of the file, and in front of those. The one names the content of this very file,
# so that a journal can refer to it.
SNAPSHOT, SUMMARY = "snapshot", "summary"
# Of the id and the two, with room for escapes.
FRONT_BYTES, _FRONT_KEYS = 8192, 3

MAX_PROMPT_CHARS = 200
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One saved session, without its conversation.

    `first_prompt` is at most 200 characters of it, as they were typed; "" when nothing was asked.
    `prompts` counts all prompts, those of a cleared or shortened conversation too; None when the
    session cannot be read. `updated_at` is in Unix seconds.
    """

    id: str
    first_prompt: str = ""
    prompts: int | None = 0
    updated_at: int = 0


def summary_of(session: SavedSession) -> SessionSummary:
    """The summary of a session at hand."""
    return SessionSummary(
        id=session.id,
        first_prompt=first_prompt(session.messages),
        prompts=session.context_usage.turns,
        updated_at=session.updated_at,
    )


def first_prompt(messages: Sequence[Message]) -> str:
    """The beginning of the first text of the user that was answered, else of the first one.

    What the agent was told beforehand stands in front of it, and is no prompt.
    """
    found = ""
    for message in messages:
        if message.role == "assistant":
            if found:
                break
            continue
        texts = [block.text for block in message.content if isinstance(block, TextBlock)]
        found = next(filter(None, map(str.strip, texts)), found)
    return found[:MAX_PROMPT_CHARS]


def written(summary: SessionSummary) -> dict[str, Any]:
    """The form in which a file begins; its id is told by the file."""
    return {
        "first_prompt": summary.first_prompt,
        "prompts": summary.prompts,
        "updated_at": summary.updated_at,
    }


def at_front(session_id: str, front: bytes) -> tuple[SessionSummary, str] | None:
    """The summary in the first bytes of a file, and the snapshot that it belongs to; else None."""
    values = dict(islice(leading_values(front.decode("utf-8", "replace")), _FRONT_KEYS))
    summary, snapshot = _read(session_id, values.get(SUMMARY)), values.get(SNAPSHOT)
    return (summary, snapshot) if summary and isinstance(snapshot, str) else None


def _read(session_id: str, values: object) -> SessionSummary | None:
    match values:
        case {"first_prompt": str(prompt), "prompts": int(prompts), "updated_at": int(updated_at)}:
            return SessionSummary(
                id=session_id,
                first_prompt=prompt[:MAX_PROMPT_CHARS],
                prompts=prompts,
                updated_at=updated_at,
            )
    return None


def leading_values(text: str) -> Iterator[tuple[str, Any]]:
    """The keys and values of a JSON object of which only the beginning is there.

    Ends before the first one that is not whole, and where it is no JSON.
    """
    try:
        at = _past(text, 0, "{")
        while True:
            key, at = _DECODER.raw_decode(text, _skipped(text, at))
            value, at = _DECODER.raw_decode(text, _skipped(text, _past(text, at, ":")))
            at = _past(text, at, ",")  # what nothing follows may go on
            yield key, value
    except (ValueError, RecursionError):
        return


def after(summary: SessionSummary, entries: Iterable[Mapping[str, Any]]) -> SessionSummary:
    """The summary after the turns in the entries of a journal, which tell what has changed."""
    for entry in entries:
        match entry.get("head"):
            case {"context_usage": {"turns": int(turns)}, "updated_at": int(updated_at)}:
                summary = replace(summary, prompts=turns, updated_at=updated_at)
            case {"context_usage": {"turns": int(turns)}}:  # a turn of less than a second
                summary = replace(summary, prompts=turns)
    return summary


def _skipped(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _past(text: str, at: int, sign: str) -> int:
    at = _skipped(text, at)
    if text[at : at + 1] != sign:
        raise ValueError(f"no {sign!r} at {at}")
    return at + 1
