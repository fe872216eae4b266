"""A short cut for streams whose events differ in one string only.

A model server writes thousands of events that are equal byte for byte except for the text of the
delta. Once the bytes before and after that text are known, the text can be cut out without parsing
the JSON around it: JSON has no other reading for equal surroundings and a string without an
unescaped quote. Anything that does not fit exactly is left to the JSON parser.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

_PROBE = "~probe~"
_MAX_UNUSED = 20  # a server that pads every event differently is left to the JSON parser


class TextFrame:
    """The constant bytes around the string at `path`, learned from one event and used on the next.

    `path` leads from the document's root to the string and ends in an object's key.
    """

    __slots__ = ("_least", "_path", "_prefix", "_suffix", "_unused")

    def __init__(self, path: tuple[str | int, ...]) -> None:
        self._path = path
        self._unused = 0  # frames learned since one was last of use
        self.forget()

    def forget(self) -> None:
        """Drop what was learned: equal bytes no longer mean the same."""
        self._prefix = self._suffix = b""
        self._least = 0

    def texts(self, blocks: Sequence[bytes], start: int = 0) -> list[str]:
        """The strings in `blocks` from `start` on, up to the first that is not this frame.

        An empty string counts as not fitting.
        """
        texts: list[str] = []
        if not self._least:
            return texts
        prefix, suffix, least = self._prefix, self._suffix, self._least
        head, tail = len(prefix), -len(suffix)
        for at in range(start, len(blocks)):
            block = blocks[at]
            if len(block) <= least or not (block.startswith(prefix) and block.endswith(suffix)):
                break
            text = _json_string(block[head:tail])
            if not text:
                break
            texts.append(text)
        if texts:
            self._unused = 0
        return texts

    def learn(self, block: bytes, data: bytes, document: Any) -> None:
        """Take the surroundings of the string from a `block` of the stream.

        `data` is the JSON text in it and `document` its parsed form. Nothing is learned when the
        place of the string cannot be told for certain, or when what was learned before was of no
        use time and again.
        """
        if self._unused >= _MAX_UNUSED or b"\n" in data or not block.endswith(data):
            return
        self._unused += 1
        start = _after_key(data, str(self._path[-1]).encode())
        if start is None:
            return
        prefix, suffix = data[:start], data[_closing_quote(data, start) :]
        probed = copy.deepcopy(document)
        _place(probed, self._path)[self._path[-1]] = _PROBE
        try:
            found = json.loads(prefix + _PROBE.encode() + suffix)
        except ValueError:
            return
        if found == probed and suffix:
            self._prefix, self._suffix = block[: len(block) - len(data)] + prefix, suffix
            self._least = len(self._prefix) + len(suffix)


def _json_string(characters: bytes) -> str:
    """The string between two quotes of a JSON text; "" when `characters` are more, or less."""
    try:
        text = characters.decode()
        if text.isprintable() and b"\\" not in characters and b'"' not in characters:
            return text
        value = json.loads(f'"{text}"')
    except ValueError:  # a control character, a second string, a broken character
        return ""
    return value if isinstance(value, str) else ""


def _place(document: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def _after_key(data: bytes, key: bytes) -> int | None:
    """Index behind the opening quote of the value of the last `key` in `data`."""
    for form in (b'"%b":"', b'"%b": "'):
        marker = form % key
        at = data.rfind(marker)
        if at >= 0:
            return at + len(marker)
    return None


def _closing_quote(data: bytes, start: int) -> int:
    """Index of the quote that ends the JSON string whose characters begin at `start`."""
    at = start
    while at < len(data) and data[at] != 0x22:
        at += 2 if data[at] == 0x5C else 1
    return min(at, len(data))
