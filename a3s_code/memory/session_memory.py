"""The memory of one session: its own tiers, and the store that outlives it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self, TypeVar

from a3s_code import checks
from a3s_code.config.model import MemorySettings
from a3s_code.errors import A3SError, InvalidArgument, StoreError
from a3s_code.memory.item import MemoryItem, utc_now
from a3s_code.memory.protocol import METHODS, MemoryStore
from a3s_code.memory.recall import Recalled, recall
from a3s_code.memory.tiers import ShortTerm, Working

T = TypeVar("T")

SUCCESS_IMPORTANCE, FAILURE_IMPORTANCE = 0.8, 0.9  # to avoid something is worth more than to do it
MAX_PROMPT_CHARS, MAX_ANSWER_CHARS = 1_000, 2_000  # of what is remembered automatically


class SessionMemory:
    """Working, short-term and long-term memory. Blocking, callable from any thread.

    `store` holds the long-term memory. Whatever goes wrong in a store is raised as `StoreError`.
    """

    def __init__(self, store: MemoryStore, settings: MemorySettings | None = None) -> None:
        self.settings = settings or MemorySettings()
        self.store = store
        # Told the tier and the number of items after one was emptied.
        self.on_cleared: Callable[[str, int], object] = lambda tier, count: None
        self._lock = threading.Lock()
        self._short_term = ShortTerm(self.settings.max_short_term)
        self._working = Working(self.settings.max_working)

    @classmethod
    def opened(cls, store: MemoryStore, settings: MemorySettings | None = None) -> Self:
        """The memory on a store that is known to work.

        Raises `InvalidArgument` for an object that is no store of memory, and `StoreError` when
        it cannot be used.
        """
        for name in METHODS:
            if not callable(getattr(store, name, None)):
                kind = type(store).__name__
                raise InvalidArgument(f"{kind} is no memory store: it has no method {name!r}")
        memory = cls(store, settings)
        if getattr(store, "relevance", memory) is None:
            store.relevance = memory.settings.relevance  # type: ignore[attr-defined]
        _asked(getattr(store, "open", store.count))
        return memory

    def __repr__(self) -> str:
        return f"SessionMemory({self.store!r})"

    # -- remembering ---------------------------------------------------------------------------------

    def remember(self, item: MemoryItem | Mapping[str, Any] | str) -> MemoryItem:
        """Keep an item in the long-term and the short-term memory; returns it."""
        item = MemoryItem.of(item)
        _asked(lambda: self.store.store(item))
        with self._lock:
            self._short_term.add(item)
        return item

    def remember_success(self, task: str, tools: Sequence[str], result: str) -> MemoryItem:
        """Keep what worked, as a pattern of importance 0.8."""
        checks.text("task", task)
        checks.text("result", result)
        checks.texts("tools", tools)
        return self.remember(
            MemoryItem(
                f"Success: {task}\nTools: {', '.join(tools) or 'none'}\nResult: {result}",
                importance=SUCCESS_IMPORTANCE,
                tags=("success", "pattern"),
                memory_type="procedural",
                metadata={"prompt": task, "tools": ",".join(tools)},
            )
        )

    def remember_failure(self, task: str, error: str, tools: Sequence[str]) -> MemoryItem:
        """Keep what failed, as an event of importance 0.9."""
        checks.text("task", task)
        checks.text("error", error)
        checks.texts("tools", tools)
        return self.remember(
            MemoryItem(
                f"Failure: {task}\nTools: {', '.join(tools) or 'none'}\nError: {error}",
                importance=FAILURE_IMPORTANCE,
                tags=("failure", "avoid"),
                memory_type="episodic",
                metadata={"prompt": task, "error": error},
            )
        )

    def remember_exchange(self, prompt: str, answer: str) -> MemoryItem:
        """Keep a completed prompt and its answer as a success; long texts are shortened."""
        return self.remember_success(
            shortened(prompt, MAX_PROMPT_CHARS), (), shortened(answer, MAX_ANSWER_CHARS)
        )

    def remember_failed(self, prompt: str, error: str, tools: Sequence[str] = ()) -> MemoryItem:
        """Keep a failed tool call or execution as a failure; long texts are shortened."""
        return self.remember_failure(
            shortened(prompt, MAX_PROMPT_CHARS), shortened(error, MAX_ANSWER_CHARS), tools
        )

    # -- recalling -----------------------------------------------------------------------------------

    def context_items(self, prompt: str, limit: int = 5) -> list[Recalled]:
        """What helps with a prompt, the best first, for the context of the model.

        Items that contain the prompt come first, then those that share significant words with it.
        Each counts as accessed once more.
        """
        now, relevance = utc_now(), self.settings.relevance
        found = _asked(lambda: recall(self.store, prompt, limit, now, relevance))
        return [Recalled.of(item, now, relevance) for item in self._accessed(found)]

    def recall_similar(self, query: str, limit: int = 5) -> list[dict[str, Any]]:
        """Items that contain the query or share significant words with it, the best first."""
        return [recalled.item.to_dict() for recalled in self.context_items(query, limit)]

    def recall_by_tags(self, tags: Collection[str], limit: int = 10) -> list[dict[str, Any]]:
        """Items that have any of the tags, the best first."""
        wanted = [tags] if isinstance(tags, str) else list(checks.texts("tags", tags))
        found = _asked(lambda: _items(self.store.search_by_tags(wanted, limit)))
        return [item.to_dict() for item in self._accessed(found)]

    def recent(self, limit: int = 10) -> list[dict[str, Any]]:
        """The newest items of the long-term memory, the newest first."""
        found = _asked(lambda: _items(self.store.get_recent(limit)))
        return [item.to_dict() for item in found]

    memory_recent = get_recent = recent

    def stats(self) -> dict[str, int]:
        """`long_term_count`, `short_term_count`, `working_count`."""
        return {
            "long_term_count": _asked(self.store.count),
            "short_term_count": len(self._short_term),
            "working_count": len(self._working),
        }

    memory_stats = stats

    def _accessed(self, items: list[MemoryItem]) -> list[MemoryItem]:
        """Count one more use of each item."""
        if not items:
            return []
        count_all = getattr(self.store, "record_access", None)
        if count_all is not None:
            return list(_asked(lambda: count_all(items)))
        now = utc_now()
        counted = [item.accessed(now) for item in items]
        for item in counted:
            _asked(lambda item=item: self.store.store(item))  # type: ignore[misc]
        return counted

    # -- the tiers of this session -------------------------------------------------------------------

    def add_to_working(self, item: MemoryItem | Mapping[str, Any] | str) -> MemoryItem:
        """Put an item into the working memory only; returns it."""
        item = MemoryItem.of(item)
        with self._lock:
            self._working.add(item, utc_now(), self.settings.relevance)
        return item

    def get_working(self) -> list[dict[str, Any]]:
        """The working memory, in the order in which it was filled."""
        with self._lock:
            return [item.to_dict() for item in self._working.items()]

    def clear_working(self) -> int:
        """Empty the working memory; returns the number of items removed."""
        return self._cleared("working", self._working)

    def get_short_term(self) -> list[dict[str, Any]]:
        """What this session has remembered, the oldest first."""
        with self._lock:
            return [item.to_dict() for item in self._short_term.items()]

    def clear_short_term(self) -> int:
        """Empty the short-term memory; returns the number of items removed."""
        return self._cleared("short_term", self._short_term)

    def _cleared(self, name: str, tier: ShortTerm | Working) -> int:
        with self._lock:
            count = tier.clear()
        self.on_cleared(name, count)
        return count


def shortened(text: str, limit: int) -> str:
    """A text of at most `limit` characters: the beginning and the end of a longer one."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = (limit - 5) * 2 // 3
    return f"{text[:head]} ... {text[head + 5 - limit :]}"


def _items(values: Sequence[Any]) -> list[MemoryItem]:
    return [MemoryItem.of(value) for value in values]


def _asked(question: Callable[[], T]) -> T:
    """The store's answer; a store of the user's may raise anything."""
    try:
        return question()
    except A3SError:
        raise
    except Exception as error:
        raise StoreError(f"memory store: {type(error).__name__}: {error}") from error
