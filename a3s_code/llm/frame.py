"""A short cut for streams whose events differ in one string only.

A model server writes thousands of events that are equal byte for byte except for the text of the
delta. Once the bytes before and after that text are known, the text can be cut out without parsing
the JSON around it: JSON has no other reading for equal surroundings and a string without an
unescaped quote. Anything that does not fit exactly is left to the JSON parser.
"""

from __future__ import annotations

import copy
import json
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

    def text_of(self, data: bytes) -> str | None:
        """The string in `data`, or None when `data` is not the known frame around a JSON string."""
        if (
            not self._least
            or len(data) < self._least
            or not data.startswith(self._prefix)
            or not data.endswith(self._suffix)
        ):
            return None
        middle = data[len(self._prefix) : -len(self._suffix)]
        self._unused = 0
        try:
            text = middle.decode()
            if text.isprintable() and b"\\" not in middle and b'"' not in middle:
                return text
            value = json.loads(f'"{text}"')
        except ValueError:  # a control character, a second string, a broken character
            return None
        return value if isinstance(value, str) else None

    def learn(self, data: bytes, document: Any) -> None:
        """Take the surroundings of the string from `data`, whose parsed form is `document`.

        Nothing is learned when the place of the string cannot be told for certain, or when what
        was learned before was of no use time and again.
        """
        if self._unused >= _MAX_UNUSED:
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
            self._prefix, self._suffix = prefix, suffix
            self._least = len(prefix) + len(suffix)


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
