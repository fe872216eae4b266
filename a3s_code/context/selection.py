"""Include and exclude patterns as one selection of files for the walk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.tools.globs import BadGlob, Glob, expand_braces

_TOKEN = re.compile(r"\*\*/|\*\*$|\*+|\?|\[[!^]?\]?[^\]/]*\]|\\.|.", re.DOTALL)


def compile_selection(include: Sequence[str], exclude: Sequence[str]) -> Glob:
    """Files that one of `include` matches and none of `exclude`, by their path below the root.

    A pattern without `/` looks at names in every directory. An excluded directory is not entered,
    and `x/**` excludes x as a whole. Wildcards match hidden names too, unlike those of the file
    tools. Raises `InvalidArgument` for a pattern without meaning.
    """
    wanted = _any_of(include)
    files = _any_of(exclude)
    folders = _any_of([_stem(pattern) for pattern in exclude])
    try:
        return Glob(
            ",".join(include),
            (),
            re.compile(f"(?!(?:{files})\\Z)(?:{wanted})", re.DOTALL),
            re.compile(f"(?!(?:{folders})\\Z).+", re.DOTALL),
            wants_hidden=True,
        )
    except re.error as error:  # a range such as [z-a]
        raise InvalidArgument(f"bad pattern in {[*include, *exclude]}: {error}") from None


def _stem(pattern: str) -> str:
    """The directory itself for a pattern that means all that is in it."""
    while pattern.endswith("/**"):
        pattern = pattern.removesuffix("/**")
    return pattern or "**"


def _any_of(patterns: Sequence[str]) -> str:
    """An expression for all of them; one that never matches for none."""
    given = checks.texts("patterns", patterns)
    try:
        texts = [text for pattern in given for text in expand_braces(pattern)]
    except BadGlob as error:
        raise InvalidArgument(f"bad pattern in {list(patterns)}: {error}") from None
    return "|".join(map(_regex, texts)) or "(?!)"


def _regex(pattern: str) -> str:
    pattern = pattern.strip("/").removeprefix("./")
    if not pattern:
        raise InvalidArgument("a pattern is empty")
    anchor = "" if "/" in pattern else "(?:[^/]+/)*"
    return anchor + "".join(_piece(token[0]) for token in _TOKEN.finditer(pattern))


def _piece(token: str) -> str:
    if token == "**/":
        return "(?:[^/]+/)*"
    if token == "**":
        return ".+"
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token.startswith("[") and len(token) > 1:
        negated = token[1] in "!^"
        body = re.sub(r"([\\\[\]^&~|])", r"\\\1", token[2 if negated else 1 : -1])
        return f"[{'^/' if negated else ''}{body}]"
    return re.escape(token.removeprefix("\\") or "\\")
