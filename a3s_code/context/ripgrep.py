"""Context from the lines of a directory's files that contain words of the prompt."""

from __future__ import annotations

import heapq
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from a3s_code.context.documents import Document, DocumentFolder
from a3s_code.context.limits import limited
from a3s_code.context.model import (
    ContextDepth,
    ContextItem,
    ContextQuery,
    ContextResult,
    ContextType,
)
from a3s_code.context.selection import compile_selection
from a3s_code.errors import InvalidArgument
from a3s_code.tools.limits import Limits
from a3s_code.tools.threads import Stop, in_thread

MAX_FILE_SIZE = 1 << 20
INCLUDE = (
    *("**/*.rs", "**/*.py", "**/*.ts", "**/*.tsx", "**/*.js", "**/*.jsx", "**/*.go"),
    *("**/*.java", "**/*.c", "**/*.cpp", "**/*.h", "**/*.hpp", "**/*.md", "**/*.toml"),
    *("**/*.yaml", "**/*.yml", "**/*.json"),
)
EXCLUDE = (
    *("**/target/**", "**/node_modules/**", "**/.git/**", "**/dist/**", "**/build/**"),
    *("*.lock", "**/vendor/**", "**/__pycache__/**"),
)
_OVERVIEW_MATCHES = 3
_SEARCH_TIMEOUT_S = 10.0
_MAX_WORDS = 100
_WORD = re.compile(r"\w+(?:[.-]\w+)*")
_MIN_WORD_CHARACTERS = 3
# In almost every line of prose, and so of no help in finding the right one.
_COMMON = frozenset(
    _WORD.findall(
        "about and are but can could did does for from had has have how into its not our please "
        "should that the their them then there these they this those was were what when where "
        "which who why will with would you your"
    )
)


def search_words(query: str) -> list[str]:
    """The words of a prompt that are worth looking for, each once; all if none is.

    Words of less than three letters and very common ones are left out. Of a long prompt the first
    100.
    """
    words = list(dict.fromkeys(_WORD.findall(query)))
    telling = [
        word for word in words if len(word) >= _MIN_WORD_CHARACTERS and word.lower() not in _COMMON
    ]
    return (telling or words)[:_MAX_WORDS]


def matching_lines(text: str, words: Sequence[str], *, ignore_case: bool) -> list[int]:
    """Indices from 0 of the lines that contain one of the words."""
    if ignore_case:
        # Some letters have a lower case of several characters, but none has a line end in it.
        text, words = text.lower(), [word.lower() for word in words]
    present = [word for word in words if word in text]
    if not present:
        return []
    lines = text.split("\n")
    return [index for index, line in enumerate(lines) if any(word in line for word in present)]


@dataclass(frozen=True, slots=True)
class Found:
    """A document with its lines (without line ends) and the indices of those that match."""

    document: Document
    lines: list[str]
    matches: list[int]

    @property
    def relevance(self) -> float:
        """Matches over the square root of the number of lines."""
        return len(self.matches) / math.sqrt(len(self.lines))

    def excerpt(self, count: int | None, context: int) -> str:
        """The first `count` matches, None for all, with the lines around them, numbered from 1.

        A match is marked by `:`, a line beside it by `-`, a gap by `--`, as grep does.
        """
        hits = set(self.matches[:count])
        shown = sorted(
            {
                index
                for hit in hits
                for index in range(max(hit - context, 0), min(hit + context + 1, len(self.lines)))
            }
        )
        out, previous = [], None
        for index in shown:
            if previous is not None and index != previous + 1:
                out.append("--")
            out.append(f"{index + 1}{':' if index in hits else '-'}{self.lines[index]}")
            previous = index
        return "\n".join(out)


class RipgrepContextProvider:
    """Lines that contain words of the prompt, by file; the name is `ripgrep`.

    It needs no ripgrep: each file is read anyway, to count its lines. Patterns are globs such as
    `docs/**/*.md`; one without `/` looks at names in every directory. `max_file_size` is in bytes,
    `context_lines` stand around each match. Files are read with each query, for at most 10 s. Raises
    `InvalidArgument` for a pattern without meaning.
    """

    name = "ripgrep"

    def __init__(
        self,
        root_path: str | os.PathLike[str],
        include_patterns: Sequence[str] | None = None,
        exclude_patterns: Sequence[str] | None = None,
        max_file_size: int = MAX_FILE_SIZE,
        case_insensitive: bool = True,
        context_lines: int = 2,
        *,
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        if type(context_lines) is not int or context_lines < 0:
            raise InvalidArgument(
                f"context_lines must be an integer of at least 0, not {context_lines!r}"
            )
        wanted = compile_selection(
            INCLUDE if include_patterns is None else include_patterns,
            EXCLUDE if exclude_patterns is None else exclude_patterns,
        )
        self._folder = DocumentFolder(root_path, wanted, max_file_size, base=base)
        self._ignore_case, self._context_lines = case_insensitive, context_lines

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._folder.root)!r})"

    async def query(self, query: ContextQuery) -> ContextResult:
        """The files with the most matches for their length, best first."""
        return await in_thread(lambda stop: self._search(query, stop))

    def _search(self, query: ContextQuery, stop: Stop) -> ContextResult:
        words = search_words(query.query)
        if not words or not query.wants(ContextType.RESOURCE, ContextType.FILE):
            return ContextResult(provider=self.name)
        limits = Limits(stop, _SEARCH_TIMEOUT_S)
        # One more than is wanted, so that it shows when there were more.
        best = heapq.nsmallest(
            query.max_results + 1,
            self._found(words, limits),
            key=lambda found: (-found.relevance, found.document.path),
        )
        result = limited((self._item(found, query.depth) for found in best), query, self.name)
        result.truncated |= not limits.seconds_left
        return result

    def _found(self, words: Sequence[str], limits: Limits) -> Iterator[Found]:
        for document in self._folder.read_all(limits):
            matches = matching_lines(document.text, words, ignore_case=self._ignore_case)
            if matches:
                lines = document.text.removesuffix("\n").split("\n")
                yield Found(document, [line.removesuffix("\r") for line in lines], matches)

    def _item(self, found: Found, depth: ContextDepth) -> ContextItem:
        path, count = self._folder.shown(found.document.path), len(found.matches)
        summary = f"{path}: {count} {'match' if count == 1 else 'matches'}"
        if depth is ContextDepth.ABSTRACT:
            content = summary
        else:
            shown = _OVERVIEW_MATCHES if depth is ContextDepth.OVERVIEW else None
            content = f"{summary}\n{found.excerpt(shown, self._context_lines)}"
        return ContextItem(
            id=f"ripgrep:{path}",
            context_type=ContextType.RESOURCE,
            content=content,
            relevance=found.relevance,
            source=f"file:{path}",
            metadata={"path": path, "size": found.document.size, "match_count": count},
        )
