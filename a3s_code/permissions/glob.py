"""The glob signs of permission rules, matched in time that grows only with the text's length.

The texts come from a model. A regular expression with several stars can be made to take minutes on
a text of a few kilobytes; here all possible positions in the pattern advance together, as the bits
of one number.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SIGN = re.compile(r"\*\*/|\*\*|\*|\?|.", re.DOTALL)


class Glob:
    r"""A pattern: `*` and `?` stop at `/` and `\`, `**` does not, `**/` may also be nothing.

    Everything else stands for itself. Newlines are ordinary characters.
    """

    __slots__ = ("_end", "_loops", "_skips", "_steps", "_wild", "_within")

    def __init__(self, pattern: str) -> None:
        # Bit n of each mask belongs to the position before the n-th step of the pattern.
        self._steps: dict[str, int] = {}  # a character: where it leads to the next position
        self._wild = 0  # where every character but a separator does
        self._loops = 0  # where any character leads to the same position
        self._within = 0  # where every character but a separator does
        self._skips: list[tuple[int, int]] = []  # from one position to another without a character
        position = 0
        for sign in _SIGN.findall(pattern):
            match sign:
                case "?":
                    self._wild |= 1 << position
                    position += 1
                case "*" | "**":
                    self._skips.append((position, position + 1))
                    position += 1
                    if sign == "*":
                        self._within |= 1 << position
                    else:
                        self._loops |= 1 << position
                case "**/":
                    self._skips += [(position, position + 1), (position, position + 2)]
                    self._loops |= 1 << position + 1
                    self._step("/", position + 1)
                    position += 2
                case _:
                    self._step(sign, position)
                    position += 1
        self._end = position

    def matches(self, text: str) -> bool:
        """Whether the pattern covers the whole text."""
        here = self._skip(1)
        for character in text:
            step, stay = self._steps.get(character, 0), self._loops
            if character not in "/\\":
                step |= self._wild
                stay |= self._within
            here = self._skip((here & step) << 1 | here & stay)
            if not here:
                return False
        return bool(here >> self._end & 1)

    def _step(self, character: str, position: int) -> None:
        self._steps[character] = self._steps.get(character, 0) | 1 << position

    def _skip(self, here: int) -> int:
        for start, end in self._skips:
            if here >> start & 1:
                here |= 1 << end
        return here


@lru_cache(maxsize=512)
def compile_glob(pattern: str) -> Glob:
    """The pattern, compiled once."""
    return Glob(pattern)
