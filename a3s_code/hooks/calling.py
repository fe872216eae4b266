"""One call of a handler, whatever it does."""

from __future__ import annotations

import asyncio
from typing import Any

from a3s_code.hooks.registry import Handler
from a3s_code.tools.foreign import ForeignExit, call_foreign


class HandlerFailed(Exception):
    """A handler that raised, or did not answer in time; the text says which."""

    def __init__(self, problem: str, *, timed_out: bool = False) -> None:
        self.problem, self.timed_out = problem, timed_out
        super().__init__(problem)


async def call_handler(handler: Handler, message: dict[str, Any], timeout_ms: int) -> Any:
    """What the handler returned. Raises `HandlerFailed`."""
    limit = asyncio.timeout(timeout_ms / 1000)
    try:
        async with limit:
            return await call_foreign(handler, message)
    except ForeignExit as error:
        raise HandlerFailed(str(error)) from error
    except Exception as error:  # foreign code: whatever it raises is its failure, never ours
        if isinstance(error, TimeoutError) and limit.expired():
            problem = f"no answer within {timeout_ms} ms"
            raise HandlerFailed(problem, timed_out=True) from None
        kind = type(error).__name__
        raise HandlerFailed(f"{kind}: {error}" if str(error) else kind) from error
