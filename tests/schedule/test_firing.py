"""Due prompts are sent after a prompt, one after another, and never by each other."""

from __future__ import annotations

import asyncio
import logging

import pytest

from a3s_code.errors import ModelUnreachable
from a3s_code.schedule.firing import Firing
from a3s_code.schedule.scheduler import Scheduler
from tests.schedule.clock import Clock


class Sender:
    """Notes what is sent, and does what the prompt says."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock)
        self.firing = Firing(self.scheduler, self.send)
        self.sent: list[str] = []
        self.nested: list[int] = []
        self.victim = ""

    async def send(self, prompt: str) -> None:
        self.sent.append(prompt)
        await asyncio.sleep(0)
        if prompt == "fail":
            raise ModelUnreachable("no route")
        if prompt == "cancel":
            self.scheduler.cancel(self.victim)
        self.clock.advance(100)  # everything is due again while a prompt runs
        self.nested.append(await self.firing.run())


def test_due_prompts_are_sent_once_each_in_order() -> None:
    sender = Sender()
    sender.scheduler.add("second", 20)
    sender.scheduler.add("first", 10)
    sender.clock.advance(20)
    assert asyncio.run(sender.firing.run()) == 2
    assert sender.sent == ["first", "second"]
    assert sender.nested == [0, 0]


def test_nothing_is_sent_while_nothing_is_due() -> None:
    sender = Sender()
    sender.scheduler.add("later", 10)
    assert asyncio.run(sender.firing.run()) == 0
    assert sender.sent == []


def test_a_failure_is_a_warning_and_the_task_stays(caplog: pytest.LogCaptureFixture) -> None:
    sender = Sender()
    task_id = sender.scheduler.add("fail", 10)
    sender.scheduler.add("after", 10)
    sender.clock.advance(10)
    with caplog.at_level(logging.WARNING, "a3s_code"):
        assert asyncio.run(sender.firing.run()) == 2
    assert sender.sent == ["fail", "after"]
    assert task_id in sender.scheduler
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert task_id in caplog.text
    assert "no route" in caplog.text


def test_a_task_cancelled_by_the_prompt_before_it_is_not_sent() -> None:
    sender = Sender()
    sender.scheduler.add("cancel", 10)
    sender.victim = sender.scheduler.add("victim", 10)
    sender.clock.advance(10)
    assert asyncio.run(sender.firing.run()) == 1
    assert sender.sent == ["cancel"]


def test_a_task_that_runs_once_is_sent() -> None:
    sender = Sender()
    sender.scheduler.add("once", 10, recurring=False)
    sender.clock.advance(10)
    assert asyncio.run(sender.firing.run()) == 1
    assert sender.sent == ["once"]


def test_a_cancelled_run_lets_the_next_one_fire() -> None:
    sender = Sender()

    async def interrupted() -> None:
        run = asyncio.create_task(sender.firing.run())
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        sender.clock.advance(10)
        assert await sender.firing.run() == 1

    sender.scheduler.add("a", 10)
    sender.clock.advance(10)
    asyncio.run(interrupted())
    assert sender.sent == ["a", "a"]
