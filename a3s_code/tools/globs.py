"""Glob patterns as regular expressions over relative paths with `/`: the pure part of finding.

A component is `**` (any number of directories) or text with `*`, `?`, `[a-z]`, `[!a-z]` and
`\\x` for a literal x; `{a,b}` stands for either and may nest. As in a shell, wildcards do not match
a leading dot: hidden names must be spelled with theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_SIMPLE_NAME = re.compile(r"[\w.*?-]+", re.ASCII)
_ENDING = re.compile(r"\*[\w.-]*", re.ASCII)
_LITERAL = re.compile(r"[^*?\[\\]+")
_MAX_ALTERNATIVES = 1000


class BadGlob(ValueError):
    """A pattern that has no meaning; the message says why."""


class GlobLeavesRoot(ValueError):
    """A pattern with `..` or an absolute path, which could match outside of its directory."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled pattern; paths to match are relative to its directory.

    `names` tests a file's name alone, of a pattern that takes files of any directory; `endings` are
    those of which the name must have one, if it asks for nothing else.
    `wants_hidden` tells that some component is spelled with a leading dot.
    """

    pattern: str
    alternatives: tuple[tuple[str, ...], ...]
    files: re.Pattern[str]
    folders: re.Pattern[str]
    wants_hidden: bool
    names: Callable[[str], object] | None = None
    endings: tuple[str, ...] | None = None

    def matches_file(self, path: str) -> bool:
        """Whether the pattern matches a file's path."""
        return self.files.fullmatch(path) is not None

    def test_in(self, prefix: str) -> Callable[[str], object]:
        """A test for names of files in a directory that `may_contain` some; `prefix` ends in `/`."""
        if self.names is not None:
            return self.names
        files = self.files.fullmatch
        return lambda name: files(prefix + name)

    def among(self, paths: Iterable[str]) -> list[str]:
        """The paths that match."""
        endings = self.endings
        if endings is None:
            files = self.files.fullmatch
            return [path for path in paths if files(path)]
        return [
            path for path in paths if path.endswith(endings) and "/." not in path and path[0] != "."
        ]

    def may_contain(self, path: str) -> bool:
        """Whether a file below this directory could match."""
        return self.folders.fullmatch(path) is not None

    def fixed_folders(self) -> list[str]:
        """Names of the directories, from the outermost on, in which all that matches must lie."""
        fixed = []
        for level in zip(*(parts[:-1] for parts in self.alternatives), strict=False):
            if len(set(level)) > 1 or not _LITERAL.fullmatch(level[0]):
                break
            fixed.append(level[0])
        return fixed

    def depth(self) -> int | None:
        """How many components the longest path that matches has; None without a limit."""
        if any("**" in parts for parts in self.alternatives):
            return None
        return max(map(len, self.alternatives))

    def plain_names(self) -> list[str] | None:
        """Patterns for a file's last component that any glob library reads alike.

        They may match more files than the whole pattern does, never fewer. None where there are no
        such patterns, or where they would match every file.
        """
        names = sorted({parts[-1] for parts in self.alternatives})
        if all(_SIMPLE_NAME.fullmatch(name) and "**" not in name for name in names):
            return None if "*" in names else names
        return None


@lru_cache(maxsize=64)
def compile_glob(pattern: str) -> Glob:
    """Compile a pattern; raises `BadGlob` or `GlobLeavesRoot`."""
    alternatives = tuple(_components(text) for text in expand_braces(pattern))
    hidden = any(_is_hidden(part) for parts in alternatives for part in parts)
    anywhere = not hidden and all(parts[:-1] == ("**",) for parts in alternatives)
    names = [parts[-1] for parts in alternatives]
    endings = _endings(names)
    try:
        return Glob(
            pattern,
            alternatives,
            files=_any_of(map(_file_regex, alternatives)),
            folders=_any_of(_folder_regex(parts, hidden=hidden) for parts in alternatives),
            names=_name_test(names, endings) if anywhere else None,
            endings=endings if anywhere else None,
            wants_hidden=hidden,
        )
    except re.error as error:  # a range such as [z-a]
        raise BadGlob(str(error)) from error


def _endings(parts: list[str]) -> tuple[str, ...] | None:
    """What the names that match one of these components end in; None if that does not tell all."""
    endings = tuple(part[1:] for part in parts if _ENDING.fullmatch(part))
    return endings if len(endings) == len(parts) else None


def _name_test(parts: list[str], endings: tuple[str, ...] | None) -> Callable[[str], object]:
    """A test for names that match one of these components; most patterns only ask for endings."""
    if endings is not None:
        return lambda name: name.endswith(endings) and name[0] != "."
    return _any_of(map(_name_regex, parts)).fullmatch


def _any_of(expressions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(expressions))


def compile_filter(pattern: str) -> Glob:
    """Compile a file filter: without `/` it looks at the name only, in whatever directory."""
    return compile_glob(pattern if "/" in pattern else f"**/{pattern}")


def expand_braces(pattern: str) -> list[str]:
    """The patterns without braces that a pattern stands for, in their written order."""
    start = _next_of(pattern, "{", 0)
    if start < 0:
        return [pattern]
    depth, pieces, piece = 1, [], start + 1
    at = piece
    while depth:
        at = _next_of(pattern, "{},", at)
        if at < 0:
            raise BadGlob("unclosed brace")
        if pattern[at] == "{":
            depth += 1
        elif pattern[at] == "}":
            depth -= 1
        if depth == 0 or (depth == 1 and pattern[at] == ","):
            pieces.append(pattern[piece:at])
            piece = at + 1
        at += 1
    expanded = []
    for middle in pieces:
        expanded += expand_braces(pattern[:start] + middle + pattern[at:])
        if len(expanded) > _MAX_ALTERNATIVES:
            raise BadGlob(f"more than {_MAX_ALTERNATIVES} alternatives")
    return expanded


def _next_of(pattern: str, chars: str, start: int) -> int:
    """Position of the next of `chars` that is neither escaped nor in a character class; or -1."""
    at = start
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            continue
        if pattern[at] in chars:
            return at
        if pattern[at] == "[":
            end = _class_end(pattern, at)
            if end > 0:
                at = end
        at += 1
    return -1


def _class_end(text: str, start: int) -> int:
    """Position of the `]` that closes the class opened at `start`; -1 when there is none."""
    first = start + 2 if text[start + 1 : start + 2] in ("!", "^") else start + 1
    return text.find("]", first + 1)


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "\\."))


def _components(text: str) -> tuple[str, ...]:
    if not text:
        raise BadGlob("empty pattern")
    if text.startswith("/") or re.match(r"[A-Za-z]:|\\\\", text):
        raise GlobLeavesRoot("absolute pattern")
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    if ".." in (part.replace("\\", "") for part in parts):
        raise GlobLeavesRoot("`..` in the pattern")
    if not parts:
        raise BadGlob("pattern names no file")
    return (*parts, "*") if parts[-1] == "**" else parts


_FOLDER = r"(?!\.)[^/]+/"


def _file_regex(parts: tuple[str, ...]) -> str:
    """The expression for whole paths; work grows with their length only, whatever the pattern.

    What stands between two `**` is taken at its first occurrence and never tried again further
    right: a later one would leave less for the rest to match. So the group can be atomic.
    """
    segments = _split_at_stars(parts)
    regex = "".join(f"{_name_regex(part)}/" for part in segments[0][:-1])
    if len(segments) == 1:
        return regex + _name_regex(segments[0][-1])
    regex += "".join(f"{_name_regex(part)}/" for part in segments[0][-1:])
    for segment in segments[1:-1]:
        names = "".join(f"{_name_regex(part)}/" for part in segment)
        regex += f"(?>(?:{_FOLDER})*?{names})"
    last = "/".join(map(_name_regex, segments[-1]))
    return f"{regex}(?:{_FOLDER})*{last}"


def _split_at_stars(parts: tuple[str, ...]) -> list[list[str]]:
    """The runs of components around each `**`; neighbouring `**` count as one."""
    segments: list[list[str]] = [[]]
    for before, part in zip(("", *parts), parts, strict=False):
        if part != "**":
            segments[-1].append(part)
        elif before != "**":
            segments.append([])
    return segments


def _folder_regex(parts: tuple[str, ...], *, hidden: bool) -> str:
    """Matches `a`, `a/b`... as far as the components reach, and anything from a `**` on."""
    segments = _split_at_stars(parts)
    fixed = segments[0] if len(segments) > 1 else segments[0][:-1]
    rest = ("[^/]+" if hidden else r"(?!\.)[^/]+") if len(segments) > 1 else ""
    regex = f"{rest}(?:/{rest})*" if rest else ""
    for part in reversed(fixed):
        regex = f"{_name_regex(part)}(?:/{regex})?" if regex else _name_regex(part)
    return regex or r"(?!)"


def _name_regex(part: str) -> str:
    """The expression of one component that is not `**`, with stars atomic as in `_file_regex`."""
    pieces = _pieces(part)
    regex = "(?!\\.)" if part[0] in "*?[" else ""
    if len(pieces) == 1:
        return regex + pieces[0]
    regex += pieces[0]
    regex += "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1] if piece)
    return f"{regex}[^/]*{pieces[-1]}"


def _pieces(part: str) -> list[str]:
    """The expressions of the texts around each `*`."""
    pieces, at = [""], 0
    while at < len(part):
        char = part[at]
        if char == "*":
            pieces.append("")
        elif char == "?":
            pieces[-1] += "[^/]"
        elif char == "[":
            end = _class_end(part, at)
            if end < 0:
                raise BadGlob("unclosed character class")
            pieces[-1] += _class_regex(part[at + 1 : end])
            at = end
        elif char == "\\" and at + 1 < len(part):
            at += 1
            pieces[-1] += re.escape(part[at])
        else:
            pieces[-1] += re.escape(char)
        at += 1
    return pieces


def _class_regex(body: str) -> str:
    negated = body[0] in "!^"
    inner = body[1:] if negated else body
    # Only `-` keeps a meaning; everything else that `re` could read as syntax is escaped.
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner).replace("--", "-\\-")
    return f"[^/{escaped}]" if negated else f"[{escaped}]"
