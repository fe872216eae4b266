"""Asking a person: the policy, and the questions that are open."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.permissions.lanes import LANES, Lane, lane_of

__all__ = [
    "LANES",
    "ConfirmationPolicy",
    "Decision",
    "Lane",
    "PendingConfirmations",
    "lane_of",
]


@dataclass(frozen=True, slots=True, init=False)
class ConfirmationPolicy:
    """Whether and how long a person is asked about calls that the permission policy leaves open.

    Not `enabled`: such calls run without asking. Tools of the `yolo_lanes` are never asked about.
    `timeout_action` is `reject` or `auto_approve`. Raises `InvalidArgument` for other values.
    """

    enabled: bool
    default_timeout_ms: int
    timeout_action: Literal["reject", "auto_approve"]
    yolo_lanes: frozenset[str]

    def __init__(
        self,
        enabled: bool = False,
        default_timeout_ms: int = 30_000,
        timeout_action: str = "reject",
        yolo_lanes: Iterable[str] | None = None,
    ) -> None:
        if type(default_timeout_ms) is not int or default_timeout_ms < 1:
            raise InvalidArgument(
                f"default_timeout_ms must be a whole number above 0, not {default_timeout_ms!r}"
            )
        if timeout_action not in ("reject", "auto_approve"):
            raise InvalidArgument(
                f"timeout_action must be reject or auto_approve, not {timeout_action!r}"
            )
        object.__setattr__(self, "enabled", bool(enabled))
        object.__setattr__(self, "default_timeout_ms", default_timeout_ms)
        object.__setattr__(self, "timeout_action", timeout_action)
        object.__setattr__(self, "yolo_lanes", _lanes(yolo_lanes))


def _lanes(given: Iterable[str] | None) -> frozenset[str]:
    lanes = frozenset(() if given is None else checks.texts("yolo_lanes", given))
    for lane in lanes:
        if lane not in LANES:
            raise InvalidArgument(
                f"Invalid lane '{lane}'. Must be: control, query, execute, or generate"
            )
    return lanes


@dataclass(frozen=True, slots=True)
class Decision:
    """How a question ended; `reason` is what the person said, if anything."""

    outcome: Literal["approved", "rejected", "timeout"]
    reason: str | None = None


@dataclass(eq=False, slots=True)
class _Question:
    tool_id: str
    tool_name: str
    args: dict[str, Any]
    deadline: float  # on the monotonic clock
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Decision]


class PendingConfirmations:
    """The open questions of one session.

    Asked on an event loop; answered, listed and cancelled from any thread. Each question ends
    exactly once: by an answer, by its timeout, or because nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[_Question] = []

    def request(
        self, tool_id: str, tool_name: str, args: Mapping[str, Any], timeout_ms: int
    ) -> Awaitable[Decision]:
        """Open a question at once; await the result for the decision. Needs a running loop."""
        loop = asyncio.get_running_loop()
        question = _Question(
            tool_id=tool_id,
            tool_name=tool_name,
            args=dict(args),
            deadline=time.monotonic() + timeout_ms / 1000,
            loop=loop,
            future=loop.create_future(),
        )
        with self._lock:
            self._open.append(question)
        timer = loop.call_later(timeout_ms / 1000, self._expire, question)

        def ended(_future: asyncio.Future[Decision]) -> None:
            timer.cancel()
            self._take(lambda other: other is question)

        question.future.add_done_callback(ended)
        return question.future

    def answer(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        """Answer the oldest open question of this id; False when there is none."""
        taken = self._take(lambda question: question.tool_id == tool_id)
        outcome: Literal["approved", "rejected"] = "approved" if approved else "rejected"
        return any(_deliver(question, Decision(outcome, reason)) for question in taken)

    def pending(self) -> list[dict[str, Any]]:
        """The open questions, oldest first: `tool_id`, `tool_name`, `args`, `remaining_ms`."""
        now = time.monotonic()
        with self._lock:
            return [
                {
                    "tool_id": question.tool_id,
                    "tool_name": question.tool_name,
                    "args": dict(question.args),
                    "remaining_ms": max(0, round((question.deadline - now) * 1000)),
                }
                for question in self._open
            ]

    def cancel_all(self, reason: str = "The confirmation was cancelled") -> int:
        """Reject every open question; how many there were."""
        taken = self._take(lambda _question: True, most=None)
        return sum(_deliver(question, Decision("rejected", reason)) for question in taken)

    def _expire(self, question: _Question) -> None:
        if self._take(lambda other: other is question):
            _settle(question, Decision("timeout"))

    def _take(self, wanted: Callable[[_Question], bool], most: int | None = 1) -> list[_Question]:
        """Remove open questions; whoever gets one from here is the only one to end it."""
        with self._lock:
            taken = [question for question in self._open if wanted(question)][:most]
            self._open = [question for question in self._open if question not in taken]
        return taken


def _deliver(question: _Question, decision: Decision) -> bool:
    """Hand a decision over to the question's loop; False when that loop is closed."""
    try:
        question.loop.call_soon_threadsafe(_settle, question, decision)
    except RuntimeError:
        return False
    return True


def _settle(question: _Question, decision: Decision) -> None:
    if not question.future.done():
        question.future.set_result(decision)
