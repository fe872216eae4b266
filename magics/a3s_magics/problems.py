"""How a turn that went wrong ends its cell: one line, and a name that tells what happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import a3s_code
from a3s_code import A3SError, ExecutionError
from a3s_magics.record import without_keys

_LINE_CHARS = 400


class TurnCancelled(Exception):
    """The turn was cancelled or interrupted. What had arrived is on screen and in the history."""

    def _render_traceback_(self) -> list[str]:
        return [f"TurnCancelled: {self}"]


@contextmanager
def said_in_one_line() -> Iterator[None]:
    """Turn the library's complaints about input into IPython's `UsageError`: one line, no traceback.

    Failures of a turn (`ExecutionError`) pass: they have their own line and their own card.
    """
    from IPython.core.error import UsageError

    try:
        yield
    except ExecutionError:
        raise
    except A3SError as error:
        raise UsageError(_one_line(str(error))) from None


def said_in_full(text: str) -> bool:
    """Whether the line that ends a failed turn's cell tells all of the error."""
    return len(_one_line(text)) <= _LINE_CHARS


def failed_turn(kind: str, text: str) -> A3SError:
    """The library's error of that class, which IPython shows as a single line."""
    cls = getattr(a3s_code, kind, ExecutionError)
    if not (isinstance(cls, type) and issubclass(cls, A3SError)):
        cls = ExecutionError
    message = _one_line(text)
    error = cls(message.removeprefix(cls.prefix))
    if not said_in_full(text):
        message = f"{message[: _LINE_CHARS - 1]}…"
    # IPython asks the exception itself how it wants to be shown.
    error._render_traceback_ = lambda: [f"{cls.__name__}: {message}"]  # type: ignore[attr-defined]
    return error


def _one_line(text: str) -> str:
    return without_keys(" ".join(text.split()))
