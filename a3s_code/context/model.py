"""What a context provider is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from a3s_code import checks
from a3s_code.errors import InvalidArgument

_CHARACTERS_PER_TOKEN = 4

E = TypeVar("E", bound=StrEnum)


class ContextType(StrEnum):
    """What kind of thing an item is."""

    MEMORY = "Memory"
    RESOURCE = "Resource"
    FILE = "File"
    SKILL = "Skill"
    CUSTOM = "Custom"


class ContextDepth(StrEnum):
    """How much of each item is wanted: about 100 tokens, about 2000 tokens, or all of it."""

    ABSTRACT = "Abstract"
    OVERVIEW = "Overview"
    FULL = "Full"


def estimated_tokens(text: str) -> int:
    """A rough size: a token for every 4 characters, rounded up."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class ContextQuery:
    """A question to every provider; the limits hold for each one's answer.

    `query` is the prompt. Types and depth may be given as their names, in any case. Raises
    `InvalidArgument` for an unknown name and for a limit below 0.
    """

    query: str
    context_types: tuple[ContextType, ...] = (ContextType.RESOURCE,)
    depth: ContextDepth = ContextDepth.OVERVIEW
    max_results: int = 10
    max_tokens: int = 4000
    session_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        types: Iterable[object] = self.context_types
        if isinstance(types, str):
            types = (types,)
        checks.text("query", self.query)
        types = checks.items(
            "context_types", list(types) if isinstance(types, set | frozenset) else types
        )
        kinds = tuple(_member(ContextType, kind) for kind in types)
        object.__setattr__(self, "context_types", kinds)
        object.__setattr__(self, "depth", _member(ContextDepth, self.depth))
        for name in ("max_results", "max_tokens"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise InvalidArgument(f"{name} must be an integer of at least 0, not {value!r}")

    def wants(self, *kinds: ContextType) -> bool:
        """Whether items of one of these kinds are asked for."""
        return any(kind in self.context_types for kind in kinds)


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One piece of context.

    `relevance` is clamped to 0.0 to 1.0. A `token_count` of 0 is replaced by an estimate. `source`
    tells the model where the content is from.
    """

    id: str
    context_type: ContextType
    content: str
    token_count: int = 0
    relevance: float = 0.0
    source: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "context_type", _member(ContextType, self.context_type))
        if self.token_count <= 0:
            object.__setattr__(self, "token_count", estimated_tokens(self.content))
        # In this order NaN ends as 0.0.
        relevance = float(max(0.0, min(self.relevance, 1.0)))
        object.__setattr__(self, "relevance", relevance)

    @classmethod
    def coerce(cls, value: object) -> ContextItem:
        """An item from itself or from a dict of its fields. Raises `InvalidArgument`."""
        if isinstance(value, ContextItem):
            return value
        if not isinstance(value, Mapping):
            raise InvalidArgument(
                f"a context item must be a ContextItem or a dict, not {_kind(value)}"
            )
        try:
            return cls(**value)
        except TypeError as error:
            raise InvalidArgument(f"a context item has wrong fields: {error}") from error


@dataclass(slots=True)
class ContextResult:
    """A provider's answer, best items first.

    `truncated` tells that there was more than the limits allow. A `total_tokens` of 0 is replaced
    by the sum over the items.
    """

    items: list[ContextItem] = field(default_factory=list)
    total_tokens: int = 0
    provider: str = ""
    truncated: bool = False

    def __post_init__(self) -> None:
        self.items = [ContextItem.coerce(item) for item in checks.items("items", self.items)]
        if type(self.total_tokens) is not int:
            checks.integer("total_tokens", self.total_tokens, 0)
        if self.total_tokens <= 0:
            self.total_tokens = sum(item.token_count for item in self.items)

    def add_item(self, item: ContextItem) -> None:
        """Append an item and count its tokens."""
        self.items.append(item)
        self.total_tokens += item.token_count

    @classmethod
    def coerce(cls, value: object) -> ContextResult:
        """A result from itself, from a dict of its fields, from a list of items, or from None.

        Raises `InvalidArgument`.
        """
        if isinstance(value, ContextResult):
            return value
        if value is None:
            return cls()
        try:
            if isinstance(value, Mapping):
                return cls(**value)
            if isinstance(value, list | tuple):
                return cls(list(value))
        except TypeError as error:
            raise InvalidArgument(f"a context result has wrong fields: {error}") from error
        raise InvalidArgument(f"a context result must be a ContextResult, not {_kind(value)}")


def _member(cls: type[E], value: object) -> E:
    word = value.strip().lower() if isinstance(value, str) else ""
    for member in cls:
        if member.value.lower() == word:
            return member
    names = ", ".join(member.value for member in cls)
    raise InvalidArgument(f"unknown {cls.__name__} {value!r}; use one of {names}")


def _kind(value: object) -> str:
    return type(value).__name__
