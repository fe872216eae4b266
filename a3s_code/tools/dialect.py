"""What can be known of a regular expression without running it: the pure part of searching.

The dialect of `grep` is Python's. ripgrep reads most patterns the same way and in linear time, so
it may do the work for those patterns, and only for those.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Collection

QUANTIFIER = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")
LITERAL = re.compile(r"[^\\.^$*+?{}\[\]|()]")
GROUP = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))", re.ASCII)
ESCAPE = re.compile(r"\\(?:[dDwWsSbtrfv]|[^\w\s<>'\"`])", re.ASCII)
CLASS = re.compile(r"\[\^?\]?(?:[^\[\]\\&~|-]|\\[dDwWsStrfv]|\\[^\w\s]|-(?!-))*\]", re.ASCII)
INLINE_I = "(?i)"

_warning_lock = threading.Lock()


def compile_regex(pattern: str, *, ignore_case: bool) -> re.Pattern[str]:
    """Compile for use on single lines. Raises `re.error`, or `OverflowError` for absurd counts."""
    # `re` warns of set operators it may learn one day. Read as what they are now, unseen.
    with _warning_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)


def same_in_ripgrep(pattern: str) -> bool:
    """Whether a valid pattern selects the same lines in Python and in ripgrep.

    True only for what both certainly read alike: literals, `.`, anchors, plain groups and classes,
    alternatives, ordinary quantifiers, and the escapes they share.
    """
    if not pattern.isprintable():
        return False
    at = len(INLINE_I) if pattern.startswith(INLINE_I) else 0
    seen = set[str]()
    while at < len(pattern):
        token = (
            LITERAL.match(pattern, at)
            or GROUP.match(pattern, at)
            or ESCAPE.match(pattern, at)
            or CLASS.match(pattern, at)
            or re.compile(r"[.^$|)]").match(pattern, at)
        )
        if token is None or _is_misread(token[0], seen):
            return False
        seen.add(token[0])
        at = token.end()
        quantifier = QUANTIFIER.match(pattern, at)
        if quantifier is not None:
            at = quantifier.end()
            if pattern.startswith("?", at):
                at += 1
            if pattern.startswith(("*", "+", "?", "{"), at):  # possessive, or a literal brace
                return False
    return True


def _is_misread(token: str, before: Collection[str]) -> bool:
    """Whether ripgrep 13 misses lines by this token after those."""
    if token == "^":
        return "$" in before or r"\b" in before
    return token == r"\b" and "$" in before


def stays_in_line(pattern: str) -> bool:
    """Whether a match in a text of many lines never reaches across the end of a line."""
    return same_in_ripgrep(pattern) and not re.search(r"\\[sWD]|\[\^", pattern)


def is_tame(pattern: str) -> bool:
    """Whether the time of a match is certainly bounded: nothing is repeated, optional or nested."""
    return not re.search(r"[*+?{(]", re.sub(r"\\[^\w\s]", "", pattern))
