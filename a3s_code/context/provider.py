"""What a context provider is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from a3s_code.context.model import ContextQuery
from a3s_code.errors import InvalidArgument


class ContextProvider(Protocol):
    """Something that knows what belongs beside a prompt.

    `query` may be a coroutine function or a plain one, which then runs in a worker thread. An
    optional method `on_turn_complete(session_id, prompt, response)`, of either sort, is called when
    a turn has ended well.
    """

    @property
    def name(self) -> str:
        """Shown in events; short and stable."""
        ...

    def query(self, query: ContextQuery) -> Any:
        """A `ContextResult` for this question, or an awaitable of one.

        A list of items, dicts in place of either, and None for nothing are understood too.
        """
        ...


def provider_name(provider: object) -> str:
    """A provider's name, which may also be a method; its class's name when it has none."""
    name = getattr(provider, "name", None)
    if callable(name):
        name = name()
    return name if isinstance(name, str) and name else type(provider).__name__


def provider_names(providers: Iterable[object]) -> tuple[str, ...]:
    """The names of several providers."""
    return tuple(map(provider_name, providers))


def check_provider(provider: object) -> None:
    """Raise `InvalidArgument` for something that cannot be asked."""
    if not callable(getattr(provider, "query", None)):
        raise InvalidArgument(
            f"a context provider needs a method query(query); {type(provider).__name__} has none"
        )
