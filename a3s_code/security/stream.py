"""Redacting a text that arrives in pieces, wherever they are cut. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_letters, digits

from a3s_code.security.patterns import LOOK_BEHIND, UNFINISHED

HELD_CHARACTERS = 256
_WORD = f"{ascii_letters}{digits}_"
_KEPT_CHARACTERS = 192  # of a run without a break, so that cutting it is not the work of each piece


class StreamRedactor:
    """Pieces in, the part that may be shown out; all outputs together are the redacted text.

    The tail that the next pieces might turn into a value is held back. `breaks` matches up to the
    last place that no value reaches across. Without `breaks`, or where the text has no such place,
    at most 256 characters are held, in which a value of up to 192 is found wherever it is cut. A
    key or web token that is still growing is held however long it gets, and so is a value that is
    complete but near the end.
    """

    def __init__(
        self, sanitize: Callable[[str], str], breaks: re.Pattern[str] | None = None
    ) -> None:
        self._sanitize, self._breaks = sanitize, breaks
        self._reset()

    def _reset(self) -> None:
        self._held: list[str] = []
        self._length = 0
        self._context = ""  # the last characters of what is held
        self._next_cut = HELD_CHARACTERS + 1  # the length at which a cut is looked for

    def feed(self, text: str) -> str:
        """Take a piece; returns what may be shown now, redacted, often nothing."""
        if not text:
            return ""
        settled = self._settled(text)
        self._held.append(text)
        self._length += len(text)
        if settled == 0 and self._length < self._next_cut:
            self._context = (self._context + text)[-LOOK_BEHIND:]
            return ""
        whole = "".join(self._held)
        shown = self._sanitize(whole[:settled]) if settled else ""
        return shown + self._hold(whole[settled:])

    def close(self) -> str:
        """The redacted rest. The redactor is then as new."""
        rest = "".join(self._held)
        self._reset()
        return self._sanitize(rest) if rest else ""

    def _settled(self, text: str) -> int:
        """How much of what is held plus `text` ends at a break; 0 when there is none in it."""
        if self._breaks is None:
            return 0
        match = self._breaks.match(self._context + text)
        # What is held has no break of its own, only where the new text begins may be one.
        if match is None or match.end() < len(self._context):
            return 0
        return self._length - len(self._context) + match.end()

    def _hold(self, tail: str) -> str:
        """Keep the tail; returns its beginning, redacted, if it is too long."""
        shown = ""
        self._next_cut = HELD_CHARACTERS + 1
        if len(tail) > HELD_CHARACTERS:
            cut = self._cut(tail)
            if cut:
                shown, tail = self._sanitize(tail[:cut]), tail[cut:]
            else:  # looked for again only when much has come, or long values would cost squares
                self._next_cut = len(tail) + max(16, len(tail) // 4)
        self._held, self._length = ([tail] if tail else []), len(tail)
        self._context = tail[-LOOK_BEHIND:]
        return shown

    def _cut(self, tail: str) -> int:
        """Where the tail may be cut so that 192 characters stay; 0 when it must be kept whole."""
        last = len(tail) - _KEPT_CHARACTERS
        unfinished = UNFINISHED.search(tail)
        if unfinished is not None:
            # From the beginning of its word: cut inside, the rest would look like a value sooner.
            last = min(last, len(tail[: unfinished.start()].rstrip(_WORD)))
        if last == 0:
            return 0
        whole = self._sanitize(tail)
        for cut in _candidates(tail, last):
            if self._sanitize(tail[:cut]) + self._sanitize(tail[cut:]) == whole:
                return cut
        return 0


def _candidates(text: str, last: int) -> list[int]:
    """A few places up to `last`, best first: behind white space near it, `last`, further back."""
    spaces = [match.end() for match in re.finditer(r"\s", text[max(0, last - 64) : last])]
    offset = max(0, last - 64)
    places = [offset + place for place in spaces[-2:][::-1]]
    places += [last, last - 8, last - 32, last // 2]
    return [place for place in places if place > 0]
