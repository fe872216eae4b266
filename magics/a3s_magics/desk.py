"""Where the decisions of people arrive: cancel, approve, deny. Any thread may hand one in."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self


class Decides(Protocol):
    """The part of a session that a desk talks to."""

    def cancel(self) -> bool:
        """Stop what is running."""

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        """Answer a question; False when it is no longer open."""


class Desk:
    """Passes decisions on to the session, in a thread of its own.

    Handing in never waits: signal handlers and the UI lane may do it. `approved_tools` are the tools
    that were approved for the whole session; the set is the notebook's and outlives the turn.
    """

    def __init__(self, session: Decides, approved_tools: set[str]) -> None:
        self._session = session
        self.approved_tools = approved_tools
        self.cancelling = False
        self._inbox: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="a3s-desk", daemon=True)

    def cancel(self) -> None:
        """Stop the turn."""
        self.cancelling = True
        self._inbox.put(self._session.cancel)

    def approve(self, tool_id: str, tool: str, *, for_session: bool = False) -> None:
        """Let a call run; `for_session` also lets all later calls of the same tool run."""
        if for_session:
            self.approved_tools.add(tool)
        self._inbox.put(lambda: self._session.confirm_tool_use(tool_id, True))

    def deny(self, tool_id: str, reason: str | None = None) -> None:
        """Refuse a call; the model is told the reason."""
        why = (reason or "").strip() or None
        self._inbox.put(lambda: self._session.confirm_tool_use(tool_id, False, why))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inbox.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (decision := self._inbox.get()) is not None:
            decision()
