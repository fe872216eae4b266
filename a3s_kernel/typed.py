"""Cells that are prompts, on their way through IPython."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class TypedPrompts:
    """An input transformer that turns one announced cell into the call of `%%a3s`.

    Only the kernel's `do_execute` knows whether a person has typed a cell or a front end runs a
    hidden snippet; a transformer does not. So it is announced there. The history keeps the prompt
    as it was typed, and cells that run inside of the turn are ordinary Python again.
    """

    def __init__(self) -> None:
        self._announced: ContextVar[list[str] | None] = ContextVar("a3s_prompt", default=None)

    @contextmanager
    def announced(self, source: str | None) -> Iterator[None]:
        """What is transformed within the block, in its context, is this prompt until it `began`.

        None announces nothing.
        """
        token = self._announced.set(None if source is None else [source])
        try:
            yield
        finally:
            self._announced.reset(token)

    def began(self) -> None:
        """The announced cell is running now; for IPython's event `pre_execute`."""
        waiting = self._announced.get()
        if waiting:
            waiting.clear()  # in copies of the context, too

    def __call__(self, lines: list[str]) -> list[str]:
        """The lines of a cell, or the call they stand for."""
        waiting = self._announced.get()
        if not waiting:
            return lines
        text = waiting[0]  # not the lines: another transformer may have been at them
        prompt = text if text.endswith("\n") else f"{text}\n"
        return [f"get_ipython().run_cell_magic('a3s', '', {prompt!r})\n"]
