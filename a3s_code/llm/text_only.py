"""A conversation for a model that takes no images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from a3s_code.messages import Block, ImageBlock, Message, TextBlock, ToolResultBlock

UNSEEN = "[An image that this model cannot take]"


def text_only(messages: Iterable[Message]) -> list[Message]:
    """The messages without images: of a tool's result its text stays, of a user's image a note.

    The conversation itself keeps them, for a model that can see.
    """
    return [message if message.only_text is not None else _text_of(message) for message in messages]


def _text_of(message: Message) -> Message:
    content = tuple(map(_text_block, message.content))
    return message if content == message.content else replace(message, content=content)


def _text_block(block: Block) -> Block:
    match block:
        case ImageBlock():
            return TextBlock(UNSEEN)
        case ToolResultBlock() if block.images:
            return replace(block, content=block.text or UNSEEN)
        case _:
            return block
