"""JSON of a conversation that comes again with each request, and has grown each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import is_

from a3s_code.llm.text_only import text_only
from a3s_code.messages import Message

Encode = Callable[[Sequence[Message]], Iterable[str]]


class GrowingHistory:
    """Encodes what is in front of the last prompt once, however many requests it is part of.

    `encode` gives the JSON texts of messages in a protocol. It may join neighbours, but never an
    answer with the prompt that follows it: there a conversation can be cut. Without `images` a note
    stands in the place of each image. Another conversation is encoded as a whole.
    """

    def __init__(self, encode: Encode, *, images: bool) -> None:
        self._encode, self._images = encode, images
        self._known: Sequence[Message] = ()
        self._text = ""  # of those that are known

    def text(self, messages: Sequence[Message]) -> str:
        """The JSON of all messages, separated by commas."""
        known, text = self._known, self._text
        if len(known) > len(messages) or not all(map(is_, known, messages)):
            known, text = (), ""
        last = len(messages) - 1
        if last > len(known) and _is_prompt(messages[last], messages[last - 1]):
            text = self._extended(text, messages[len(known) : last])
            known = self._known = messages[:last]
            self._text = text
        return self._extended(text, messages[len(known) :])

    def _extended(self, text: str, messages: Sequence[Message]) -> str:
        more = self._encode(messages if self._images else text_only(messages))
        return ",".join([text, *more] if text else more)


def _is_prompt(message: Message, before: Message) -> bool:
    """Whether a user's words follow words of the assistant; blank ones might not be sent at all."""
    spoken = message.text.strip() and before.text.strip()
    return message.role == "user" and before.role == "assistant" and bool(spoken)
