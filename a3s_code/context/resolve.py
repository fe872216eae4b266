"""Asking all providers at once; one that fails costs its own answer and nothing else."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from a3s_code.context.limits import limited
from a3s_code.context.model import ContextItem, ContextQuery, ContextResult
from a3s_code.context.provider import ContextProvider, provider_name, provider_names
from a3s_code.context.render import rendered
from a3s_code.events import ContextResolved, ContextResolving
from a3s_code.tools.threads import in_thread

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the providers gave, in the order of the providers; `names` are those that answered."""

    items: tuple[ContextItem, ...] = ()
    total_tokens: int = 0
    names: tuple[str, ...] = ()

    def text(self) -> str:
        """The items in the form that follows the system prompt; "" when there are none."""
        return rendered(self.items)

    def event(self) -> ContextResolved:
        """What is told when the providers have answered."""
        return ContextResolved(total_items=len(self.items), total_tokens=self.total_tokens)


def resolving(providers: Sequence[ContextProvider]) -> ContextResolving:
    """What is told before the providers are asked."""
    return ContextResolving(providers=provider_names(providers))


async def resolve(providers: Sequence[ContextProvider], query: ContextQuery) -> Resolved:
    """Ask all providers at the same time and keep each answer within the query's limits.

    Plain `query` methods run in worker threads. A provider that fails is logged and skipped.
    Cancelling stops waiting at once.
    """
    answers = await asyncio.gather(*(_answer(provider, query) for provider in providers))
    results = [answer for answer in answers if answer is not None]
    return Resolved(
        items=tuple(item for result in results for item in result.items),
        total_tokens=sum(result.total_tokens for result in results),
        names=tuple(result.provider for result in results),
    )


async def turn_complete(
    providers: Sequence[ContextProvider], session_id: str, prompt: str, response: str
) -> None:
    """Tell the providers that want to know that a turn has ended well. Failures are logged."""
    await asyncio.gather(*(_tell(provider, session_id, prompt, response) for provider in providers))


async def _answer(provider: ContextProvider, query: ContextQuery) -> ContextResult | None:
    try:
        result = ContextResult.coerce(await _called(provider.query, query))
        return limited(result.items, query, provider_name(provider))
    except Exception as error:  # noqa: BLE001  # foreign code: a turn must not fail because of it
        _log(provider, "failed and is skipped", error)
        return None


async def _tell(provider: ContextProvider, session_id: str, prompt: str, response: str) -> None:
    listener = getattr(provider, "on_turn_complete", None)
    if listener is None:
        return
    try:
        await _called(listener, session_id, prompt, response)
    except Exception as error:  # noqa: BLE001  # foreign code, and the turn is over
        _log(provider, "failed after the turn", error)


async def _called(function: Callable[..., Any], *args: object) -> Any:
    """Call something that may be blocking or asynchronous, and wait for what it returns."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    value = await in_thread(lambda _stop: function(*args))
    return await value if inspect.isawaitable(value) else value


def _log(provider: object, what: str, error: Exception) -> None:
    kind = type(error).__name__
    log.warning("context provider %s %s: %s: %s", type(provider).__name__, what, kind, error)
    log.debug("the failure of %s", type(provider).__name__, exc_info=error)
