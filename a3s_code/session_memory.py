"""The part of a session's surface that is about its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from a3s_code.conversation import Conversation
from a3s_code.errors import A3SError
from a3s_code.memory.session_memory import SessionMemory


class MemoryCalls:
    """Methods of `Session`; all but `memory` and `has_memory` need a memory store."""

    _core: Conversation

    def memory(self) -> SessionMemory | None:
        """The session's memory, None without a memory store."""
        return self._core.memory

    @property
    def has_memory(self) -> bool:
        """Whether the session has a memory store."""
        return self._core.memory is not None

    def remember_success(self, task: str, tools: Sequence[str], result: str) -> None:
        """Keep what worked. Raises `A3SError` without a memory store, as the next ones do."""
        self._remembers().remember_success(task, tools, result)

    def remember_failure(self, task: str, error: str, tools: Sequence[str]) -> None:
        """Keep what failed, and is to be avoided."""
        self._remembers().remember_failure(task, error, tools)

    def recall_similar(self, query: str, limit: int = 5) -> list[dict[str, Any]]:
        """Items that contain the query or share significant words with it, the best first."""
        return self._remembers().recall_similar(query, limit)

    def recall_by_tags(self, tags: Sequence[str], limit: int = 10) -> list[dict[str, Any]]:
        """Items that have any of the tags, the best first."""
        return self._remembers().recall_by_tags(tags, limit)

    def memory_recent(self, limit: int = 10) -> list[dict[str, Any]]:
        """The newest items of the long-term memory."""
        return self._remembers().recent(limit)

    def memory_stats(self) -> dict[str, int]:
        """`long_term_count`, `short_term_count`, `working_count`."""
        return self._remembers().stats()

    def get_working(self) -> list[dict[str, Any]]:
        """The working memory."""
        return self._remembers().get_working()

    def clear_working(self) -> None:
        """Empty the working memory."""
        self._remembers().clear_working()

    def get_short_term(self) -> list[dict[str, Any]]:
        """What this session has remembered, the oldest first."""
        return self._remembers().get_short_term()

    def clear_short_term(self) -> None:
        """Empty the short-term memory."""
        self._remembers().clear_short_term()

    def _remembers(self) -> SessionMemory:
        if self._core.memory is None:
            raise A3SError("Memory not configured for this session")
        return self._core.memory
