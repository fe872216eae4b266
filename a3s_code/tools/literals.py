"""Texts without which a regular expression cannot match: the pure part of passing files over."""

from __future__ import annotations

from a3s_code.tools.dialect import CLASS, ESCAPE, GROUP, INLINE_I, LITERAL, QUANTIFIER

_MOST = 8
_Texts = frozenset[str]
_NONE: _Texts = frozenset()


def required_literals(pattern: str) -> frozenset[str]:
    """Texts of which every matching line contains at least one; empty when none are evident.

    Letter case is that of the pattern, also where the pattern ignores it.
    """
    try:
        return _Reader(pattern.removeprefix(INLINE_I)).alternatives(0)
    except _Unclear:
        return _NONE


class _Unclear(Exception):
    """What follows may not mean what it seems to say."""


class _Reader:
    """Reads an expression from left to right; `at` is the next character."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self, depth: int) -> _Texts:
        """The texts of a group or of all, up to its closing parenthesis: one of each branch."""
        branches = [self._branch(depth)]
        while self._next == "|":
            self._at += 1
            branches.append(self._branch(depth))
        if depth == 0 and self._next:
            raise _Unclear  # a parenthesis too many
        texts = _NONE.union(*branches)
        return texts if all(branches) and len(texts) <= _MOST else _NONE

    @property
    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _branch(self, depth: int) -> _Texts:
        """The texts of one branch: those of its part that is the hardest to contain."""
        best, run = _NONE, ""
        while self._next not in ("", "|", ")"):
            try:
                literal, texts = self._part(depth)
            except _Unclear:
                if depth or self._next == "(" or "|" in self._pattern[self._at :]:
                    raise
                self._at = len(self._pattern)  # what came before is required all the same
                break
            least, is_repeated = self._repetition()
            if literal and least:
                run += literal
            if is_repeated or not literal:
                best, run = max(best, _one(run), texts if least else _NONE, key=_hardness), ""
        return max(best, _one(run), key=_hardness)

    def _part(self, depth: int) -> tuple[str, _Texts]:
        """What is next: a character that stands for itself, or the texts of a group, or neither."""
        pattern, at = self._pattern, self._at
        if group := GROUP.match(pattern, at):
            self._at = group.end()
            texts = self.alternatives(depth + 1)
            if self._next != ")":
                raise _Unclear
            self._at += 1
            return "", texts
        part = LITERAL.match(pattern, at) or ESCAPE.match(pattern, at) or CLASS.match(pattern, at)
        if part is None and self._next not in (".", "^", "$"):
            raise _Unclear
        end = part.end() if part else at + 1
        if pattern.startswith("{", end) and not QUANTIFIER.match(pattern, end):
            raise _Unclear
        self._at = end
        text = part.group() if part else ""
        stands_for_itself = len(text) == 1 or (text[:1] == "\\" and not text[1].isalpha())
        return (text[-1] if stands_for_itself else ""), _NONE

    def _repetition(self) -> tuple[int, bool]:
        """How often the part before occurs at least, and whether that is said at all."""
        found = QUANTIFIER.match(self._pattern, self._at)
        if found is None:
            return 1, False
        self._at = found.end()
        if self._next in ("?", "+"):
            self._at += 1
        text = found.group()
        return (0 if text in "*?" else 1 if text == "+" else int(text[1:-1].split(",")[0])), True


def _one(text: str) -> _Texts:
    return frozenset((text,)) if text else _NONE


def _hardness(texts: _Texts) -> tuple[int, int]:
    """Long texts are rare; of few texts none is contained more often than of many."""
    return min(map(len, texts), default=0), -len(texts)
