"""What the Stop button means during a turn: the first press cancels, the second raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class TurnInterrupt:
    """A SIGINT handler for the length of a `with` block; the one before it comes back at the end.

    The first SIGINT calls what `on_press` was given, or is remembered until there is something to
    call, so that nothing is raised in the middle of a message being sent. The second one raises
    KeyboardInterrupt. Outside of the main thread (in a subshell) it does nothing, because signals
    arrive in the main thread only.
    """

    def __init__(self) -> None:
        self.presses = 0
        self._cancel: Callable[[], object] | None = None
        self._raise_at_once = False
        self._before: Any = None
        self._main = False

    @property
    def pressed(self) -> bool:
        """Whether Stop was pressed since the beginning."""
        return self.presses > 0

    def on_press(self, cancel: Callable[[], object]) -> None:
        """Call `cancel` at the first press; now, if that has already happened.

        It runs inside of a signal handler: it may do nothing that waits for a lock.
        """
        self._cancel = cancel
        if self.pressed:
            cancel()

    @contextmanager
    def raising(self) -> Iterator[None]:
        """While this block lasts even the first press raises: for a wait that only that can end."""
        self._raise_at_once = True
        try:
            yield
        finally:
            self._raise_at_once = False

    def __enter__(self) -> Self:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._main:
            # None: the handler before was not set from Python and cannot be set back by it.
            signal.signal(signal.SIGINT, self._before or signal.default_int_handler)

    def _handle(self, _signum: int, _frame: FrameType | None) -> None:
        self.presses += 1
        if self._raise_at_once or self.presses > 1:
            raise KeyboardInterrupt
        if self._cancel is not None:
            self._cancel()
