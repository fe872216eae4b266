"""Context from the files of a directory, by how often they contain the words of the prompt."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

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
from a3s_code.tools.limits import Limits
from a3s_code.tools.threads import Stop, in_thread

log = logging.getLogger("a3s_code")

MAX_FILE_SIZE = 1 << 20
INCLUDE = (
    *("**/*.rs", "**/*.md", "**/*.py", "**/*.ts", "**/*.tsx", "**/*.js", "**/*.jsx", "**/*.go"),
    *("**/*.java", "**/*.c", "**/*.cpp", "**/*.h", "**/*.hpp", "**/*.jl", "**/*.r", "**/*.R"),
    *("**/*.sql", "**/*.toml", "**/*.yaml", "**/*.yml", "**/*.txt", "**/*.rst"),
)
EXCLUDE = (
    *("**/target/**", "**/node_modules/**", "**/.git/**"),
    *("**/.venv/**", "**/__pycache__/**", "**/.ipynb_checkpoints/**"),
)
_CHARACTERS = {ContextDepth.ABSTRACT: 500, ContextDepth.OVERVIEW: 2000, ContextDepth.FULL: None}
_MAX_INDEXED_CHARACTERS = 32 << 20
_INDEX_TIMEOUT_S = 20.0
# A pasted log would otherwise be thousands of words, each of which is looked for in every file.
_MAX_WORDS = 100


def score(words: Mapping[str, int], text: str) -> float:
    """Occurrences of all words, over the square root of the text's length; 0.0 for no text.

    `words` are in lower case, with how often each one counts.
    """
    if not text:
        return 0.0
    lowered = text.lower()
    found = sum(times * lowered.count(word) for word, times in words.items())
    return found / math.sqrt(len(text))


def words_of(query: str) -> dict[str, int]:
    """The words of a query in lower case, separated by white space, and how often each occurs.

    Of a long query the first 100 different ones.
    """
    return dict(list(Counter(query.lower().split()).items())[:_MAX_WORDS])


class FileSystemContextProvider:
    """Files of a directory that contain words of the prompt; the name is `filesystem`.

    `base` is the workspace, if there is one: a relative `root_path` starts there. Patterns are
    globs such as `docs/**/*.md`; one without `/` looks at names in every directory. `max_file_size`
    is in bytes. The list of files and their contents are read with the first query and kept; a file
    that is handed out is read again if it changed. `clear_cache` makes the next query read
    everything again. Raises `InvalidArgument` for a pattern without meaning.
    """

    name = "filesystem"

    def __init__(
        self,
        root_path: str | os.PathLike[str],
        *,
        base: str | os.PathLike[str] | None = None,
        include_patterns: Sequence[str] | None = None,
        exclude_patterns: Sequence[str] | None = None,
        max_file_size: int = MAX_FILE_SIZE,
    ) -> None:
        wanted = compile_selection(
            INCLUDE if include_patterns is None else include_patterns,
            EXCLUDE if exclude_patterns is None else exclude_patterns,
        )
        self._folder = DocumentFolder(root_path, wanted, max_file_size, base=base)
        self._lock = threading.Lock()
        self._documents: list[Document] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._folder.root)!r})"

    async def query(self, query: ContextQuery) -> ContextResult:
        """The files with the highest scores, best first; those without a word are left out."""
        return await in_thread(lambda stop: self._search(query, stop))

    def clear_cache(self) -> None:
        """Forget the files; the next query looks for them again."""
        self._documents = None

    def _search(self, query: ContextQuery, stop: Stop) -> ContextResult:
        words = words_of(query.query)
        if not words or not query.wants(ContextType.RESOURCE, ContextType.FILE):
            return ContextResult(provider=self.name)
        scored = []
        for document in self._indexed(stop):
            stop.check()
            relevance = score(words, document.text)
            if relevance > 0:
                scored.append((-relevance, document.path, document))
        scored.sort(key=lambda entry: entry[:2])
        fresh = ((-negative, self._folder.refreshed(document)) for negative, _, document in scored)
        items = (
            self._item(document, relevance, query.depth)
            for relevance, document in fresh
            if document is not None
        )
        return limited(items, query, self.name)

    def _indexed(self, stop: Stop) -> list[Document]:
        with self._lock:
            documents = self._documents
            if documents is None:
                documents = self._documents = self._index(stop)
        return documents

    def _index(self, stop: Stop) -> list[Document]:
        limits = Limits(stop, _INDEX_TIMEOUT_S)
        documents, room = [], _MAX_INDEXED_CHARACTERS
        for document in self._folder.read_all(limits):
            documents.append(document)
            room -= len(document.text)
            if room < 0:
                break
        if room < 0 or not limits.seconds_left:
            log.warning(
                "%r holds more than can be searched as context; only its first %d files are",
                self,
                len(documents),
            )
        return documents

    def _item(self, document: Document, relevance: float, depth: ContextDepth) -> ContextItem:
        path = self._folder.shown(document.path)
        return ContextItem(
            id=f"file:{path}",
            context_type=ContextType.RESOURCE,
            content=document.text[: _CHARACTERS[depth]],
            relevance=relevance,
            source=f"file:{path}",
            metadata={"path": path, "size": document.size},
        )
