"""Who goes first when several lanes wait for the rate."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from a3s_code import AgentEvent, SessionQueueConfig
from a3s_code.config.model import PriorityBoostSettings
from a3s_code.lanes.boost import rank
from a3s_code.lanes.queue import LaneQueue
from tests.lanes.virtual_clock import run_at_once

ONE_AN_HOUR = {"limit_type": "per_hour", "max_operations": 1}


@pytest.mark.parametrize(
    ("strategy", "raised"),
    [
        ("standard", [0, 0, 1, 2, 3, 3]),
        ("aggressive", [0, 0, 2, 4, 6, 6]),
        ("disabled", [0] * 6),
    ],
)
def test_a_command_is_raised_as_its_deadline_comes_nearer(strategy: Any, raised: list[int]) -> None:
    """With 100, 76, 75, 50, 25 and less than no per cent of the time left."""
    boost = PriorityBoostSettings(strategy=strategy, deadline_ms=100_000)
    waited_s = [0, 24, 25, 50, 75, 200]
    assert [9 - rank(9, each, boost) for each in waited_s] == raised
    assert rank(2, 75, boost) == (2 if strategy == "disabled" else 0)


def test_without_a_boost_the_lane_decides() -> None:
    assert [rank(lane, 10**6, None) for lane in range(4)] == [0, 1, 2, 3]
    assert PriorityBoostSettings() == PriorityBoostSettings(
        strategy="standard", deadline_ms=300_000
    )


def order(*arrivals: tuple[str, float], **settings: Any) -> list[str]:
    """The lanes of commands in the order in which they start, one an hour; each at its time in s."""

    async def nobody(_events: list[AgentEvent]) -> None:
        """No one listens."""

    async def go() -> list[str]:
        config = SessionQueueConfig(rate_limit=ONE_AN_HOUR, **settings)
        queue = LaneQueue("s", config.settings())
        started: list[str] = []

        async def command(lane: str, at_s: float) -> None:
            await asyncio.sleep(at_s)
            async with queue.place(lane, nobody):
                started.append(lane)

        await asyncio.gather(*(command(lane, at_s) for lane, at_s in arrivals))
        return started

    return run_at_once(go())


def test_the_rate_lets_the_highest_lane_go_first() -> None:
    arrivals = [("execute", 0), ("generate", 1), ("execute", 2), ("query", 3), ("control", 4)]
    assert order(*arrivals) == ["execute", "control", "query", "execute", "generate"]


def test_who_has_waited_long_is_boosted() -> None:
    """After three quarters of its time a model call goes before a command that came later."""
    arrivals = [("query", 0), ("generate", 1), ("query", 2_000), ("query", 5_000)]
    assert order(*arrivals) == ["query", "query", "query", "generate"]
    boost = {"strategy": "standard", "deadline_ms": 3_600_000}
    assert order(*arrivals, priority_boost=boost) == ["query", "generate", "query", "query"]
