"""An exception as text: what failed and where, without the frames of IPython."""

from __future__ import annotations

import traceback
from types import TracebackType

from IPython.core.error import UsageError

MAX_CHARS = 8000
_MACHINERY = ("interactiveshell.py", "run_code.py", "async_helpers.py")


def trace_of(error: BaseException) -> str:
    """The traceback as Python prints it, at most 8000 characters; its end, which tells most, stays.

    Of a `UsageError` the line that IPython shows: its frames are those of a magic.
    """
    from a3s_magics.record import without_keys  # not above: loading the extension is to be quick
    from a3s_magics.sanitise import terminal_text

    if isinstance(error, UsageError):
        lines = [f"UsageError: {error}"]
    else:
        lines = traceback.format_exception(type(error), error, _of_the_user(error.__traceback__))
    return tail(without_keys(terminal_text("".join(lines)).strip()), MAX_CHARS)


def tail(text: str, max_chars: int) -> str:
    """The end of the text, with a mark where something was cut off."""
    return text if len(text) <= max_chars else f"…{text[-max_chars:]}"


def head_and_tail(text: str, max_chars: int) -> str:
    """Beginning and end of the text, with a mark between them that says how much is missing."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _of_the_user(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename.endswith(_MACHINERY):
        trace = trace.tb_next
    return trace
