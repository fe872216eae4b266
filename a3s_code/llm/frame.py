"""A short cut for streams whose events differ in one string only.

A model server writes thousands of events that are equal byte for byte except for the text of the
delta, and maybe for a string of padding that hides the text's length. Once the bytes around these
are known, the texts of a whole network read can be cut out in one step, without parsing the JSON
around them: JSON has no other reading for equal surroundings and a string without an unescaped
quote. Anything that does not fit exactly is left to the JSON parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

BLOCK_END = b"\n\n"

_PROBE = "~probe~"
_MAX_UNUSED = 20  # a server that writes every event differently is left to the JSON parser
_FAIR_USE = 16  # texts that make a frame worth its learning

_CHARACTER = rb'(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])'
_TEXT = rb"(" + _CHARACTER + rb'[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*)'
_PADDING = rb'[^"\\\x00-\x1f]*'
_LAST_STRING = re.compile(rb',[ ]?"(?P<key>[^"\\]+)":[ ]?"(?P<value>' + _PADDING + rb')"[ ]?\}\Z')


class Run(NamedTuple):
    """Whole blocks that do not fit, as they came, and the texts of those that follow and fit.

    `size` is the number of bytes that the texts were cut out of.
    """

    gap: bytes
    texts: list[str]
    size: int


class TextFrame:
    """The constant bytes around the string at `path`, learned from one event and used on the next.

    `path` leads from the document's root to the string and ends in an object's key. A string at the
    end of the document may be different each time, unless its key is in `meaningful`.
    """

    __slots__ = ("_meaningful", "_path", "_pattern", "_seen", "_unused", "_uses", "version")

    def __init__(self, path: tuple[str | int, ...], meaningful: frozenset[str]) -> None:
        self._path, self._meaningful = path, meaningful
        self._pattern: re.Pattern[bytes] | None = None
        self._seen = False
        self._unused = 0  # frames in a row that were hardly of use
        self._uses = _FAIR_USE
        self.version = 0  # grows with everything that is learned or forgotten

    def forget(self) -> None:
        """Drop what was learned: equal bytes no longer mean the same."""
        self._pattern = None
        self.version += 1

    def runs(self, data: bytes, start: int) -> Iterator[Run]:
        """`data` from `start` on: whole blocks, each with the empty line behind it.

        As long as nothing is known only the first block comes, since it may be learned from.
        """
        if self._pattern is None:
            end = data.index(BLOCK_END, start) + len(BLOCK_END)
            yield Run(data[start:end], [], 0)
            return
        parts = self._pattern.split(data[start:] if start else data)
        gaps, wholes, texts = parts[::3], parts[1::3], parts[2::3]
        self._uses += len(texts)
        if any(gaps):
            # Each gap goes with what follows it, up to the next one.
            ends = [*(at for at, gap in enumerate(gaps) if gap and at), len(gaps)]
            begin = 0
            for end in ends:
                yield _run(gaps[begin], wholes[begin:end], texts[begin:end])
                begin = end
        else:
            yield _run(b"", wholes, texts)

    def learn(self, block: bytes, data: bytes, document: Any) -> bool:
        """Take the surroundings of the string from a `block` of the stream; whether that was done.

        `data` is the JSON text in it and `document` its parsed form. Nothing is learned when the
        place of the string cannot be told for certain, from the first block (short answers have no
        use for it), or when what was learned before was of no use time and again.
        """
        if not self._seen:
            self._seen = True
            return False
        self._unused = self._unused + 1 if self._uses < _FAIR_USE else 0
        if self._unused >= _MAX_UNUSED or b"\n" in data or not block.endswith(data):
            return False
        start = _after_key(data, str(self._path[-1]).encode())
        if start is None:
            return False
        before, behind = data[:start], data[_closing_quote(data, start) :]
        padding = self._padding(behind, document)
        middle, after = (behind, None) if padding is None else padding
        if not self._is_there(before, middle, after, document):
            return False
        prefix = block[: len(block) - len(data)] + before
        pattern = re.escape(prefix) + _TEXT + re.escape(middle)
        if after is not None:
            pattern += _PADDING + re.escape(after)
        whole = rb"(?:(?<=\n\n)|\A)(" + pattern + re.escape(BLOCK_END) + rb")"
        self._pattern = re.compile(whole)
        self._uses = 0
        self.version += 1
        return True

    def _padding(self, behind: bytes, document: Any) -> tuple[bytes, bytes] | None:
        """What stands before and after a string without meaning at the end of the document."""
        found = _LAST_STRING.search(behind)
        if found is None:
            return None
        key = found["key"].decode("utf-8", "replace")
        if key in self._meaningful or not isinstance(document, dict) or key not in document:
            return None
        return behind[: found.start("value")], behind[found.end("value") :]

    def _is_there(
        self, before: bytes, middle: bytes, after: bytes | None, document: dict[str, Any]
    ) -> bool:
        """Whether the string, and the padding, are what the parser finds in these places."""
        probe = _PROBE.encode()
        probed = before + probe + middle + (b"" if after is None else probe + after)
        try:
            found = json.loads(probed)
            *way, key = self._path
            place, original = found, document
            for step in way:
                place, original = place[step], original[step]  # type: ignore[index]  # else TypeError
            if place[key] != _PROBE:
                return False
            place[key] = original[key]  # type: ignore[index]
        except (ValueError, LookupError, TypeError):
            return False
        if after is not None:
            last = next(reversed(found))
            if found[last] != _PROBE:
                return False
            found[last] = document[last]
        return bool(found == document)


def _run(gap: bytes, wholes: list[bytes], texts: list[bytes]) -> Run:
    if not texts:
        return Run(gap, [], 0)
    try:
        strings = json.loads((b'["' + b'","'.join(texts) + b'"]').decode())
    except ValueError:  # a broken character or escape: the parser says which
        return Run(b"".join([gap, *wholes]), [], 0)
    return Run(gap, strings, sum(map(len, wholes)))


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
