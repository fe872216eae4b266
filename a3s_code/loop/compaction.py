"""Which messages of a long conversation may go, and what takes their place. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from a3s_code.messages import (
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

CHARACTERS_PER_TOKEN = 4
DEFAULT_CONTEXT_TOKENS = 200_000

PRUNED_OUTPUT = "[output pruned — re-read file or re-run command if needed]"
SUMMARY_HEADING = "[Context Summary: The following is a summary of earlier conversation]"
SUMMARY_SYSTEM = (
    "You shorten conversations. From the transcript, write what someone needs who goes on with the "
    "work: the person's goals and decisions, facts found, files read and changed, commands run "
    "with their outcome, open problems, next steps. Name files and values exactly. No preamble."
)

_PROTECTED_TOKENS = 40_000
_LEAST_SAVED_TOKENS = 20_000
_LEAST_MESSAGES = 30
_HEAD, _TAIL = 2, 20
_MAX_BLOCK_CHARACTERS = 4_000


def fills(used_tokens: int, max_tokens: int, threshold: float) -> bool:
    """Whether `used / max` has reached the threshold (0.0 to 1.0); never for an unknown size."""
    return max_tokens > 0 and used_tokens / max_tokens >= threshold


def estimated_tokens(messages: Sequence[Message]) -> int:
    """A rough size: a token for every 4 characters of text, arguments and images' base64."""
    return sum(_characters(block) for message in messages for block in message.content) // (
        CHARACTERS_PER_TOKEN
    )


def pruned(messages: Sequence[Message]) -> list[Message]:
    """The conversation with old tool outputs blanked, or unchanged when that saves too little.

    The newest outputs are kept up to about 40,000 tokens; the older ones go only if that saves at
    least 20,000. Calls and results stay paired.
    """
    kept_tokens = saved_tokens = 0
    shortened: list[Message] = []
    for message in reversed(messages):
        blocks: list[Block] = []
        for block in reversed(message.content):
            if isinstance(block, ToolResultBlock) and block.content != PRUNED_OUTPUT:
                tokens = _characters(block) // CHARACTERS_PER_TOKEN
                if kept_tokens >= _PROTECTED_TOKENS:
                    saved_tokens += tokens
                    block = replace(block, content=PRUNED_OUTPUT)
                else:
                    kept_tokens += tokens
            blocks.append(block)
        shortened.append(replace(message, content=tuple(reversed(blocks))))
    if saved_tokens < _LEAST_SAVED_TOKENS:
        return list(messages)
    return list(reversed(shortened))


def middle(messages: Sequence[Message]) -> tuple[int, int] | None:
    """Start and end (exclusive) of the messages that a summary may replace; None when too few.

    The first 2 and the last 20 stay. A cut that would part a tool call from its result is moved
    so that both stay.
    """
    if len(messages) <= _LEAST_MESSAGES:
        return None
    start, end = _HEAD, len(messages) - _TAIL
    while start < end and _has_results(messages[start]):
        start += 1
    while end > start and _has_results(messages[end]):
        end -= 1
    return (start, end) if end > start else None


def summarised(messages: Sequence[Message], cut: tuple[int, int], summary: str) -> list[Message]:
    """The conversation with the messages of `cut` replaced by one that holds the summary."""
    start, end = cut
    note = Message.user(f"{SUMMARY_HEADING}\n\n{summary.strip()}")
    return [*messages[:start], note, *messages[end:]]


def as_text(messages: Sequence[Message]) -> list[Message]:
    """The conversation with tool calls and results told as text; everything else as it was.

    Servers refuse calls and results in a request that offers no tools.
    Source: Anthropic Messages API, errors of requests without `tools`.
    """
    told = (replace(message, content=_told(message)) for message in messages)
    return [message for message in told if message.content]


def _told(message: Message) -> tuple[Block, ...]:
    return tuple(
        TextBlock(_block_text(block))
        if isinstance(block, ToolUseBlock | ToolResultBlock)
        else block
        for block in message.content
        if not isinstance(block, ThinkingBlock)
    )


def transcript(messages: Sequence[Message]) -> str:
    """The messages as text for the summarising call; long blocks are cut in the middle."""
    lines = [
        f"{message.role}: {text}"
        for message in messages
        for block in message.content
        if (text := _block_text(block))
    ]
    return "\n\n".join(lines)


def _has_results(message: Message) -> bool:
    return any(isinstance(block, ToolResultBlock) for block in message.content)


def _block_text(block: Block) -> str:
    match block:
        case TextBlock(text=text):
            return _shortened(text)
        case ToolUseBlock(name=name, input=arguments):
            return _shortened(f"[calls {name} {json.dumps(dict(arguments), ensure_ascii=False)}]")
        case ToolResultBlock():
            return _shortened(f"[result] {block.text}")
        case ImageBlock():
            return "[image]"
        case ThinkingBlock():
            return ""


def _shortened(text: str) -> str:
    if len(text) <= _MAX_BLOCK_CHARACTERS:
        return text
    half = _MAX_BLOCK_CHARACTERS // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def _characters(block: Block) -> int:
    match block:
        case TextBlock(text=text) | ThinkingBlock(text=text):
            return len(text)
        case ImageBlock(data=data):
            return len(data)
        case ToolUseBlock(input=arguments):
            return len(json.dumps(dict(arguments)))
        case ToolResultBlock():
            return len(block.text) + sum(len(image.data) for image in block.images)
